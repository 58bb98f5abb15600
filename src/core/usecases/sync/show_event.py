"""Show an event as Sessionboard has it, and, where it is mapped, what a sync would do with each record."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from core.domain.errors import NotFound, require, validate_id
from core.domain.ids import OrganizationId, SourceEventId
from core.domain.records.kinds import Scope
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.runs.messages import not_all_read
from core.domain.runs.stop_reasons import StopCause, StopReason
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.systems import SESSIONBOARD
from core.usecases.sync.error_mapping import SyncStopped, stop_on_error
from core.usecases.sync.preview import Plan, plan_of
from core.usecases.sync.systems import SystemAccess
from ports.clock import Clock
from ports.source import Source, SourceEventGone, SourceIncomplete, SourceUnavailable


@dataclass(frozen=True, slots=True)
class EventView:
    event: SourceEvent
    read_at: datetime
    sessions: Sequence[Session | Unreadable]
    exhibitors: Sequence[Exhibitor | Unreadable]
    mapping: EventMapping | None = None
    plan: Plan | None = None
    """What a sync would do; None for an event that is not mapped, and where a sync would stop."""
    stop: StopReason | None = None
    """Why a sync would stop before its first write."""
    shortfalls: Sequence[str] = ()
    """What could not be read of the event, in sentences (rule 34)."""


@dataclass(frozen=True, slots=True)
class ShowEvent:
    access: SystemAccess
    clock: Clock

    async def __call__(self, organization_id: OrganizationId, event_id: SourceEventId) -> EventView:
        """Read the event live.

        Raises:
            NotFound: there is no such event.
            SourceError: Sessionboard refused us or cannot be reached. Trouble with Gleanin is told in `stop`.
        """
        validate_id(f"{SESSIONBOARD} event", event_id)
        async with self.access.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            mappings = await unit.mappings.list_by_organization(organization_id)
        mapping = next(
            (each for each in mappings if each.is_active and each.events.sessionboard_id == event_id), None
        )
        now, rows = self.clock.now(), _Rows()
        plan, stop = await self._planned(mapping, rows, now) if mapping else (None, None)
        event = rows.event
        if event is None or not rows.are_all:
            access = self.access.cipher.unseal(organization.sessionboard_token)
            # Opened once: the time limit is for all requests together.
            async with self.access.sources.open(organization.sessionboard_url, access) as source:
                event = event or await self._event(source, event_id)
                if not rows.are_all:
                    rows = await self._alone(source, event_id)
        shortfalls = [not_all_read(each) for each in rows.shortfalls]
        return EventView(event, now, rows.sessions, rows.exhibitors, mapping, plan, stop, shortfalls)

    async def _planned(
        self, mapping: EventMapping, rows: "_Rows", now: datetime
    ) -> tuple[Plan | None, StopReason | None]:
        _, tokens = await self.access.of(mapping.id)
        planned = plan_of(
            self.access, mapping, tokens, Scope.ALL, now, watched=lambda source: _Watched(source, rows)
        )
        try:
            return await stop_on_error(planned, mapping), None
        except SyncStopped as stopped:
            if stopped.stop.by is StopCause.INTERRUPTION:
                raise
            if isinstance(stopped.__cause__, SourceUnavailable):
                raise stopped.__cause__ from None  # asked again at once, it would be waited for twice
            return None, stopped.stop

    @staticmethod
    async def _event(source: Source, event_id: SourceEventId) -> SourceEvent:
        try:
            return await source.event(event_id)
        except SourceEventGone:
            raise NotFound(f"{SESSIONBOARD} event", event_id) from None

    @staticmethod
    async def _alone(source: Source, event_id: SourceEventId) -> "_Rows":
        """Read the event's rows without a thought of Gleanin."""
        rows = _Rows()
        watched = _Watched(source, rows)
        for rows_of in (watched.sessions, watched.exhibitors):
            with suppress(SourceIncomplete):
                async for _ in rows_of(event_id):
                    pass
        return rows


@dataclass(slots=True)
class _Rows:
    event: SourceEvent | None = None
    sessions: list[Session | Unreadable] = field(default_factory=list)
    exhibitors: list[Exhibitor | Unreadable] = field(default_factory=list)
    read: set[Scope] = field(default_factory=set)
    shortfalls: list[str] = field(default_factory=list)

    @property
    def are_all(self) -> bool:
        return {Scope.AGENDA, Scope.EXHIBITORS} <= self.read


@dataclass(frozen=True, slots=True)
class _Watched:
    """A source of which is kept what somebody else reads from it."""

    source: Source
    rows: _Rows

    async def events(self) -> Sequence[SourceEvent]:
        return await self.source.events()

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        self.rows.event = await self.source.event(event_id)
        return self.rows.event

    async def sessions(self, event_id: SourceEventId) -> AsyncIterator[Sequence[Session | Unreadable]]:
        with self._read(Scope.AGENDA):
            async for page in self.source.sessions(event_id):
                self.rows.sessions.extend(page)
                yield page

    async def exhibitors(self, event_id: SourceEventId) -> AsyncIterator[Sequence[Exhibitor | Unreadable]]:
        with self._read(Scope.EXHIBITORS):
            async for page in self.source.exhibitors(event_id):
                self.rows.exhibitors.extend(page)
                yield page

    @contextmanager
    def _read(self, scope: Scope) -> Iterator[None]:
        try:
            yield
        except SourceIncomplete as error:
            self.rows.shortfalls.append(str(error))
            self.rows.read.add(scope)
            raise
        self.rows.read.add(scope)

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        return await self.source.has_changed(event_id, since)
