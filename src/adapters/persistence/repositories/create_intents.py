"""Intents to create, in a table: a row remains until the result of the create is known (rule 32)."""

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.server_clock import read_now
from adapters.persistence.statements import Upserts, in_batches
from adapters.persistence.tables import create_intents as table
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.synced_records import CreateIntent

_UPSERTS = Upserts(table, ("connection_id", "field_names", "sent_at"))
_OF_EVENT = (
    table.c.organization_id == sa.bindparam("of_organization"),
    table.c.destination_event_id == sa.bindparam("of_event"),
)
_OF_RECORDS = (
    *_OF_EVENT,
    table.c.kind == sa.bindparam("of_kind"),
    table.c.source_id.in_(sa.bindparam("source_ids", expanding=True)),
)
_OPEN = sa.select(
    table.c.kind, table.c.source_id, table.c.connection_id, table.c.field_names, table.c.sent_at
).where(*_OF_EVENT)
_MARK_SENT = sa.update(table).where(*_OF_RECORDS).values(sent_at=sa.bindparam("now"))
_REMOVE = sa.delete(table).where(*_OF_RECORDS)


class SqlCreateIntents:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(
        self, organization_id: OrganizationId, event_id: DestinationEventId, intents: Collection[CreateIntent]
    ) -> None:
        if not intents:
            return
        rows = [
            {
                "organization_id": organization_id,
                "destination_event_id": event_id,
                "kind": intent.kind.name,
                "source_id": intent.source_id,
                "connection_id": intent.connection_id,
                "field_names": ",".join(intent.field_names),
                "sent_at": intent.sent_at,
            }
            for intent in intents
        ]
        self._run.later(lambda database: database.execute(_UPSERTS[database.dialect.name], rows))

    async def list_open(
        self, organization_id: OrganizationId, event_id: DestinationEventId
    ) -> Sequence[CreateIntent]:
        params = {"of_organization": organization_id, "of_event": event_id}
        rows = await self._run(lambda database: database.execute(_OPEN, params).all())
        return [
            CreateIntent(
                KINDS.named(kind),
                source_id,
                connection_id,
                tuple(names.split(",")) if names else (),
                sent_at,
            )
            for kind, source_id, connection_id, names, sent_at in rows
        ]

    async def mark_sent(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        def mark(database: sa.Connection) -> None:
            now = read_now(database)
            for params in _batches(organization_id, event_id, kind, source_ids):
                database.execute(_MARK_SENT, {**params, "now": now})

        if source_ids:
            self._run.later(mark)

    async def remove(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        def remove(database: sa.Connection) -> None:
            for params in _batches(organization_id, event_id, kind, source_ids):
                database.execute(_REMOVE, params)

        if source_ids:
            self._run.later(remove)


def _batches(
    organization_id: OrganizationId,
    event_id: DestinationEventId,
    kind: RecordKind,
    source_ids: Collection[SourceId],
) -> Iterator[dict[str, object]]:
    for batch in in_batches(source_ids):
        yield {
            "of_organization": organization_id,
            "of_event": event_id,
            "of_kind": kind.name,
            "source_ids": batch,
        }
