"""A source in memory, with rows of any feed: edit its lists to edit the programme."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.domain.errors import NothingToProbe
from core.domain.ids import SourceEventId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from ports.probe import Finding
from ports.source import Source, SourceError, SourceEventGone, SourceIncomplete

MEMORY = ExternalSystem("memory", "Memory")
PAGE_SIZE = 3


@dataclass(slots=True)
class EventRows:
    """An event with its rows, by the feed's name."""

    event: SourceEvent
    rows: dict[str, list[Any]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    """The feeds that announce more rows than they return."""

    def put(self, feed: Feed[Any], *rows: SourceRow | Unreadable) -> None:
        """Replace the rows of a feed."""
        self.rows[feed.name] = [*rows]


@dataclass(slots=True)
class MemorySource:
    """The opener and the opened source at once."""

    programmes: dict[SourceEventId, EventRows] = field(default_factory=dict)
    error: SourceError | None = None
    """Raised by every read, until it is None again."""
    system: ExternalSystem = MEMORY

    def add(self, event: SourceEvent) -> EventRows:
        programme = self.programmes[event.id] = EventRows(event)
        return programme

    @property
    def requirements(self) -> AccessRequirements:
        return AccessRequirements(self.system)

    def normalize_url(self, url: str) -> str:
        return url

    def open(self, *_access: object) -> AbstractAsyncContextManager[Source]:
        return nullcontext(self)

    async def probe(self, *_access: object) -> Sequence[Finding]:
        raise NothingToProbe(self.system)

    async def events(self) -> Sequence[SourceEvent]:
        self._check_error()
        return [programme.event for programme in self.programmes.values()]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        return self._programme(event_id).event

    async def records(self, event_id: SourceEventId, feed: Feed[Any]) -> AsyncIterator[Sequence[Any]]:
        programme = self._programme(event_id)
        rows = programme.rows.get(feed.name, [])
        for start in range(0, len(rows), PAGE_SIZE):
            yield rows[start : start + PAGE_SIZE]
        if feed.name in programme.missing:
            raise SourceIncomplete(f"There are more {feed.name} than those that were returned.")

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        """Return True always: reading it is cheap."""
        self._check_error()
        return True

    def _programme(self, event_id: SourceEventId) -> EventRows:
        self._check_error()
        try:
            return self.programmes[event_id]
        except KeyError as error:
            raise SourceEventGone(f"There is no event {event_id!r:.60}.") from error

    def _check_error(self) -> None:
        if self.error is not None:
            raise self.error
