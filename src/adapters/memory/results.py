"""Synced records, intents to create, and outcomes, in memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.email import normalize_email
from core.domain.ids import DestinationEventId, MappingId, OrganizationId, RunId, SourceId
from core.domain.links.write_back import LinkedPerson
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Causes, Counts, Outcome, RecordOutcome, RecordRef, causes_of, counted
from core.domain.records.search import RecordSearch, is_called
from core.domain.records.synced_records import CreateIntent, SentRecords, ShareLink, SyncedRecord
from ports.clock import Clock
from ports.store.pages import Page
from ports.store.results import HistoryEntry, PeoplePage, SyncedRecordRef


class InMemorySyncedRecords:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.synced
        self._store = store

    async def save(
        self, organization_id: OrganizationId, event_id: DestinationEventId, records: Collection[SyncedRecord]
    ) -> None:
        changed: dict[str, dict[SourceId, SyncedRecord]] = {}
        for record in records:
            # A removed organization passes: the database checks foreign keys only here, and its tombstone remains.
            check(
                holds=(organization_id in self._store.organizations or organization_id in self._store.removed)
                and record.connection_id in self._store.connections
            )
            kind = record.kind.name
            if kind not in changed:
                changed[kind] = dict(self._rows.get((organization_id, event_id, kind), {}))
            stored = changed[kind].get(record.source_id)
            changed[kind][record.source_id] = (
                record if stored is None else replace(record, links=stored.links)
            )
        for kind, rows in changed.items():
            self._rows[organization_id, event_id, kind] = rows

    async def mark_left(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
        left_at: datetime | None,
    ) -> None:
        left = self._store.left_at
        for source_id in set(source_ids) & self._of(organization_id, event_id, kind).keys():
            key = (organization_id, event_id, kind.name, source_id)
            if left_at is None:
                left.pop(key, None)
            else:
                left[key] = left_at

    async def save_links(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        links: Mapping[SourceId, tuple[ShareLink, ...]],
    ) -> None:
        rows = dict(self._of(organization_id, event_id, kind))
        for source_id in links.keys() & rows.keys():
            rows[source_id] = replace(rows[source_id], links=links[source_id])
        self._rows[organization_id, event_id, kind.name] = rows

    async def list_linked(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[LinkedPerson]:
        rows = self._of(organization_id, event_id, kind).values()
        linked = (LinkedPerson(row.source_id, row.label, row.links) for row in rows if row.links)
        return sorted(linked, key=lambda person: (person.label, person.source_id))

    async def find(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> Mapping[SourceId, SyncedRecord]:
        rows = self._of(organization_id, event_id, kind)
        return {source_id: rows[source_id] for source_id in source_ids if source_id in rows}

    async def list_refs(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[SyncedRecordRef]:
        rows = self._of(organization_id, event_id, kind).values()
        return [
            SyncedRecordRef(
                row.source_id,
                row.destination_id,
                row.connection_id,
                row.email if row.is_confirmed else None,
                self._store.left_at.get((organization_id, event_id, kind.name, row.source_id)),
            )
            for row in rows
        ]

    async def list_kinds(
        self, organization_id: OrganizationId, event_id: DestinationEventId
    ) -> Sequence[RecordKind]:
        names = [
            name
            for (*event, name), rows in self._rows.items()
            if rows and (*event,) == (organization_id, event_id)
        ]
        return [KINDS.named(name) for name in sorted(names)]

    async def count_sent(self, organization_id: OrganizationId) -> Sequence[SentRecords]:
        counts = Counter(
            (event_id, record.connection_id, record.kind)
            for (owner, event_id, _), rows in self._rows.items()
            for record in rows.values()
            if owner == organization_id
        )
        return [SentRecords(*key, count) for key, count in counts.items()]

    async def list_by_event(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[SyncedRecord]:
        rows = self._of(organization_id, event_id, kind).values()
        return sorted(rows, key=lambda row: (row.label.casefold(), row.source_id))

    async def people(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        *,
        missing: bool = False,
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> PeoplePage:
        query = RecordSearch(search)
        people = [
            row for kind in KINDS.people for row in await self.list_by_event(organization_id, event_id, kind)
        ]
        chosen = [
            row
            for row in people
            if not (missing and row.links) and query.fits(row.label, row.email, row.source_id)
        ]
        return PeoplePage(
            chosen[start : start + limit],
            total=len(chosen),
            without_link=sum(not row.links for row in people),
            next=start + limit if start + limit < len(chosen) else None,
        )

    def _of(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Mapping[SourceId, SyncedRecord]:
        return self._rows.get((organization_id, event_id, kind.name), {})


class InMemoryCreateIntents:
    def __init__(self, store: InMemoryStore, clock: Clock) -> None:
        self._store = store
        self._rows = store.intents
        self._clock = clock

    async def add(
        self, organization_id: OrganizationId, event_id: DestinationEventId, intents: Collection[CreateIntent]
    ) -> None:
        for intent in intents:
            check(
                holds=(organization_id in self._store.organizations or organization_id in self._store.removed)
                and intent.connection_id in self._store.connections
            )
            self._rows[organization_id, event_id, intent.kind.name, intent.source_id] = intent

    async def list_open(
        self, organization_id: OrganizationId, event_id: DestinationEventId
    ) -> Sequence[CreateIntent]:
        return [intent for key, intent in self._rows.items() if key[:2] == (organization_id, event_id)]

    async def mark_sent(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        now = self._clock.now()
        for source_id in source_ids:
            key = (organization_id, event_id, kind.name, source_id)
            if key in self._rows:
                self._rows[key] = replace(self._rows[key], sent_at=now)

    async def remove(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        for source_id in source_ids:
            self._rows.pop((organization_id, event_id, kind.name, source_id), None)


class InMemoryOutcomes:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.outcomes
        self._runs = store.runs
        self._store = store

    async def add(self, run_id: RunId, outcomes: Sequence[RecordOutcome]) -> None:
        if not outcomes:
            return
        rows = dict(self._rows.get(run_id, {}))
        for outcome in outcomes:
            key = (outcome.record.kind.name, outcome.record.source_id)
            check(holds=run_id in self._runs and key not in rows)
            rows[key] = (self._store.next_position(), outcome)
        self._rows[run_id] = rows

    async def counts(self, run_id: RunId) -> Counts:
        return counted(outcome for _, outcome in self._rows.get(run_id, {}).values())

    async def causes(self, run_id: RunId) -> Causes:
        return causes_of(outcome for _, outcome in self._rows.get(run_id, {}).values())

    async def list_by_run(self, run_id: RunId, only: Collection[Outcome] = ()) -> Sequence[RecordOutcome]:
        rows = self._rows.get(run_id, {}).values()
        return [outcome for _, outcome in rows if not only or outcome.outcome in only]

    async def page(
        self,
        run_id: RunId,
        *,
        only: Collection[Outcome] = (),
        kinds: Collection[RecordKind] = (),
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> Page[RecordOutcome]:
        query = RecordSearch(search)
        matching = [
            (position, outcome)
            for position, outcome in self._rows.get(run_id, {}).values()
            if position > start
            and (not only or outcome.outcome in only)
            and (not kinds or outcome.record.kind in kinds)
            and query.fits(outcome.record.label, outcome.record.email, outcome.record.source_id)
        ]
        chosen = matching[:limit]
        next_start = chosen[-1][0] if chosen else start
        return Page([outcome for _, outcome in chosen], next_start if len(matching) > limit else None)

    async def find_named(self, mapping_id: MappingId, name: str, max_runs: int) -> Sequence[RecordRef]:
        latest = [run for run in self._runs.values() if run.mapping_id == mapping_id][::-1][:max_runs]
        for run in latest:
            outcomes = [outcome for _, outcome in self._rows.get(run.id, {}).values()]
            if found := [each.record for each in outcomes if is_called(each.record.label, name)]:
                return found
        return []

    async def history(
        self, mapping_id: MappingId, id_or_email: str, limit: int | None = None, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        mailbox = normalize_email(id_or_email)
        entries = [
            HistoryEntry(run.id, run.started_at or run.requested_at, outcome, position)
            for run in self._runs.values()
            if run.mapping_id == mapping_id
            for position, outcome in self._rows.get(run.id, {}).values()
            if (before is None or position < before)
            and (
                id_or_email in (outcome.record.source_id, outcome.destination_id)
                or (outcome.record.email and normalize_email(outcome.record.email) == mailbox)
            )
        ]
        entries.sort(key=lambda entry: entry.position)
        return entries if limit is None else entries[max(len(entries) - limit, 0) :]
