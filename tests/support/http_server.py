"""The real application, served over HTTP by a thread of this process, with a database file."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

import uvicorn

from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.http.app import application
from entrypoints.http.connections import ServerLimits
from entrypoints.http.server import Server, ServerConfig
from entrypoints.settings import Settings
from tests.support.timeouts import WITHIN, join

T = TypeVar("T")
STOPPED_WITHIN = 3
"""Seconds."""


@dataclass
class Running:
    """An application that is being served, and its container."""

    url: str
    container: Container
    loop: asyncio.AbstractEventLoop
    server: uvicorn.Server

    def ask(self, use: Callable[[Container], Awaitable[T]]) -> T:
        """Run something in the application's event loop, beside its requests."""

        async def call() -> T:
            return await use(self.container)

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(WITHIN)

    def shut_down(self) -> None:
        """Ask the server to end, as a signal does."""
        self.server.should_exit = True


@dataclass
class _Thread:
    settings: Settings
    listener: socket.socket
    running: list[Running] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again by `serving`
            self.failed.append(error)
        finally:
            self.ready.set()

    async def _serve(self) -> None:
        async with opened(self.settings) as container:
            limits = ServerLimits()
            server = Server(ServerConfig(application(container), limits, seconds_to_end=STOPPED_WITHIN))
            url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
            self.running.append(Running(url, container, asyncio.get_running_loop(), server))
            serving = asyncio.ensure_future(server._serve([self.listener]))
            while not (server.started or serving.done()):  # noqa: ASYNC110 - uvicorn only sets an attribute
                await asyncio.sleep(0.01)
            self.ready.set()
            await serving


@contextmanager
def serving(settings: Settings) -> Iterator[Running]:
    """Serve the application on a free port until the block ends."""
    # asyncio sets TCP_NODELAY only where the protocol is named; without it, responses are delayed.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        inside = _Thread(settings, listener)
        thread = threading.Thread(target=inside.run, name="application", daemon=True)
        thread.start()
        assert inside.ready.wait(WITHIN), "the application is not served"
        try:
            if inside.failed:
                raise inside.failed[0]
            yield inside.running[0]
        finally:
            for served in inside.running:
                with suppress(RuntimeError):  # its loop is closed already
                    served.loop.call_soon_threadsafe(served.shut_down)
            join(thread)
    if inside.failed:
        raise inside.failed[0]
