"""Sessionboard's public API, read through its searches, and never with one request per record."""

from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from adapters.http_client.address_rules import check_base_url
from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.parsing import ParsingLane, parsing_threads
from adapters.http_client.retries import RetryPolicy
from adapters.http_client.transport import HardenedTransport
from adapters.sessionboard.client import Limits, SessionboardClient, headers_with
from adapters.sessionboard.lists import OLDEST_FIRST, PARALLEL, SessionboardLists, event_path
from adapters.sessionboard.parsing import (
    EVENT_SCHEMA,
    SCHEMAS,
    PluginSchema,
    RowSchema,
    has_rows,
)
from adapters.sessionboard.system import SESSIONBOARD
from core.domain.ids import SourceEventId
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
    parallel: int = PARALLEL
    readers: Mapping[str, FeedReader] = field(default_factory=dict)
    """How feeds are read that other kinds bring, by the feed's name."""

    @property
    def lists(self) -> SessionboardLists:
        return SessionboardLists(self.client, self.parallel)

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
            async for page in self.lists.read(EVENT_SCHEMA, "events", "GET", "v1/events", None):
                rows += page
        except SourceIncomplete as incomplete:
            return rows, incomplete
        return rows, None

    def records(self, event_id: SourceEventId, feed: Feed[Row]) -> AsyncIterator[Sequence[Row | Unreadable]]:
        if feed.name in SCHEMAS:
            path = f"{event_path(event_id)}/{feed.name}"
            return self.lists.read(SCHEMAS[feed.name], feed.name, "POST", path, SEARCHES[feed.name])
        reader = self.readers.get(feed.name)
        if reader is None:
            return _no_rows()  # the feed is one of other sources
        path, search = f"{event_path(event_id)}/{reader.path}", {"sort": OLDEST_FIRST, **reader.query}
        schema = cast("RowSchema[Any, Row]", PluginSchema(reader))
        return self.lists.read(schema, feed.name, "POST", path, search)

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        changed = {"filters": {"updatedAt": {"after": instant_text(since)}}}
        first_row = {"page": 1, "pageSize": 1}
        try:
            for search, more in (("sessions", {"expand": ["linked_sources"]}), ("speakers", {})):
                path = f"{event_path(event_id)}/{search}"
                if await self.client.read("POST", path, first_row, changed | more, has_rows):
                    return True
        except SourceUnavailable:
            raise
        except SourceError:  # reading everything will report what is wrong
            return True
        return False


@dataclass(frozen=True, slots=True)
class SessionboardSources:
    allow_private: bool = False
    transport: OpenTransport = HardenedTransport
    policy: RetryPolicy = field(default_factory=lambda: RetryPolicy(read_timeout=120))  # pages are small
    limits: Limits = field(default_factory=Limits)
    parallel: int = PARALLEL
    threads: Executor = field(default_factory=parsing_threads)
    """Shared by all organizations, for parsing large responses."""
    readers: Mapping[str, FeedReader] = field(default_factory=dict)

    @property
    def system(self) -> ExternalSystem:
        return SESSIONBOARD

    def normalize_url(self, url: str) -> str:
        return check_base_url(url, allow_private=True)

    def open(self, url: str, token: Token) -> AbstractAsyncContextManager[Source]:
        return self._opened(self._checked(url), token)

    def open_client(self, url: str, token: Token) -> AbstractAsyncContextManager[SessionboardClient]:
        """Open the connections to the API.

        Raises:
            InvalidInput: the URL is invalid or not allowed.
        """
        return self._connected(self._checked(url), token)

    def _checked(self, url: str) -> str:
        return check_base_url(url, allow_private=self.allow_private)

    @asynccontextmanager
    async def _opened(self, address: str, token: Token) -> AsyncIterator[Source]:
        async with self._connected(address, token) as client:
            yield SessionboardSource(client, self.parallel, self.readers)

    @asynccontextmanager
    async def _connected(self, address: str, token: Token) -> AsyncIterator[SessionboardClient]:
        async with self.transport() as transport:
            http = HttpClient(transport, address, "Sessionboard", headers_with(token), self.policy.started())
            yield SessionboardClient(http, ParsingLane(self.threads), self.limits)


async def _no_rows() -> AsyncIterator[Sequence[Any]]:
    """Yield nothing."""
    nothing: tuple[Sequence[Any], ...] = ()
    for page in nothing:
        yield page
