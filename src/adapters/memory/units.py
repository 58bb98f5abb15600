"""Units of work in memory, with what the database ones promise: undone without commit, one writer at a time.

Longer than other files, for it is all of a small database: six tables that look into one another.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.domain.email import same_mailbox
from core.domain.identifiers import (
    ConnectionId,
    GleaninEventId,
    MappingId,
    OrganizationId,
    RunId,
    SessionboardEventId,
    SourceId,
)
from core.domain.kinds import RecordKind
from core.domain.mappings import EventMapping, EventPair
from core.domain.organizations import Connection, Organization
from core.domain.outcomes import Outcome, RecordOutcome
from core.domain.runs import Progress, RunState, SyncRun
from core.domain.synced import UNCONFIRMED, ShareLink, SyncedRecord
from ports.persistence import HistoryEntry, PersistenceError, Place, Standing, Taken, Unique

_ONE_OF_EACH = {RunState.RUNNING: Unique.RUNNING_RUN, RunState.QUEUED: Unique.QUEUED_RUN}


@dataclass(slots=True)
class _Kept:
    """All that is remembered. Rows are frozen, so that a copy of the dicts is a copy of everything."""

    organizations: dict[OrganizationId, Organization] = field(default_factory=dict)
    connections: dict[ConnectionId, Connection] = field(default_factory=dict)
    mappings: dict[MappingId, EventMapping] = field(default_factory=dict)
    runs: dict[RunId, SyncRun] = field(default_factory=dict)
    synced: dict[tuple[OrganizationId, GleaninEventId, str], dict[SourceId, SyncedRecord]] = field(
        default_factory=dict
    )
    """By place and name of the kind; the inner dicts are replaced, never changed."""
    outcomes: dict[RunId, dict[tuple[str, SourceId], RecordOutcome]] = field(default_factory=dict)
    """The inner dicts are replaced, never changed."""

    def copy(self) -> "_Kept":
        return _Kept(
            dict(self.organizations),
            dict(self.connections),
            dict(self.mappings),
            dict(self.runs),
            dict(self.synced),
            dict(self.outcomes),
        )


def _check(*, there: bool) -> None:
    """Stand in for the databases' foreign and primary keys."""
    if not there:
        raise PersistenceError("The memory refused a row that contradicts what it holds.")


class MemoryOrganizations:
    def __init__(self, kept: _Kept) -> None:
        self._rows = kept.organizations

    async def add(self, organization: Organization) -> None:
        _check(there=organization.id not in self._rows)
        if await self.named(organization.name) is not None:
            raise Taken(Unique.ORGANIZATION_NAME)
        self._rows[organization.id] = organization

    async def update(self, organization: Organization) -> None:
        _check(there=organization.id in self._rows)
        self._rows[organization.id] = organization

    async def get(self, organization_id: OrganizationId) -> Organization | None:
        return self._rows.get(organization_id)

    async def named(self, name: str) -> Organization | None:
        return next((row for row in self._rows.values() if row.name.casefold() == name.casefold()), None)

    async def all(self) -> Sequence[Organization]:
        return sorted(self._rows.values(), key=lambda row: row.name.casefold())


class MemoryConnections:
    def __init__(self, kept: _Kept) -> None:
        self._rows = kept.connections
        self._organizations = kept.organizations

    async def add(self, connection: Connection) -> None:
        _check(there=connection.id not in self._rows and connection.organization_id in self._organizations)
        await self._store(connection)

    async def update(self, connection: Connection) -> None:
        _check(there=connection.id in self._rows)
        await self._store(connection)

    async def _store(self, connection: Connection) -> None:
        other = await self.open_one(connection.organization_id)
        if connection.is_open and other is not None and other.id != connection.id:
            raise Taken(Unique.OPEN_CONNECTION)
        self._rows[connection.id] = connection

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        return self._rows.get(connection_id)

    async def elsewhere(self, sessionboard_url: str) -> Collection[ConnectionId]:
        return frozenset(
            row.id
            for row in self._rows.values()
            if self._organizations[row.organization_id].sessionboard_url != sessionboard_url
        )

    async def open_one(self, organization_id: OrganizationId) -> Connection | None:
        own = (row for row in self._rows.values() if row.organization_id == organization_id)
        return next((row for row in own if row.is_open), None)


