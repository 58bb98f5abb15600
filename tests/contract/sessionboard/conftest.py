"""A fake of Sessionboard's API, and the source that reads it over HTTP."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import httpx
import pytest

from adapters.http_client.retries import RetryPolicy
from adapters.sessionboard.client import Limits
from adapters.sessionboard.source import SessionboardSources
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.kinds import ALL, KINDS
from core.domain.tenancy.secrets import Token
from ports.source import Source, SourceError, SourceIncomplete
from tests.contract.sessionboard.fake_api import TOKEN, FakeApi

R = TypeVar("R")
HASTE = RetryPolicy(first_delay=0.0001, max_delay=0.001, jitter=0.0001, max_retry_after=0.01)


@pytest.fixture
def api() -> FakeApi:
    return FakeApi(events=[{"id": 1, "name": "PyCon", "timezone": "Europe/Paris"}])


@pytest.fixture
def sources(api: FakeApi) -> SessionboardSources:
    return SessionboardSources(
        transport=lambda: httpx.MockTransport(api), policy=HASTE, limits=Limits(body=2**20, headers=4096)
    )


@pytest.fixture
async def source(sources: SessionboardSources) -> AsyncIterator[Source]:
    async with sources.open("https://api.example.com", Token(TOKEN)) as source:
        yield source


async def all_rows(pages: AsyncIterator[Sequence[R]]) -> list[R]:
    return [row async for page in pages for row in page]


async def rows_before(
    error: type[SourceError], pages: AsyncIterator[Sequence[R]]
) -> tuple[list[R], SourceError]:
    """Return the rows of a list that ends in an error, and the error."""
    rows: list[R] = []

    async def read() -> None:
        async for page in pages:
            rows.extend(page)

    with pytest.raises(error) as caught:
        await read()
    return rows, caught.value


async def incomplete_rows(pages: AsyncIterator[Sequence[R]]) -> tuple[list[R], str]:
    """Return the rows of an incomplete list, and its error's text."""
    rows, error = await rows_before(SourceIncomplete, pages)
    return rows, str(error)


def feed_named(name: str) -> Feed[SourceRow]:
    return next(feed for feed in KINDS.feeds_in(ALL) if feed.name == name)
