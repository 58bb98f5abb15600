"""uvicorn with what it leaves to a proxy: time limits for requests and limits on connections.

uvicorn closes idle keep-alive connections and nothing else: an incomplete head, an incomplete body or a response
that is not read would stay forever. Its `limit_concurrency` counts those too, and then refuses every request.
"""

import asyncio
import socket
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import h11
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from entrypoints.http.connections import CUT, NO_BODY, NO_HEAD, NOT_READ, OpenConnections, ServerLimits

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn._types import ASGI3Application

BACKLOG = 2048
"""Connections that the system queues until they are accepted."""
ACCEPT_BATCH = 32
"""Connections that asyncio accepts in a row; without free file descriptors it logs an error for each of them."""
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 21\r\n\r\nToo many connections."
)


class ServerConfig(uvicorn.Config):
    def __init__(self, app: "ASGIApp", limits: ServerLimits, *, seconds_to_end: int) -> None:
        super().__init__(
            app,
            http=ServerConnection,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=ACCEPT_BATCH,
            timeout_graceful_shutdown=seconds_to_end,
        )
        # A trusted proxy has the connections of many clients.
        proxies = ProxyHeadersMiddleware(
            cast("ASGI3Application", app), self.forwarded_allow_ips
        ).trusted_hosts
        self.open = OpenConnections(limits, lambda host: host in proxies)


class Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)  # restore the system's queue; only the batch for accepting is smaller


class _Stage(Enum):
    """What a connection is waiting for."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()


class ServerConnection(H11Protocol):
    """A connection whose client must send head and body, and read the response, within time limits."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(config, ServerConfig)
        self._open = config.open
        self._limits = config.open.limits
        self._is_refused = False
        self._stage: tuple[_Stage, object] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        peer = transport.get_extra_info("peername")
        if not self._open.admit(self, peer[0] if isinstance(peer, tuple) else None):
            self._is_refused = True
            self.transport = transport
            transport.write(_FULL)
            transport.close()
            return
        super().connection_made(transport)
        self._follow()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.leave(self)
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        super().data_received(data)
        self._follow()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._follow()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self._limits.stalled_seconds, self._cut, NOT_READ)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def make_room(self) -> None:
        self.transport.abort()

    def _follow(self) -> None:
        """Set the deadline of the current stage if the stage has changed."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:  # type: ignore[redundant-expr] # None at first
            stage = _Stage.HEAD
        else:
            stage = _Stage.BODY if cycle.more_body else _Stage.ANSWER
        if self._stage == (stage, cycle):
            return
        self._stage = (stage, cycle)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if stage is _Stage.HEAD:
            self._open.mark_waiting(self)
        else:
            self._open.mark_busy(self)
        if stage is not _Stage.ANSWER:
            too_late = self._no_head if stage is _Stage.HEAD else self._no_body
            self._deadline = self.loop.call_later(self._limits.request_seconds, too_late)

    def _no_head(self) -> None:
        if self.transport.get_write_buffer_size():
            # The client is still reading the previous response.
            self._cut_later()
            return
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            CUT.labels(NO_HEAD).inc()
            self._answer_too_late()
        else:
            self.transport.close()
        self._cut_later()

    def _no_body(self) -> None:
        CUT.labels(NO_BODY).inc()
        cycle = self.cycle
        if cycle.response_started:
            self.transport.abort()
            return
        # Tell the application that the client has disconnected, and drop its response.
        cycle.disconnected = True
        cycle.message_event.set()
        self._answer_too_late()
        self._cut_later()

    def _answer_too_late(self) -> None:
        status, text = HTTPStatus.REQUEST_TIMEOUT, b"The request was not completed in time."
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(text)).encode()),
            (b"connection", b"close"),
        ]
        events = (
            h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
            h11.Data(data=text),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def _cut_later(self) -> None:
        self._deadline = self.loop.call_later(self._limits.stalled_seconds, self._cut, NOT_READ)

    def _cut(self, why: str) -> None:
        CUT.labels(why).inc()
        self.transport.abort()
