"""A server with prepared responses, and the production client that calls it."""

import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web

from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.concurrency_limit import AdaptiveLimit
from adapters.http_client.retries import RetryPolicy
from adapters.http_client.transport import HardenedTransport

MIB = 2**20
QUICK = RetryPolicy(first_delay=0.001, max_delay=0.01, jitter=0.001, max_attempts=3)


@dataclass
class Server:
    """Sends the same response to every request, unless a function replaces it."""

    url: str = ""
    body: bytes = b'{"data": []}'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        if self.answer is not None:
            return await self.answer(request)
        return web.Response(body=self.body, status=self.status, headers=self.headers)


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server, application = Server(), web.Application()
    application.router.add_route("*", "/{path:.*}", server.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


def over_network() -> httpx.AsyncBaseTransport:
    return HardenedTransport(allow_private=True)


@asynccontextmanager
async def client_of(
    url: str = "https://api.example.org",
    transport: OpenTransport = over_network,
    policy: RetryPolicy = QUICK,
    limit: AdaptiveLimit | None = None,
    **options: Any,
) -> AsyncIterator[HttpClient]:
    async with transport() as opened:
        yield HttpClient(opened, url, "Example", {"X-Key": "s3cr3t"}, policy.started(), limit, **options)


@contextmanager
def little_memory(most: int = 60 * MIB) -> Iterator[None]:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < most


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