class MemoryMappings:
    def __init__(self, kept: _Kept) -> None:
        self._rows = kept.mappings
        self._kept = kept

    async def add(self, mapping: EventMapping) -> None:
        _check(
            there=mapping.id not in self._rows
            and mapping.organization_id in self._kept.organizations
            and mapping.connection_id in self._kept.connections
        )
        await self._store(mapping)

    async def update(self, mapping: EventMapping) -> None:
        _check(there=mapping.id in self._rows)
        await self._store(mapping)

    async def _store(self, mapping: EventMapping) -> None:
        others = [row for row in self._rows.values() if row.holds_its_events and row.id != mapping.id]
        if mapping.holds_its_events and any(row.events.shares_sessionboard(mapping.events) for row in others):
            raise Taken(Unique.SESSIONBOARD_EVENT)
        if mapping.holds_its_events and any(row.events.shares_gleanin(mapping.events) for row in others):
            raise Taken(Unique.GLEANIN_EVENT)
        self._rows[mapping.id] = mapping

    async def get(self, mapping_id: MappingId) -> EventMapping | None:
        return self._rows.get(mapping_id)

    async def holding(
        self,
        sessionboard_url: str,
        sessionboard_ids: Collection[SessionboardEventId],
        gleanin_ids: Collection[GleaninEventId],
    ) -> Sequence[EventMapping]:
        pairs = {EventPair(sessionboard_url, each, GleaninEventId("")) for each in sessionboard_ids}
        return [
            row
            for row in self._rows.values()
            if row.holds_its_events
            and (
                row.events.gleanin_id in gleanin_ids
                or any(row.events.shares_sessionboard(each) for each in pairs)
            )
        ]

    async def of_organization(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        return [row for row in self._rows.values() if row.organization_id == organization_id]

    async def of_connection(self, connection_id: ConnectionId) -> Sequence[EventMapping]:
        return [row for row in self._rows.values() if row.connection_id == connection_id]


class MemoryRuns:
    def __init__(self, kept: _Kept) -> None:
        self._rows = kept.runs
        self._mappings = kept.mappings

    async def add(self, run: SyncRun) -> None:
        _check(there=run.id not in self._rows and run.mapping_id in self._mappings)
        self._store(run)

    async def update(self, run: SyncRun) -> None:
        _check(there=run.id in self._rows)
        self._store(run)

    def _store(self, run: SyncRun) -> None:
        for other in self._of(run.mapping_id):
            if other.id != run.id and run.is_open and other.state is run.state:
                raise Taken(_ONE_OF_EACH[run.state])
        # Copied, for its progress is a dict that the caller may go on counting in.
        self._rows[run.id] = replace(run, progress=dict(run.progress))

    def _of(self, mapping_id: MappingId) -> Iterable[SyncRun]:
        return (row for row in self._rows.values() if row.mapping_id == mapping_id)

    async def get(self, run_id: RunId) -> SyncRun | None:
        return self._rows.get(run_id)

    async def open_ones(self, mapping_id: MappingId) -> Sequence[SyncRun]:
        open_runs = [row for row in self._of(mapping_id) if row.is_open]
        return sorted(open_runs, key=lambda row: row.state is RunState.QUEUED)

    async def of_mapping(self, mapping_id: MappingId, limit: int = 100) -> Sequence[SyncRun]:
        return [*self._of(mapping_id)][::-1][:limit]

    async def renew(
        self, run_id: RunId, owner: str, until: datetime, progress: Mapping[str, Progress] | None = None
    ) -> bool:
        run = self._rows.get(run_id)
        if run is None or run.owner != owner or run.state is not RunState.RUNNING:
            return False
        told = run.progress if progress is None else dict(progress)
        self._rows[run_id] = replace(run, lease_until=until, progress=told)
        return True

    async def standing(self, run_id: RunId) -> Standing | None:
        run = self._rows.get(run_id)
        return None if run is None else Standing(run.owner, run.lease_until, run.stop_asked)


class MemorySyncedRecords:
    def __init__(self, kept: _Kept) -> None:
        self._rows = kept.synced
        self._kept = kept

    async def save(
        self, organization_id: OrganizationId, event_id: GleaninEventId, records: Collection[SyncedRecord]
    ) -> None:
        changed: dict[str, dict[SourceId, SyncedRecord]] = {}
        for record in records:
            _check(
                there=organization_id in self._kept.organizations
                and record.connection_id in self._kept.connections
            )
            kind = record.kind.name
            if kind not in changed:
                changed[kind] = dict(self._rows.get((organization_id, event_id, kind), {}))
            known = changed[kind].get(record.source_id)
            changed[kind][record.source_id] = record if known is None else replace(record, links=known.links)
        for kind, rows in changed.items():
            self._rows[organization_id, event_id, kind] = rows

    async def doubt(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        rows = dict(self._of(organization_id, event_id, kind))
        for source_id in set(source_ids) & rows.keys():
            rows[source_id] = replace(rows[source_id], fingerprint=UNCONFIRMED)
        self._rows[organization_id, event_id, kind.name] = rows

    async def save_links(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
        kind: RecordKind,
        links: Mapping[SourceId, tuple[ShareLink, ...]],
    ) -> None:
        rows = dict(self._of(organization_id, event_id, kind))
        for source_id in links.keys() & rows.keys():
            rows[source_id] = replace(rows[source_id], links=links[source_id])
        self._rows[organization_id, event_id, kind.name] = rows

    async def find(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> Mapping[SourceId, SyncedRecord]:
        rows = self._of(organization_id, event_id, kind)
        return {source_id: rows[source_id] for source_id in source_ids if source_id in rows}

    async def places(
        self, organization_id: OrganizationId, event_id: GleaninEventId, kind: RecordKind
    ) -> Sequence[Place]:
        rows = self._of(organization_id, event_id, kind).values()
        return [
            Place(
                row.source_id,
                row.gleanin_id,
                row.connection_id,
                None if row.fingerprint == UNCONFIRMED else row.email,
            )
            for row in rows
        ]

    async def of_event(
        self, organization_id: OrganizationId, event_id: GleaninEventId, kind: RecordKind
    ) -> Sequence[SyncedRecord]:
        rows = self._of(organization_id, event_id, kind).values()
        return sorted(rows, key=lambda row: (row.label.casefold(), row.source_id))

    def _of(
        self, organization_id: OrganizationId, event_id: GleaninEventId, kind: RecordKind
    ) -> Mapping[SourceId, SyncedRecord]:
        return self._rows.get((organization_id, event_id, kind.name), {})


class MemoryOutcomes:
    def __init__(self, kept: _Kept) -> None:
        self._rows = kept.outcomes
        self._runs = kept.runs

    async def add(self, run_id: RunId, outcomes: Sequence[RecordOutcome]) -> None:
        if not outcomes:
            return
        rows = dict(self._rows.get(run_id, {}))
        for told in outcomes:
            key = (told.record.kind.name, told.record.source_id)
            _check(there=run_id in self._runs and key not in rows)
            rows[key] = told
        self._rows[run_id] = rows

    async def of_run(self, run_id: RunId, only: Collection[Outcome] = ()) -> Sequence[RecordOutcome]:
        rows = self._rows.get(run_id, {}).values()
        return [told for told in rows if not only or told.outcome in only]

    async def history(self, mapping_id: MappingId, id_or_email: str) -> Sequence[HistoryEntry]:
        mailbox = same_mailbox(id_or_email)
        return [
            HistoryEntry(run.id, run.started_at or run.requested_at, told)
            for run in self._runs.values()
            if run.mapping_id == mapping_id
            for told in self._rows.get(run.id, {}).values()
            if id_or_email in (told.record.source_id, told.gleanin_id)
            or (told.record.email and same_mailbox(told.record.email) == mailbox)
        ]


class MemoryUnit:
    def __init__(self, units: "MemoryUnits", *, writes: bool) -> None:
        self._units = units
        self._writes = writes
        self._own = own = units.kept.copy()
        self.organizations = MemoryOrganizations(own)
        self.connections = MemoryConnections(own)
        self.mappings = MemoryMappings(own)
        self.runs = MemoryRuns(own)
        self.synced = MemorySyncedRecords(own)
        self.outcomes = MemoryOutcomes(own)

    async def commit(self) -> None:
        if not self._writes:
            message = "a unit that only reads has nothing to commit"
            raise RuntimeError(message)
        self._units.kept = self._own.copy()  # what is done from here on waits for the next commit


class MemoryUnits:
    """Shows every unit a copy, which a commit puts in the place of what is kept."""

    def __init__(self) -> None:
        self.kept = _Kept()
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryUnit]:
        await asyncio.sleep(0)  # others get their turn here, as they do while a database is asked
        yield MemoryUnit(self, writes=False)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[MemoryUnit]:
        async with self._writer:
            await asyncio.sleep(0)
            yield MemoryUnit(self, writes=True)
