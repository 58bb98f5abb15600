"""When the latest portal address of each person was made, in a table."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts, in_batches
from adapters.persistence.tables import portal_addresses, portal_revocations
from core.domain.access.portal_links import PersonRef
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import RecordKind
from ports.store.access import PortalTimes

_Group = tuple[OrganizationId, DestinationEventId, RecordKind]
_SAVE = Upserts(portal_addresses, ("made_at",))


def _times_of(table: sa.Table, column: sa.Column[datetime]) -> sa.Select[SourceId, datetime]:
    return sa.select(table.c.source_id, column).where(
        table.c.organization_id == sa.bindparam("of_organization"),
        table.c.destination_event_id == sa.bindparam("of_event"),
        table.c.kind == sa.bindparam("of_kind"),
        table.c.source_id.in_(sa.bindparam("source_ids", expanding=True)),
    )


_MADE = _times_of(portal_addresses, portal_addresses.c.made_at)
_REVOKED = _times_of(portal_revocations, portal_revocations.c.revoked_at)


class SqlPortalAddresses:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def find(self, people: Collection[PersonRef]) -> Mapping[PersonRef, PortalTimes]:
        def read(database: sa.Connection) -> dict[PersonRef, PortalTimes]:
            found: dict[PersonRef, PortalTimes] = {}
            for (organization_id, event_id, kind), params in _batches(people):
                for source_id, made_at in database.execute(_MADE, params):
                    found[PersonRef(organization_id, event_id, kind, source_id)] = PortalTimes(made_at)
                for source_id, revoked_at in database.execute(_REVOKED, params):
                    person = PersonRef(organization_id, event_id, kind, source_id)
                    found[person] = replace(found.get(person, PortalTimes()), revoked_at=revoked_at)
            return found

        return await self._run(read)

    async def save(self, made: Mapping[PersonRef, datetime]) -> None:
        rows = [
            {
                "organization_id": person.organization_id,
                "destination_event_id": person.event_id,
                "kind": person.kind.name,
                "source_id": person.source_id,
                "made_at": at,
            }
            for person, at in made.items()
        ]

        def upsert(database: sa.Connection) -> None:
            check_organizations_exist(database, {person.organization_id for person in made})
            database.execute(_SAVE[database.dialect.name], rows)

        if rows:
            await self._run(upsert)


def _batches(people: Collection[PersonRef]) -> Iterator[tuple[_Group, dict[str, object]]]:
    groups: dict[_Group, list[SourceId]] = {}
    for person in people:
        groups.setdefault((person.organization_id, person.event_id, person.kind), []).append(person.source_id)
    for group, source_ids in groups.items():
        organization_id, event_id, kind = group
        for batch in in_batches(source_ids):
            yield (
                group,
                {
                    "of_organization": organization_id,
                    "of_event": event_id,
                    "of_kind": kind.name,
                    "source_ids": batch,
                },
            )
