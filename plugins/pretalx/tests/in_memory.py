"""A server in memory behind the product's HTTP client."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gleanin_sync_pretalx.client import PretalxClient
from gleanin_sync_testkit.wire import Answer, Request, Wire

URL = "https://pretalx.example.org/api"


@asynccontextmanager
async def client_of(respond: Callable[[Request], Answer]) -> AsyncIterator[PretalxClient]:
    async with Wire(respond).open_http()(URL, {}) as http:
        yield PretalxClient(http)


def page(*rows: object, count: int | None = None, next_link: str | None = None) -> Answer:
    return Answer({"count": len(rows) if count is None else count, "next": next_link, "results": [*rows]})
