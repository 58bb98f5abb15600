"""Synced records in memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import PEOPLE, RecordKind
from core.domain.records.search import RecordSearch
from core.domain.records.synced_records import SentRecords, ShareLink, SyncedRecord
from ports.store.results import PeoplePage, SyncedRecordRef


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
