"""The host names of the application; under any other, a foreign page could impersonate it."""

import re
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.http.problems import MEDIA_TYPE, Problem

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
UNKNOWN = Problem(
    HTTPStatus.BAD_REQUEST,
    "unknown_host",
    "This program is not served under this host name. The operator can set its own with GLEANIN_SYNC_PUBLIC_URL.",
)
_HOST = re.compile(r"([^\[\]:]+|\[[^\[\]]+\])(?::[0-9]*)?")


class KnownHosts:
    """Refuses other host names, except for the paths of health probes, which may use any name or address."""

    def __init__(self, app: ASGIApp, public_url: str | None, probed: Collection[str]) -> None:
        self._app = app
        self._hosts = LOCAL_HOSTS | _host_of(public_url)
        self._probed = probed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._probed or self._knows(scope):
            await self._app(scope, receive, send)
            return
        response = JSONResponse(UNKNOWN.document, UNKNOWN.status, media_type=MEDIA_TYPE)
        await response(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        host = _HOST.fullmatch(Headers(scope=scope).get("host", ""))
        return host is not None and host[1].lower() in self._hosts


def _host_of(url: str | None) -> frozenset[str]:
    host = urlsplit(url).hostname if url else None
    if not host:
        return frozenset()
    return frozenset({f"[{host}]" if ":" in host else host})
