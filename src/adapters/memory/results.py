"""Synced records, intents to create, and outcomes, in memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.email import normalize_email
from core.domain.ids import DestinationEventId, MappingId, OrganizationId, RunId, SourceId
from core.domain.records.kinds import PEOPLE, RecordKind
from core.domain.records.outcomes import Causes, Counts, Outcome, RecordOutcome, causes_of, counted
from core.domain.records.search import RecordSearch
from core.domain.records.synced_records import CreateIntent, SentRecords, ShareLink, SyncedRecord
from ports.clock import Clock
from ports.store.pages import Page
from ports.store.results import HistoryEntry, PeoplePage, SyncedRecordRef


class InMemorySyncedRecords:
    def __init__(self, kept: InMemoryStore) -> None:
        self._rows = kept.synced
        self._kept = kept

    async def save(
        self, organization_id: OrganizationId, event_id: DestinationEventId, records: Collection[SyncedRecord]
    ) -> None:
        changed: dict[str, dict[SourceId, SyncedRecord]] = {}
        for record in records:
            # As to a database, whose foreign keys are all that is asked here, a removed organization is there.
            check(
                there=(organization_id in self._kept.organizations or organization_id in self._kept.removed)
                and record.connection_id in self._kept.connections
            )
            kind = record.kind.name
            if kind not in changed:
                changed[kind] = dict(self._rows.get((organization_id, event_id, kind), {}))
            known = changed[kind].get(record.source_id)
            changed[kind][record.source_id] = record if known is None else replace(record, links=known.links)
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
        left = self._kept.left_at
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

    async def find(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> Mapping[SourceId, SyncedRecord]:
        rows = self._of(organization_id, event_id, kind)
        return {source_id: rows[source_id] for source_id in source_ids if source_id in rows}

    async def places(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[SyncedRecordRef]:
        rows = self._of(organization_id, event_id, kind).values()
        return [
            SyncedRecordRef(
                row.source_id,
                row.gleanin_id,
                row.connection_id,
                row.email if row.is_confirmed else None,
                self._kept.left_at.get((organization_id, event_id, kind.name, row.source_id)),
            )
            for row in rows
        ]

    async def sent(self, organization_id: OrganizationId) -> Sequence[SentRecords]:
        numbers = Counter(
            (event_id, record.connection_id, record.kind)
            for (whose, event_id, _), rows in self._rows.items()
            for record in rows.values()
            if whose == organization_id
        )
        return [SentRecords(*where, number) for where, number in numbers.items()]

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
        sought = RecordSearch(search)
        everybody = [
            row for kind in PEOPLE for row in await self.list_by_event(organization_id, event_id, kind)
        ]
        chosen = [
            row
            for row in everybody
            if not (missing and row.links) and sought.fits(row.label, row.email, row.source_id)
        ]
        return PeoplePage(
            chosen[start : start + limit],
            total=len(chosen),
            without_link=sum(not row.links for row in everybody),
            next=start + limit if start + limit < len(chosen) else None,
        )

    def _of(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Mapping[SourceId, SyncedRecord]:
        return self._rows.get((organization_id, event_id, kind.name), {})


class InMemoryCreateIntents:
    def __init__(self, kept: InMemoryStore, clock: Clock) -> None:
        self._kept = kept
        self._rows = kept.intents
        self._clock = clock

    async def add(
        self, organization_id: OrganizationId, event_id: DestinationEventId, intents: Collection[CreateIntent]
    ) -> None:
        known = self._kept
        for intent in intents:
            check(
                there=(organization_id in known.organizations or organization_id in known.removed)
                and intent.connection_id in known.connections
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
    def __init__(self, kept: InMemoryStore) -> None:
        self._rows = kept.outcomes
        self._runs = kept.runs
        self._kept = kept

    async def add(self, run_id: RunId, outcomes: Sequence[RecordOutcome]) -> None:
        if not outcomes:
            return
        rows = dict(self._rows.get(run_id, {}))
        for told in outcomes:
            key = (told.record.kind.name, told.record.source_id)
            check(there=run_id in self._runs and key not in rows)
            rows[key] = (self._kept.next_position(), told)
        self._rows[run_id] = rows

    async def counts(self, run_id: RunId) -> Counts:
        return counted(told for _, told in self._rows.get(run_id, {}).values())

    async def causes(self, run_id: RunId) -> Causes:
        return causes_of(told for _, told in self._rows.get(run_id, {}).values())

    async def list_by_run(self, run_id: RunId, only: Collection[Outcome] = ()) -> Sequence[RecordOutcome]:
        rows = self._rows.get(run_id, {}).values()
        return [told for _, told in rows if not only or told.outcome in only]

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
        sought = RecordSearch(search)
        found = [
            (position, told)
            for position, told in self._rows.get(run_id, {}).values()
            if position > start
            and (not only or told.outcome in only)
            and (not kinds or told.record.kind in kinds)
            and sought.fits(told.record.label, told.record.email, told.record.source_id)
        ]
        chosen = found[:limit]
        following = chosen[-1][0] if chosen else start
        return Page([told for _, told in chosen], following if len(found) > limit else None)

    async def history(
        self, mapping_id: MappingId, id_or_email: str, limit: int | None = None, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        mailbox = normalize_email(id_or_email)
        entries = [
            HistoryEntry(run.id, run.started_at or run.requested_at, told, position)
            for run in self._runs.values()
            if run.mapping_id == mapping_id
            for position, told in self._rows.get(run.id, {}).values()
            if (before is None or position < before)
            and (
                id_or_email in (told.record.source_id, told.gleanin_id)
                or (told.record.email and normalize_email(told.record.email) == mailbox)
            )
        ]
        entries.sort(key=lambda entry: entry.position)
        return entries if limit is None else entries[max(len(entries) - limit, 0) :]
