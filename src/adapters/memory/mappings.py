"""Event mappings, their schedules and their unchanged markers, in memory."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import ConnectionId, DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.runs.fair_queue import ContinuousMapping, DueMapping
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import EventMapping, EventPair
from ports.store.errors import UniqueConstraint, UniqueViolation


class InMemoryMappings:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.mappings
        self._store = store

    async def add(self, mapping: EventMapping) -> None:
        check(
            holds=mapping.id not in self._rows
            and mapping.organization_id in self._store.organizations
            and mapping.connection_id in self._store.connections
        )
        await self._put(mapping)

    async def update(self, mapping: EventMapping) -> None:
        check(holds=mapping.id in self._rows)
        await self._put(mapping)

    async def _put(self, mapping: EventMapping) -> None:
        others = [row for row in self._rows.values() if row.reserves_events and row.id != mapping.id]
        if mapping.reserves_events and any(row.events.shares_source(mapping.events) for row in others):
            raise UniqueViolation(UniqueConstraint.SOURCE_EVENT)
        if mapping.reserves_events and any(row.events.shares_destination(mapping.events) for row in others):
            raise UniqueViolation(UniqueConstraint.DESTINATION_EVENT)
        self._rows[mapping.id] = mapping

    async def get(self, mapping_id: MappingId) -> EventMapping | None:
        return self._rows.get(mapping_id)

    async def list_by_events(
        self,
        source_url: str,
        source_ids: Collection[SourceEventId],
        destination_ids: Collection[DestinationEventId],
    ) -> Sequence[EventMapping]:
        pairs = [EventPair(source_url, source_id, DestinationEventId("")) for source_id in source_ids]
        return [
            row
            for row in self._rows.values()
            if row.reserves_events
            and (
                row.events.destination_id in destination_ids
                or any(row.events.shares_source(pair) for pair in pairs)
            )
        ]

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        return [row for row in self._rows.values() if row.organization_id == organization_id]

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[EventMapping]:
        return [row for row in self._rows.values() if row.connection_id == connection_id]

    async def list_active(self, organization_id: OrganizationId | None = None) -> Sequence[EventMapping]:
        return [
            row
            for row in self._rows.values()
            if row.is_active and organization_id in (None, row.organization_id)
        ]


class InMemorySchedules:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.schedules
        self._mappings = store.mappings
        self._runs = store.runs
        self._store = store

    async def get(self, mapping_id: MappingId) -> Schedule | None:
        return self._rows.get(mapping_id)

    async def save(self, schedule: Schedule) -> None:
        check(holds=schedule.mapping_id in self._mappings)
        self._rows[schedule.mapping_id] = schedule

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[Schedule]:
        mapping_ids = (row.id for row in self._mappings.values() if row.connection_id == connection_id)
        return [self._rows[mapping_id] for mapping_id in mapping_ids if mapping_id in self._rows]

    async def list_for_open_connections(
        self, organization_id: OrganizationId | None = None
    ) -> Sequence[tuple[OrganizationId, Schedule]]:
        return [
            (mapping.organization_id, self._rows[mapping.id])
            for mapping in self._mappings.values()
            if mapping.id in self._rows
            and not mapping.connection_ended
            and organization_id in (None, mapping.organization_id)
        ]

    async def find_halt(self, organization_id: OrganizationId) -> Halt | None:
        schedules = await self.list_for_open_connections(organization_id)
        halts = [schedule.halt for _, schedule in schedules if schedule.halt]
        return min(halts, key=lambda halt: halt.since, default=None)

    async def find_destination(
        self, organization_id: OrganizationId
    ) -> tuple[ExternalSystem, Halt | None] | None:
        for connection in self._store.connections.values():
            if connection.organization_id == organization_id and connection.is_open:
                return connection.destination, await self.find_halt(organization_id)
        return None

    async def list_due(self, now: datetime, max_per_organization: int, limit: int) -> Sequence[DueMapping]:
        due = [
            DueMapping(row.id, row.organization_id, self._due_at(row))
            for row in self._mappings.values()
            if self._is_due(row, now)
        ]
        chosen, counts = list[DueMapping](), Counter[OrganizationId]()
        for mapping in sorted(due, key=lambda mapping: mapping.due_at):
            counts[mapping.organization_id] += 1
            if counts[mapping.organization_id] <= max_per_organization:
                chosen.append(mapping)
        return chosen[:limit]

    async def begin_check(self, mapping_id: MappingId, owner: str, now: datetime, until: datetime) -> bool:
        _, held_until = self._store.checks.get(mapping_id, ("", now))
        if mapping_id not in self._rows or held_until > now:
            return False
        self._store.checks[mapping_id] = owner, until
        return True

    async def renew_check(self, mapping_id: MappingId, owner: str, until: datetime) -> bool:
        if self._store.checks.get(mapping_id, ("", until))[0] != owner:
            return False
        self._store.checks[mapping_id] = owner, until
        return True

    async def end_check(self, mapping_id: MappingId, owner: str | None = None) -> bool:
        held_by, _ = self._store.checks.get(mapping_id, (None, None))
        if held_by is None or owner not in (None, held_by):
            return False
        del self._store.checks[mapping_id]
        return True

    async def list_continuous(self) -> Sequence[ContinuousMapping]:
        mappings = [row for row in self._mappings.values() if row.is_continuous]
        pairs = [(row, self._rows.get(row.id)) for row in mappings]
        return [
            ContinuousMapping(
                row.id,
                row.organization_id,
                self._due_at(row),
                waits_for_settings=not row.settings_saved,
                has_failed=schedule is not None and schedule.has_failed,
                is_halted=schedule is not None and schedule.is_halted,
            )
            for row, schedule in pairs
        ]

    def _is_due(self, mapping: EventMapping, now: datetime) -> bool:
        schedule = self._rows.get(mapping.id)
        is_ready = mapping.is_continuous and mapping.settings_saved
        return is_ready and (schedule is None or schedule.is_due(now))

    def _due_at(self, mapping: EventMapping) -> datetime:
        schedule = self._rows.get(mapping.id)
        return mapping.created_at if schedule is None else schedule.due_at


class InMemoryUnchangedMarkers:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.unchanged_markers
        self._runs = store.runs

    async def get(self, mapping_id: MappingId) -> UnchangedMarker | None:
        return self._rows.get(mapping_id)

    async def save(self, marker: UnchangedMarker) -> None:
        run = self._runs.get(marker.run_id)
        check(holds=run is not None and run.mapping_id == marker.mapping_id)
        self._rows[marker.mapping_id] = marker

    async def remove(self, mapping_id: MappingId) -> None:
        self._rows.pop(mapping_id, None)
