"""The application: the JSON API, the pages and the endpoints for operators."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from core.domain.access.accounts import SESSION_LIFETIME
from entrypoints.container import Container
from entrypoints.http import health, webhooks
from entrypoints.http.api.app import api
from entrypoints.http.capacity import RequestCapacity
from entrypoints.http.fair_shares import FairShares
from entrypoints.http.link_change_previews import LinkChangePreviews
from entrypoints.http.link_previews import LinkPreviews
from entrypoints.http.middleware.head_requests import HeadRequests
from entrypoints.http.middleware.known_hosts import KnownHosts
from entrypoints.http.middleware.limits import RequestLimits
from entrypoints.http.pages.app import add_pages
from entrypoints.http.pages.events.plugin_page import page_of
from entrypoints.http.pages.events.record_page import RECORD_PAGES
from entrypoints.http.run_watchers import RunWatchers
from entrypoints.http.single_flight import SingleFlight
from entrypoints.http.snapshots import EventViews, Previews

COOKIE = "gleanin_sync"
HERE = Path(__file__).parent


def application(container: Container) -> ASGIApp:
    """Build the application; the container must stay open while it is served."""

    @asynccontextmanager
    async def run_jobs(_: FastAPI) -> AsyncIterator[None]:
        async with container.jobs().working():
            yield

    settings = container.settings()
    is_https = (settings.public_url or "").startswith("https:")
    app = FastAPI(title="gleanin-sync", lifespan=run_jobs, openapi_url=None, docs_url=None, redoc_url=None)
    json_api = api(version("gleanin-sync"))
    capacity = RequestCapacity()
    app.state.event_views = EventViews(SingleFlight(capacity))
    app.state.link_change_previews = LinkChangePreviews(SingleFlight(capacity))
    json_api.state.previews = Previews(SingleFlight(capacity))
    json_api.state.link_previews = LinkPreviews(SingleFlight(capacity))
    run_watchers = RunWatchers(settings.max_connections // 2)
    requests = FairShares(settings.max_connections * 3 // 4)
    for part in (app, json_api):
        part.state.container, part.state.requests = container, requests
        part.state.run_watchers, part.state.capacity = run_watchers, capacity
    app.mount("/api/v1", json_api)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.include_router(health.routes)
    app.include_router(webhooks.routes)
    add_pages(app)
    for kind in container.plugins().guarded_kinds():
        if kind.page_label:
            RECORD_PAGES.register(page_of(kind))
    if settings.offers_openid:
        _add_openid(app, container)
    app.add_middleware(
        SessionMiddleware,
        secret_key=container.cookie_secret(),
        session_cookie=f"__Host-{COOKIE}" if is_https else COOKIE,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        same_site="lax",
        https_only=is_https,
    )
    known_hosts = KnownHosts(app, settings.public_url, health.PATHS)
    # The limits are outermost, so that they apply to every response.
    return HeadRequests(RequestLimits(known_hosts, container.log(), is_https=is_https))


def _add_openid(app: FastAPI, container: Container) -> None:
    """Add OpenID Connect sign-in. Imported here because its library loads slowly and few installations need it."""
    from entrypoints.http.openid_client import OpenIdProvider
    from entrypoints.http.pages.access import openid

    app.state.openid = OpenIdProvider(container.settings(), container.openid_transport())
    app.include_router(openid.routes)
