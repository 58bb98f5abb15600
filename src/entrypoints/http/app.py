"""The whole of it: the JSON API, the pages and what operators ask for, as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from core.domain.accounts import SIGN_IN_LASTS
from entrypoints.container import Container
from entrypoints.http import hooks, operations
from entrypoints.http.api.app import api
from entrypoints.http.guards import Guards
from entrypoints.http.pages.app import add_pages
from entrypoints.http.snapshots import EventViews, Previews

COOKIE = "gleanin_sync"
HERE = Path(__file__).parent
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


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
    for each in (app, machine):
        each.state.container = container
        each.state.previews = Previews()
        each.state.event_views = EventViews()
    app.mount("/api/v1", machine)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.include_router(operations.routes)
    app.include_router(hooks.routes)
    add_pages(app)
    app.add_middleware(
        SessionMiddleware,
        secret_key=container.cookie_secret(),
        session_cookie=f"__Host-{COOKIE}" if is_https else COOKIE,
        max_age=int(SIGN_IN_LASTS.total_seconds()),
        same_site="lax",
        https_only=is_https,
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_hosts(settings.public_url), www_redirect=False)
    # Around everything, so that nothing leaves past it.
    return Guards(app, is_https=is_https)


def _hosts(public_url: str | None) -> list[str]:
    """List the host names that a request may ask: another one would be somebody else's page that poses as ours."""
    own = urlsplit(public_url).hostname if public_url else None
    return [*LOCAL_HOSTS, *([own] if own else [])]
