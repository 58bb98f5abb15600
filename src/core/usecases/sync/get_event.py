"""Show an event as the source has it, and, if it is mapped, what a sync would do with each record."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from core.domain.errors import NotFound, require, validate_id
from core.domain.ids import OrganizationId, SourceEventId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.kinds import ALL, KINDS
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.runs.messages import not_all_read
from core.domain.runs.stop_reasons import StopCause, StopReason
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.shared.credentials import unseal
from core.usecases.sync.error_mapping import SyncStopped, stop_on_error
from core.usecases.sync.preview import Plan, plan_of
from core.usecases.sync.systems import SystemAccess
from ports.clock import Clock
from ports.source import Source, SourceEventGone, SourceIncomplete, SourceUnavailable

R = TypeVar("R", bound=SourceRow)


@dataclass(frozen=True, slots=True)
class EventView:
    event: SourceEvent
    read_at: datetime
    rows_by_feed: Mapping[str, Sequence[SourceRow]]
    """All rows of the event, by the feed's name."""
    mapping: EventMapping | None = None
    plan: Plan | None = None
    """What a sync would do; None if the event is not mapped or a sync would stop."""
    stop: StopReason | None = None
    """Why a sync would stop before its first write."""
    shortfalls: Sequence[str] = ()
    """What could not be read of the event, in sentences (rule 34)."""

    def rows(self, feed: Feed[R]) -> Sequence[R | Unreadable]:
        """Return the rows of one feed."""
        return cast("Sequence[R | Unreadable]", self.rows_by_feed.get(feed.name, ()))


@dataclass(frozen=True, slots=True)
class GetEvent:
    access: SystemAccess
    clock: Clock

    async def __call__(self, organization_id: OrganizationId, event_id: SourceEventId) -> EventView:
        """Read the event live.

        Raises:
            NotFound: there is no such event.
            SourceError: the source refused us or cannot be reached; trouble with the destination stands in `stop`.
        """
        async with self.access.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            validate_id(f"{organization.source} event", event_id)
            mappings = await unit.mappings.list_by_organization(organization_id)
        mapping = next(
            (mapping for mapping in mappings if mapping.is_active and mapping.events.source_id == event_id),
            None,
        )
        now, rows = self.clock.now(), _Rows()
        plan, stop = await self._planned(mapping, rows, now) if mapping else (None, None)
        event = rows.event
        if event is None or not rows.are_all:
            access = unseal(self.access.cipher, organization.source_access)
            sources = self.access.sources.named(organization.source.identifier)
            # Open once: the time limit covers all requests together.
            async with sources.open(access) as source:
                event = event or await self._event(source, event_id, organization.source)
                if not rows.are_all:
                    rows = await self._alone(source, event_id)
        shortfalls = [not_all_read(shortfall) for shortfall in rows.shortfalls]
        return EventView(event, now, rows.by_feed, mapping, plan, stop, shortfalls)

    async def _planned(
        self, mapping: EventMapping, rows: "_Rows", now: datetime
    ) -> tuple[Plan | None, StopReason | None]:
        _, credentials = await self.access.of(mapping.id)
        planned = plan_of(
            self.access, mapping, credentials, ALL, now, watched=lambda source: _Watched(source, rows)
        )
        try:
            return await stop_on_error(planned, mapping), None
        except SyncStopped as stopped:
            if stopped.stop.by is StopCause.INTERRUPTION:
                raise
            if isinstance(stopped.__cause__, SourceUnavailable):
                raise stopped.__cause__ from None  # asking again now would wait twice
            return None, stopped.stop

    @staticmethod
    async def _event(source: Source, event_id: SourceEventId, system: ExternalSystem) -> SourceEvent:
        try:
            return await source.event(event_id)
        except SourceEventGone:
            raise NotFound(f"{system} event", event_id) from None

    @staticmethod
    async def _alone(source: Source, event_id: SourceEventId) -> "_Rows":
        """Read the event's rows from the source only."""
        rows = _Rows()
        watched = _Watched(source, rows)
        for feed in KINDS.feeds_in(ALL):
            with suppress(SourceIncomplete):
                async for _ in watched.records(event_id, feed):
                    pass
        return rows


@dataclass(slots=True)
class _Rows:
    event: SourceEvent | None = None
    by_feed: dict[str, list[Any]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    """Names of the feeds that were read completely."""
    shortfalls: list[str] = field(default_factory=list)

    def of(self, feed: Feed[R]) -> list[R | Unreadable]:
        """Return the rows of a feed that were read so far."""
        return self.by_feed.setdefault(feed.name, [])

    @property
    def are_all(self) -> bool:
        return {feed.name for feed in KINDS.feeds_in(ALL)} <= self.read


@dataclass(frozen=True, slots=True)
class _Watched:
    """A source that keeps a copy of what is read from it."""

    source: Source
    rows: _Rows

    async def events(self) -> Sequence[SourceEvent]:
        return await self.source.events()

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        self.rows.event = await self.source.event(event_id)
        return self.rows.event

    async def records(
        self, event_id: SourceEventId, feed: Feed[R]
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        rows = self.rows.of(feed)
        try:
            async for page in self.source.records(event_id, feed):
                rows.extend(page)
                yield page
        except SourceIncomplete as error:
            self.rows.shortfalls.append(str(error))
            self.rows.read.add(feed.name)
            raise
        self.rows.read.add(feed.name)

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        return await self.source.has_changed(event_id, since)
