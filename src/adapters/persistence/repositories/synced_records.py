"""Synced records, in a table: thousands at a time."""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts, from_json, in_batches, to_json
from adapters.persistence.tables import synced_records as table
from core.domain.ids import ConnectionId, DestinationEventId, OrganizationId, SourceId
from core.domain.links.write_back import LinkedPerson
from core.domain.records.fields import Fields
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.search import RecordSearch
from core.domain.records.synced_records import UNCONFIRMED, SentRecords, ShareLink, SyncedRecord
from ports.store.results import PeoplePage, SyncedRecordRef

_NO_LINKS = "[]"
_REPLACED = ("label", "destination_id", "connection_id", "fingerprint", "fields", "email")
"""The columns that saving a record replaces; `mark_left` sets `left_at` separately."""

_UPSERTS = Upserts(table, _REPLACED)
_OF_EVENT = (
    table.c.organization_id == sa.bindparam("organization_id"),
    table.c.destination_event_id == sa.bindparam("destination_event_id"),
    table.c.kind == sa.bindparam("kind"),
)
# The parameters must not be named as columns: an UPDATE would take them for new values.
_TO_UPDATE = sa.update(table).where(
    table.c.organization_id == sa.bindparam("of_organization"),
    table.c.destination_event_id == sa.bindparam("of_event"),
    table.c.kind == sa.bindparam("of_kind"),
    table.c.source_id == sa.bindparam("of_source"),
)
_LINKS = _TO_UPDATE.values(links=sa.bindparam("new_links"))
_LEFT = _TO_UPDATE.values(left_at=sa.bindparam("new_left_at"))
_ALL = sa.select(
    table.c.source_id,
    table.c.label,
    table.c.destination_id,
    table.c.connection_id,
    table.c.fingerprint,
    table.c.fields,
    table.c.email,
    table.c.links,
).where(*_OF_EVENT)
_SOME = _ALL.where(table.c.source_id.in_(sa.bindparam("source_ids", expanding=True)))
_LINKED = sa.select(table.c.source_id, table.c.label, table.c.links).where(
    *_OF_EVENT, table.c.links != _NO_LINKS
)
_PLACES = (
    sa.select(
        table.c.source_id,
        table.c.destination_id,
        table.c.connection_id,
        sa.case((table.c.fingerprint != UNCONFIRMED, table.c.email)),
        table.c.left_at,
    )
    .where(*_OF_EVENT)
    .execution_options(yield_per=500)
)
_KINDS = (
    sa.select(table.c.kind)
    .where(
        table.c.organization_id == sa.bindparam("organization_id"),
        table.c.destination_event_id == sa.bindparam("destination_event_id"),
    )
    .distinct()
    .order_by(table.c.kind)
)
_SENT_BY = (table.c.destination_event_id, table.c.connection_id, table.c.kind)
_SENT = (
    sa.select(*_SENT_BY, sa.func.count())
    .where(table.c.organization_id == sa.bindparam("organization_id"))
    .group_by(*_SENT_BY)
)
_PEOPLE = sa.select(
    table.c.kind, table.c.source_id, table.c.label, table.c.email, table.c.links != _NO_LINKS
).where(
    table.c.organization_id == sa.bindparam("organization_id"),
    table.c.destination_event_id == sa.bindparam("destination_event_id"),
    table.c.kind.in_(sa.bindparam("kinds", expanding=True)),
)


