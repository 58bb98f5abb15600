"""The whole of it: the JSON API, the pages and what operators ask for, as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from core.domain.access.accounts import SIGN_IN_LASTS
from entrypoints.container import Container
from entrypoints.http import health, webhooks
from entrypoints.http.api.app import api
from entrypoints.http.capacity import RequestCapacity
from entrypoints.http.fair_shares import FairShares
from entrypoints.http.middleware.head_requests import HeadRequests
from entrypoints.http.middleware.known_hosts import KnownHosts
from entrypoints.http.middleware.limits import RequestLimits
from entrypoints.http.pages.app import add_pages
from entrypoints.http.run_watchers import RunWatchers
from entrypoints.http.single_flight import SingleFlight
from entrypoints.http.snapshots import EventViews, Previews

COOKIE = "gleanin_sync"
HERE = Path(__file__).parent


def application(container: Container) -> ASGIApp:
    """Build the application over a container that is open for as long as it is served."""

    @asynccontextmanager
    async def beside(_: FastAPI) -> AsyncIterator[None]:
        async with container.jobs().working():
            yield

    settings = container.settings()
    is_https = (settings.public_url or "").startswith("https:")
    app = FastAPI(title="gleanin-sync", lifespan=beside, openapi_url=None, docs_url=None, redoc_url=None)
    machine = api(version("gleanin-sync"))
    places = RequestCapacity()
    app.state.event_views, machine.state.previews = (
        EventViews(SingleFlight(places)),
        Previews(SingleFlight(places)),
    )
    most = settings.max_connections
    followers, requests = RunWatchers(most // 2), FairShares(most * 3 // 4)
    for each in (app, machine):
        each.state.container, each.state.requests = container, requests
        each.state.followers, each.state.places = followers, places
    app.mount("/api/v1", machine)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.include_router(health.routes)
    app.include_router(webhooks.routes)
    add_pages(app)
    if settings.offers_openid:
        _add_openid(app, container)
    app.add_middleware(
        SessionMiddleware,
        secret_key=container.cookie_secret(),
        session_cookie=f"__Host-{COOKIE}" if is_https else COOKIE,
        max_age=int(SIGN_IN_LASTS.total_seconds()),
        same_site="lax",
        https_only=is_https,
    )
    known = KnownHosts(app, settings.public_url, health.PATHS)
    # Around everything, so that nothing leaves past it.
    return HeadRequests(RequestLimits(known, container.log(), is_https=is_https))


def _add_openid(app: FastAPI, container: Container) -> None:
    """Add the company's own sign-in: its library takes long to import, and most installations have none."""
    from entrypoints.http.openid_client import OpenIdProvider
    from entrypoints.http.pages.access import openid

    app.state.openid = OpenIdProvider(container.settings(), container.openid_transport())
    app.include_router(openid.routes)
