"""A size limit for every request, security headers for every response, and metrics.

Plain ASGI, because middleware that buffers would hold back streams.
"""

import time
from http import HTTPStatus

from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.http.problems import MEDIA_TYPE, Problem
from ports.log import EventLog

MAX_BODY_BYTES = 64 * 1024
"""Requests contain at most a token and some names."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Portal addresses must not be sent to the sites that portal pages link to.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_TRANSPORT = "max-age=31536000"

REQUESTS = Counter("gleanin_sync_http_requests_total", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram(
    "gleanin_sync_http_request_seconds",
    "Seconds until an answer began.",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10),
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLimits:
    def __init__(self, app: ASGIApp, log: EventLog, *, is_https: bool) -> None:
        self._app = app
        self._log = log
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        body = _LimitedBody(receive)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(scope, message)
                _count(scope, message["status"], time.perf_counter() - started)
                body.is_answered = True
            await send(message)

        async def send_from_app(message: Message) -> None:
            # Drop the application's response to a body that was cut off.
            if body.is_answered or not body.is_too_large:
                await send_with_headers(message)

        declared = Request(scope).headers.get("content-length", "0")
        if not declared.isascii() or not declared.isdecimal() or int(declared[:19]) > MAX_BODY_BYTES:
            await _send_too_large(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, body.receive, send_from_app)
        except Exception as error:  # noqa: BLE001 - the last handler; a response was already sent
            # A client that disconnected is not an internal error.
            if not body.is_too_large and not isinstance(error, ClientDisconnect):
                self._log.fault("http.fault", error)
        if body.is_too_large and not body.is_answered:
            await _send_too_large(scope, receive, send_with_headers)

    def _add_headers(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self._is_https:
            headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        if not scope["path"].startswith("/static/"):
            headers["Cache-Control"] = "no-store"


class _TooLarge(Exception):
    pass


class _LimitedBody:
    """A request body, counted as it is received: the declared length may be wrong."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self.is_answered = False

    @property
    def is_too_large(self) -> bool:
        return self._size > MAX_BODY_BYTES

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self.is_too_large:
            raise _TooLarge
        return message


async def _send_too_large(scope: Scope, receive: Receive, send: Send) -> None:
    problem = Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"A request can have at most {MAX_BODY_BYTES} bytes.",
    )
    response = JSONResponse(problem.document, problem.status, media_type=MEDIA_TYPE)
    await response(scope, receive, send)


def _count(scope: Scope, status: int, seconds: float) -> None:
    # The route, not the path: routes are few, but clients can request any number of paths.
    route = getattr(scope.get("route"), "path", None)
    label = "none" if route is None else scope.get("root_path", "") + route
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(method, label, str(status)).inc()
    SECONDS.labels(label).observe(seconds)
