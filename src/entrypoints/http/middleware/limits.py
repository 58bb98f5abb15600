"""What every request passes: a limit to its size, headers that keep browsers strict, a count of it.

Plain ASGI, for a stream must not be held back.
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

LARGEST_BODY = 64 * 1024
"""Bytes: nothing that people or programs send here is larger than a token and some names."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Portal addresses must not travel to where their links lead.
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
        limited = _Limited(receive)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(scope, message)
                _count(scope, message["status"], time.perf_counter() - started)
                limited.is_answered = True
            await send(message)

        async def told_by_the_app(message: Message) -> None:
            # What it makes of a body that was cut off is no answer.
            if limited.is_answered or not limited.is_over:
                await told(message)

        declared = Request(scope).headers.get("content-length", "0")
        if not declared.isascii() or not declared.isdecimal() or int(declared[:19]) > LARGEST_BODY:
            await _too_large(scope, receive, told)
            return
        try:
            await self._app(scope, limited.receive, told_by_the_app)
        except Exception as error:  # noqa: BLE001 - the last door; the answer was sent behind it
            # Whoever went away is left without an answer, and that is no fault of this program.
            if not limited.is_over and not isinstance(error, ClientDisconnect):
                self._log.fault("http.fault", error)
        if limited.is_over and not limited.is_answered:
            await _too_large(scope, receive, told)

    def _complete(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self._is_https:
            headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        if not scope["path"].startswith("/static/"):
            headers["Cache-Control"] = "no-store"


class _TooLarge(Exception):
    pass


class _Limited:
    """A request's body, as far as it may go: what it says of its length need not be true."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self.is_answered = False

    @property
    def is_over(self) -> bool:
        return self._size > LARGEST_BODY

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self.is_over:
            raise _TooLarge
        return message


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    problem = Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"A request has at most {LARGEST_BODY} bytes."
    )
    response = JSONResponse(problem.document, problem.status, media_type=MEDIA_TYPE)
    await response(scope, receive, send)


def _count(scope: Scope, status: int, seconds: float) -> None:
    # The route and not the path: there are few of the one, and of the other as many as somebody cares to ask for.
    route = getattr(scope.get("route"), "path", None)
    label = "none" if route is None else scope.get("root_path", "") + route
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(method, label, str(status)).inc()
    SECONDS.labels(label).observe(seconds)
