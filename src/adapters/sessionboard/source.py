"""Sessionboard's public API, read through its searches, and never with one request per record."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import quote

from adapters.http_client.address_rules import check_base_url
from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.parsing import ParsingLane, parsing_threads
from adapters.http_client.retries import RetryPolicy
from adapters.http_client.transport import HardenedTransport
from adapters.sessionboard.client import Limits, SessionboardClient
from adapters.sessionboard.pages import ListReader
from adapters.sessionboard.parsing import (
    EVENT_SCHEMA,
    SCHEMAS,
    PageRead,
    PluginSchema,
    RowSchema,
    WrongShape,
    cut_page,
    has_rows,
    read_cut,
)
from adapters.sessionboard.system import SESSIONBOARD
from adapters.sessionboard.tally import SINGLE, RowPosition, RowTally
from core.domain.ids import SourceEventId, SourceId
from core.domain.instants import instant_text
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.systems import ExternalSystem
from core.domain.tenancy.secrets import Token
from ports.plugins import FeedReader
from ports.source import (
    Source,
    SourceError,
    SourceEventGone,
    SourceIncomplete,
    SourceUnavailable,
    SourceUnreadable,
)

MAX_READS = 2
"""How often a list is read at most: it may be edited while it is read (rule 34)."""
# Sorted by creation: sorted by change, rows would move between pages while they are read.
OLDEST_FIRST = {"order": "createdAt", "sort": "asc"}
SEARCHES: Mapping[str, Mapping[str, object]] = {
    # Without `expand`, sources of compositions would be missing silently instead of being skipped.
    "sessions": {"sort": OLDEST_FIRST, "expand": ["linked_sources"]},
    "exhibitors": {"sort": OLDEST_FIRST},
}
"""The bodies of the searches, by the name of the feed."""

R = TypeVar("R")
Row = TypeVar("Row", bound=SourceRow)


@dataclass(frozen=True, slots=True)
class SessionboardSource:
    client: SessionboardClient
    parallel: int = 5
    """Pages in flight or waiting to be consumed; this bounds the memory."""
    readers: Mapping[str, FeedReader] = field(default_factory=dict)
    """How feeds are read that other kinds bring, by the feed's name."""

    async def events(self) -> Sequence[SourceEvent]:
        rows, _ = await self._events()
        return [event for event in rows if isinstance(event, SourceEvent)]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        rows, incomplete = await self._events()
        for event in rows:
            if isinstance(event, SourceEvent) and event.id == event_id:
                return event
        # It may be among the rows that are missing or cannot be read.
        if incomplete:
            raise incomplete
        unreadable = [row for row in rows if isinstance(row, Unreadable)]
        if unreadable:
            row = next((row for row in unreadable if str(row.id) == event_id), unreadable[0])
            others = "" if str(row.id) == event_id else f" No other row is event {event_id!r:.60}."
            raise SourceUnreadable(
                f"Sessionboard's event {row.label!r:.60} cannot be read: {row.problem}{others}"
            )
        raise SourceEventGone(
            f"Sessionboard has no event {event_id!r:.60}, or the token has no access to it."
        )

    async def _events(self) -> tuple[list[SourceEvent | Unreadable], SourceIncomplete | None]:
        rows: list[SourceEvent | Unreadable] = []
        try:
            async for page in self._list(EVENT_SCHEMA, "events", "GET", "v1/events", None):
                rows += page
        except SourceIncomplete as incomplete:
            return rows, incomplete
        return rows, None

    def records(self, event_id: SourceEventId, feed: Feed[Row]) -> AsyncIterator[Sequence[Row | Unreadable]]:
        if feed.name in SCHEMAS:
            path = f"{_path(event_id)}/{feed.name}"
            return self._list(SCHEMAS[feed.name], feed.name, "POST", path, SEARCHES[feed.name])
        reader = self.readers.get(feed.name)
        if reader is None:
            return _no_rows()  # the feed is one of other sources
        path, search = f"{_path(event_id)}/{reader.path}", {"sort": OLDEST_FIRST, **reader.query}
        schema = cast("RowSchema[Any, Row]", PluginSchema(reader))
        return self._list(schema, feed.name, "POST", path, search)

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        changed = {"filters": {"updatedAt": {"after": instant_text(since)}}}
        first_row = {"page": 1, "pageSize": 1}
        try:
            for search, more in (("sessions", {"expand": ["linked_sources"]}), ("speakers", {})):
                path = f"{_path(event_id)}/{search}"
                if await self.client.read("POST", path, first_row, changed | more, has_rows):
                    return True
        except SourceUnavailable:
            raise
        except SourceError:  # reading everything will report what is wrong
            return True
        return False

    async def _list(
        self, schema: RowSchema[Any, R], words: str, method: str, path: str, body: object
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        """Read all pages, and once more if they do not add up, skipping rows that were already returned.

        Raises:
            SourceIncomplete: the second read does not add up either.
        """

        def read(position: RowPosition) -> asyncio.Task[PageRead[R]]:
            # The first page shows whether the event exists; a later page may vanish when rows are removed.
            is_first = position.rows_before == 0

            def read_whole(content: bytes) -> PageRead[R]:
                page = schema.read_page(content, position.size)
                if is_first and page.is_foreign:
                    raise WrongShape(_foreign(words, page))
                return page

            def read_beginning(content: bytearray, excess: str) -> PageRead[R] | None:
                row, totals = read_cut(content, position.size)
                if position.size > SINGLE:
                    return None
                return cut_page(row, totals, f"The row {excess}.", f"Row {position.number:,} of the {words}")

            params = {"page": position.number, "pageSize": position.size}
            request = self.client.read(
                method, path, params, body, read_whole, announced=is_first, read_cut=read_beginning
            )
            return asyncio.create_task(request)

        known: set[SourceId] = set()
        fault = ""
        for _ in range(MAX_READS):
            tally = RowTally(words)
            async with aclosing(ListReader(read, self.parallel, tally).pages()) as pages:
                async for page in pages:
                    if new := page.take_new(known):
                        yield new
            fault = tally.fault
            if not fault:
                return
        raise SourceIncomplete(fault)


@dataclass(frozen=True, slots=True)
class SessionboardSources:
    allow_private: bool = False
    transport: OpenTransport = HardenedTransport
    policy: RetryPolicy = field(default_factory=lambda: RetryPolicy(read_timeout=120))  # pages are small
    limits: Limits = field(default_factory=Limits)
    parallel: int = 5
    threads: Executor = field(default_factory=parsing_threads)
    """Shared by all organizations, for parsing large responses."""
    readers: Mapping[str, FeedReader] = field(default_factory=dict)

    @property
    def system(self) -> ExternalSystem:
        return SESSIONBOARD

    def normalize_url(self, url: str) -> str:
        return check_base_url(url, allow_private=True)

    def open(self, url: str, token: Token) -> AbstractAsyncContextManager[Source]:
        return self._opened(check_base_url(url, allow_private=self.allow_private), token)

    @asynccontextmanager
    async def _opened(self, address: str, token: Token) -> AsyncIterator[Source]:
        headers = {
            "X-Access-Token": token.value,
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        async with self.transport() as transport:
            http = HttpClient(transport, address, "Sessionboard", headers, self.policy.started())
            yield SessionboardSource(
                SessionboardClient(http, ParsingLane(self.threads), self.limits),
                self.parallel,
                self.readers,
            )


async def _no_rows() -> AsyncIterator[Sequence[Any]]:
    """Yield nothing."""
    nothing: tuple[Sequence[Any], ...] = ()
    for page in nothing:
        yield page


def _foreign(words: str, page: PageRead[Any]) -> str:
    problem = next(record.problem for record in page.records if isinstance(record, Unreadable))
    return f"a list of {len(page.ids)} {words}, none of which can be read (the first: {problem[:-1]})"


def _path(event_id: SourceEventId) -> str:
    segment = quote(event_id, safe="")
    if segment.strip(".") == "":
        raise SourceEventGone("An event's id cannot be empty.")
    return f"v1/event/{segment}"
