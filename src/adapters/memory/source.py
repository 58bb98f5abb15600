"""A source with its events in memory, which fails on request."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from adapters.http_client.address_rules import check_base_url
from core.domain.errors import NothingToProbe
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed, SourceRow
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials
from ports.clock import Clock
from ports.probe import Finding
from ports.source import (
    Source,
    SourceError,
    SourceEventGone,
    SourceIncomplete,
    SourceMissing,
    SourceRefused,
    SourceUnavailable,
)

R = TypeVar("R", bound=SourceRow)

SESSIONBOARD = ExternalSystem("sessionboard", "Sessionboard")


@dataclass(slots=True)
class InMemoryProgramme:
    """An event with its records; edit the lists to edit the event."""

    event: SourceEvent
    sessions: list[Session | Unreadable] = field(default_factory=list)
    exhibitors: list[Exhibitor | Unreadable] = field(default_factory=list)
    seen: dict[SourceId, tuple[Session | Unreadable, datetime]] = field(default_factory=dict)
    """Each session as it was last seen, and when it last changed."""
    missing_sessions: int = 0
    """So many sessions at the end of the list are counted but not returned (rule 34)."""
    missing_exhibitors: int = 0
    further: dict[str, list[Any]] = field(default_factory=dict)
    """The rows of other feeds, by the feed's name."""
    further_missing: dict[str, int] = field(default_factory=dict)

    def rows_of(self, feed: Feed[R]) -> tuple[list[Any], int]:
        """Return the rows of a feed, and how many of them are counted but not returned."""
        lists: dict[str, list[Any]] = {SESSIONS.name: self.sessions, EXHIBITORS.name: self.exhibitors}
        missing = {SESSIONS.name: self.missing_sessions, EXHIBITORS.name: self.missing_exhibitors}
        rows = lists | self.further
        return rows.get(feed.name, []), (missing | self.further_missing).get(feed.name, 0)

    def look(self, now: datetime) -> None:
        for row in self.sessions:
            if row.id not in self.seen or self.seen[row.id][0] != row:
                self.seen[row.id] = row, now


@dataclass(slots=True)
class InMemorySource:
    programmes: dict[SourceEventId, InMemoryProgramme] = field(default_factory=dict)
    page_size: int = 100
    error: SourceError | None = None
    """Raised by every read, until it is set to None again."""
    clock: Clock | None = None
    """Without a clock it cannot detect changes."""
    pages_before_error: int = 0
    """How many pages of a list are returned before `error` is raised."""

    def put(
        self,
        event: SourceEvent,
        sessions: Iterable[Session | Unreadable] = (),
        exhibitors: Iterable[Exhibitor | Unreadable] = (),
    ) -> InMemoryProgramme:
        programme = self.programmes[event.id] = InMemoryProgramme(event, list(sessions), list(exhibitors))
        return programme

    def remove(self, event_id: SourceEventId) -> None:
        del self.programmes[event_id]

    async def events(self) -> Sequence[SourceEvent]:
        if self.error:
            raise self.error
        return [programme.event for programme in self.programmes.values()]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        if self.error:
            raise self.error
        return self._programme(event_id).event

    async def records(
        self, event_id: SourceEventId, feed: Feed[R]
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        if feed.reports_changes:
            self._look(event_id)
        rows, missing = self._programme(event_id).rows_of(feed)
        async for page in self._pages(feed.name, rows, missing):
            yield page

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        if isinstance(self.error, SourceUnavailable):
            raise self.error
        if self.error or self.clock is None or event_id not in self.programmes:
            return True  # the full read that follows then fails with the reason
        self._look(event_id)
        programme = self.programmes[event_id]
        return any(programme.seen[row.id][1] >= since for row in programme.sessions)

    def _look(self, event_id: SourceEventId) -> None:
        """Note the sessions that were edited since the last look."""
        if self.clock is not None:
            self._programme(event_id).look(self.clock.now())

    async def _pages(self, plural: str, rows: Sequence[R], missing: int) -> AsyncIterator[Sequence[R]]:
        if self.error and not self.pages_before_error:
            raise self.error
        present = rows[: max(0, len(rows) - missing)]
        for start in range(0, len(present), self.page_size):
            if self.error and start // self.page_size >= self.pages_before_error:
                raise self.error
            yield present[start : start + self.page_size]
        if missing:
            total = max(len(rows), missing)
            raise SourceIncomplete(
                f"Sessionboard reports {total:,} {plural} but returned {len(present) or 'none'}."
            )

    def _programme(self, event_id: SourceEventId) -> InMemoryProgramme:
        try:
            return self.programmes[event_id]
        except KeyError as error:
            raise SourceEventGone(f"Sessionboard has no event {event_id!r:.60}.") from error


@dataclass(slots=True)
class InMemorySources:
    source: InMemorySource = field(default_factory=InMemorySource)
    tokens: set[str] | None = None
    """The tokens that are accepted; None accepts any."""
    system: ExternalSystem = SESSIONBOARD

    def named(self, identifier: str) -> "InMemorySources":
        if identifier != self.system.identifier:
            raise SourceMissing(f"There is no source {identifier!r}.")
        return self

    @property
    def requirements(self) -> AccessRequirements:
        return AccessRequirements(self.system)

    def normalize_url(self, url: str) -> str:
        return check_base_url(url, allow_private=True)

    def open(self, credentials: SystemCredentials) -> AbstractAsyncContextManager[Source]:
        self.normalize_url(credentials.url)
        if self.tokens is not None and credentials.token.value not in self.tokens:
            refused = SourceRefused("Sessionboard refused the token (401).")
            return nullcontext(InMemorySource(error=refused))
        return nullcontext(self.source)

    async def probe(self, credentials: SystemCredentials) -> Sequence[Finding]:
        del credentials
        raise NothingToProbe(self.system)
