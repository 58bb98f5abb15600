"""Reads from a source, and turns what is raised into words for the author."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.domain.errors import InvalidInput
from core.domain.ids import SourceEventId
from core.domain.records.feeds import Feed
from core.domain.records.source_records import Unreadable
from gleanin_sync_testkit.source.record_checks import problems_of
from ports.source import Source, SourceError

SECONDS = 30
"""How long one reading may take; nothing is waited for."""


@dataclass(slots=True)
class Reading:
    """What a source returned, and the error with which it ended."""

    words: str
    rows: list[Any] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    """The number of rows of each page."""
    error: SourceError | None = None

    @property
    def ids(self) -> list[str]:
        return [row.id for row in self.rows]

    @property
    def complete(self) -> list[Any]:
        """The rows; the reading must not have ended with an error."""
        assert self.error is None, (
            f"{self.words} ended with {described(self.error)}, although nothing was wrong."
        )
        return self.rows

    def failed(self, *allowed: type[SourceError], why: str) -> SourceError:
        """Return the error; there must be one, of one of these types."""
        assert self.error is not None, (
            f"{self.words} ended quietly with {len(self.rows)} rows, although {why}. "
            f"Raise {' or '.join(kind.__name__ for kind in allowed)}."
        )
        assert isinstance(self.error, allowed), (
            f"{self.words} ended with {described(self.error)}, although {why}. "
            f"Raise {' or '.join(kind.__name__ for kind in allowed)}."
        )
        return self.error


def described(error: BaseException) -> str:
    return f"{type(error).__name__} ({error!s:.200})"


async def read_records(source: Source, event_id: str, feed: Feed[Any]) -> Reading:
    """Read a feed to its end, or to its error."""
    reading = Reading(f"records({event_id!r:.40}, {feed.name})")

    async def read() -> None:
        pages: AsyncIterator[Sequence[Any]] = source.records(SourceEventId(event_id), feed)
        async for page in pages:
            for row in page:
                _check_row(reading.words, row, feed)
            reading.pages.append(len(page))
            reading.rows.extend(page)

    reading.error = await error_of(reading.words, read())
    return reading


async def read_events(source: Source) -> Reading:
    reading = Reading("events()")

    async def read() -> None:
        reading.rows.extend(await source.events())

    reading.error = await error_of(reading.words, read())
    return reading


async def read_event(source: Source, event_id: str) -> Reading:
    """Read one event; it is the only row."""
    reading = Reading(f"event({event_id!r:.40})")

    async def read() -> None:
        reading.rows.append(await source.event(SourceEventId(event_id)))

    reading.error = await error_of(reading.words, read())
    return reading


async def error_of(words: str, work: Coroutine[Any, Any, None]) -> SourceError | None:
    """Return the error of the port with which something ended; any other fails the test."""
    try:
        async with asyncio.timeout(SECONDS):
            await work
    except SourceError as error:
        return error
    except TimeoutError:
        pytest.fail(f"{words} took more than {SECONDS} seconds.")
    except InvalidInput:
        raise
    except Exception as error:
        if isinstance(error, AssertionError):
            raise
        message = f"{words} raised {described(error)}. Raise the errors of ports.source only."
        raise AssertionError(message) from error
    return None


def _check_row(words: str, row: object, feed: Feed[Any]) -> None:
    assert isinstance(row, (feed.row, Unreadable)), (
        f"{words} returned {row!r:.100}. Return {feed.row.__name__} or Unreadable."
    )
    problems = [*problems_of(row)]
    assert not problems, f"{words} returned {row!r:.200}, but its {'; its '.join(problems)}."


Operation = Callable[[Source], Coroutine[Any, Any, Reading]]