class SqlSyncedRecords:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def save(
        self, organization_id: OrganizationId, event_id: DestinationEventId, records: Collection[SyncedRecord]
    ) -> None:
        if not records:
            return

        rows = [_row(organization_id, event_id, record) for record in records]
        self._run.later(lambda database: database.execute(_UPSERTS[database.dialect.name], rows))

    async def mark_left(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
        left_at: datetime | None,
    ) -> None:
        if source_ids:
            rows = [
                {**_to_update(organization_id, event_id, kind, source_id), "new_left_at": left_at}
                for source_id in source_ids
            ]
            self._run.later(lambda database: database.execute(_LEFT, rows))

    async def save_links(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        links: Mapping[SourceId, tuple[ShareLink, ...]],
    ) -> None:
        if not links:
            return
        rows = [
            {**_to_update(organization_id, event_id, kind, source_id), "new_links": _links_text(person_links)}
            for source_id, person_links in links.items()
        ]
        self._run.later(lambda database: database.execute(_LINKS, rows))

    async def list_linked(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[LinkedPerson]:
        params = {
            "organization_id": organization_id,
            "destination_event_id": event_id,
            "kind": kind.name,
        }
        rows = await self._run(lambda database: database.execute(_LINKED, params).all())
        # Sorted here: databases order texts differently.
        people = (LinkedPerson(source_id, label, _links(links)) for source_id, label, links in rows)
        return sorted(people, key=lambda person: (person.label, person.source_id))

    async def find(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> Mapping[SourceId, SyncedRecord]:
        if not source_ids:
            return {}
        return await self._run(lambda database: _found(database, organization_id, event_id, kind, source_ids))

    async def list_refs(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[SyncedRecordRef]:
        params = _params(organization_id, event_id, kind)

        def read(database: sa.Connection) -> list[SyncedRecordRef]:
            return [
                # Intern the id: tens of thousands of records share a few connections.
                SyncedRecordRef(
                    source_id, destination_id, ConnectionId(sys.intern(connection_id)), email, left_at
                )
                for source_id, destination_id, connection_id, email, left_at in database.execute(
                    _PLACES, params
                )
            ]

        return await self._run(read)

    async def count_sent(self, organization_id: OrganizationId) -> Sequence[SentRecords]:
        params = {"organization_id": organization_id}
        rows = await self._run(lambda database: database.execute(_SENT, params).all())
        return [
            SentRecords(event_id, connection_id, KINDS.named(kind), number)
            for event_id, connection_id, kind, number in rows
        ]

    async def list_kinds(
        self, organization_id: OrganizationId, event_id: DestinationEventId
    ) -> Sequence[RecordKind]:
        params = {"organization_id": organization_id, "destination_event_id": event_id}
        names = await self._run(lambda database: database.scalars(_KINDS, params).all())
        return [KINDS.named(name) for name in names]

    async def list_by_event(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[SyncedRecord]:
        params = _params(organization_id, event_id, kind)
        records = await self._run(
            lambda database: [_record(kind, row) for row in database.execute(_ALL, params)]
        )
        return sorted(records, key=lambda record: (record.label.casefold(), record.source_id))

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
        kinds = [kind.name for kind in KINDS.people]
        params = {"organization_id": organization_id, "destination_event_id": event_id, "kinds": kinds}
        order = {kind: number for number, kind in enumerate(kinds)}
        query = RecordSearch(search)

        def read(database: sa.Connection) -> PeoplePage:
            # Search and sort in Python: databases differ in which letters they treat as equal.
            people = database.execute(_PEOPLE, params).all()
            chosen = sorted(
                (order[kind], label.casefold(), source_id)
                for kind, source_id, label, email, has_links in people
                if not (missing and has_links) and (not query or query.fits(label, email, source_id))
            )
            page = chosen[start : start + limit]
            records = {
                (number, source_id): record
                for number, kind in enumerate(KINDS.people)
                for source_id, record in _found(
                    database, organization_id, event_id, kind, [key[2] for key in page if key[0] == number]
                ).items()
            }
            return PeoplePage(
                [records[number, source_id] for number, _, source_id in page],
                total=len(chosen),
                without_link=sum(not has_links for *_, has_links in people),
                next=start + limit if start + limit < len(chosen) else None,
            )

        return await self._run(read)


def _found(
    database: sa.Connection,
    organization_id: OrganizationId,
    event_id: DestinationEventId,
    kind: RecordKind,
    source_ids: Collection[SourceId],
) -> dict[SourceId, SyncedRecord]:
    found: dict[SourceId, SyncedRecord] = {}
    for batch in in_batches(source_ids):
        params = {**_params(organization_id, event_id, kind), "source_ids": batch}
        found.update((row[0], _record(kind, row)) for row in database.execute(_SOME, params))
    return found


def _params(
    organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
) -> dict[str, str]:
    return {"organization_id": organization_id, "destination_event_id": event_id, "kind": kind.name}


def _to_update(
    organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind, source_id: SourceId
) -> dict[str, str]:
    return {
        "of_organization": organization_id,
        "of_event": event_id,
        "of_kind": kind.name,
        "of_source": source_id,
    }


def _row(
    organization_id: OrganizationId, event_id: DestinationEventId, record: SyncedRecord
) -> dict[str, str | None]:
    return {
        "organization_id": organization_id,
        "destination_event_id": event_id,
        "kind": record.kind.name,
        "source_id": record.source_id,
        "label": record.label,
        "destination_id": record.destination_id,
        "connection_id": record.connection_id,
        "fingerprint": record.fingerprint,
        "fields": to_json(record.fields),
        "email": record.email,
        "links": _links_text(record.links),
    }


def _record(kind: RecordKind, row: sa.Row[*tuple[Any, ...]]) -> SyncedRecord:
    source_id, label, destination_id, connection_id, fingerprint, fields, email, links = row
    return SyncedRecord(
        kind,
        source_id,
        label,
        destination_id,
        connection_id,
        fingerprint,
        _fields(fields),
        email,
        _links(links),
    )


def _fields(text: str) -> Fields:
    return {name: tuple(value) if type(value) is list else value for name, value in from_json(text).items()}


def _links(text: str) -> tuple[ShareLink, ...]:
    """Parse links; those of earlier revisions have no campaign."""
    return () if text == _NO_LINKS else tuple(ShareLink(*link) for link in from_json(text))


def _links_text(links: Iterable[ShareLink]) -> str:
    return to_json([(link.title, link.url, link.campaign) for link in links])
