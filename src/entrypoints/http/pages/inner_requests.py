"""Loading one of our pages inside another request, as the browser would get it."""

from urllib.parse import unquote

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Scope

from entrypoints.http.pages.local_urls import is_local

MAX_REDIRECTS = 3
_FORM_HEADERS = (b"content-", b"transfer-encoding", b"hx-")


async def load_page(request: Request, url: str) -> str | None:
    """Return the HTML of one of our pages, for the same session; None if it cannot be shown."""
    for _ in range(1 + MAX_REDIRECTS):
        response = _ResponseRecorder()
        try:
            await request.app.router(_scope(request, url), _disconnected, response.send)
        except HTTPException:  # no such page
            return None
        location = response.headers.get("location", "")
        if not (300 <= response.status < 400 and is_local(location)):  # noqa: PLR2004 - redirects
            return response.body.decode() if response.is_page and response.status == 200 else None  # noqa: PLR2004
        url = location.partition("#")[0]
    return None


class _ResponseRecorder:
    def __init__(self) -> None:
        self.status = 0
        self.headers = Headers()
        self.is_page = False
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], Headers(raw=message["headers"])
            self.is_page = self.headers.get("content-type", "").startswith("text/html")
        elif self.is_page:
            self.body += message.get("body", b"")


def _scope(request: Request, url: str) -> Scope:
    path, _, query = url.partition("?")
    headers = [header for header in request.headers.raw if not header[0].lower().startswith(_FORM_HEADERS)]
    scope = {
        key: value for key, value in request.scope.items() if key not in {"path_params", "route", "endpoint"}
    }
    return {
        **scope,
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }


async def _disconnected() -> Message:
    # There is no client to stream events to, so such a response ends immediately.
    return {"type": "http.disconnect"}
