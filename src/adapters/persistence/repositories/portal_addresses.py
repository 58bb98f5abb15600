"""When the latest portal address of each person was made, in a table."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts, in_batches
from adapters.persistence.tables import portal_addresses, portal_revocations
from core.domain.access.portal_links import PersonRef
from core.domain.ids import DestinationEventId, OrganizationId
from core.domain.records.kinds import KINDS
from ports.store.access import PortalTimes

_Place = tuple[OrganizationId, DestinationEventId]
_SAVE = Upserts(portal_addresses, ("made_at",))


def _times_of(table: sa.Table, column: sa.Column[datetime], *, is_made: bool) -> sa.Select[Any]:
    return sa.select(sa.literal(is_made), table.c.kind, table.c.source_id, column).where(
        table.c.organization_id == sa.bindparam("of_organization"),
        table.c.destination_event_id == sa.bindparam("of_event"),
        table.c.kind.in_(sa.bindparam("of_kinds", expanding=True)),
        table.c.source_id.in_(sa.bindparam("source_ids", expanding=True)),
    )


_TIMES = sa.union_all(
    _times_of(portal_addresses, portal_addresses.c.made_at, is_made=True),
    _times_of(portal_revocations, portal_revocations.c.revoked_at, is_made=False),
)


class SqlPortalAddresses:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def find(self, people: Collection[PersonRef]) -> Mapping[PersonRef, PortalTimes]:
        def read(database: sa.Connection) -> dict[PersonRef, PortalTimes]:
            found: dict[PersonRef, PortalTimes] = {}
            for (organization_id, event_id), params in _batches(people):
                for is_made, kind, source_id, at in database.execute(_TIMES, params):
                    person = PersonRef(organization_id, event_id, KINDS.named(kind), source_id)
                    name = "made_at" if is_made else "revoked_at"
                    found[person] = replace(found.get(person, PortalTimes()), **{name: at})
            return {person: times for person, times in found.items() if person in wanted}

        wanted = set(people)
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


def _batches(people: Collection[PersonRef]) -> Iterator[tuple[_Place, dict[str, object]]]:
    by_place: dict[_Place, list[PersonRef]] = {}
    for person in people:
        by_place.setdefault((person.organization_id, person.event_id), []).append(person)
    for place, refs in by_place.items():
        organization_id, event_id = place
        for batch in in_batches(refs):
            params: dict[str, object] = {
                "of_organization": organization_id,
                "of_event": event_id,
                "of_kinds": sorted({person.kind.name for person in batch}),
                "source_ids": [person.source_id for person in batch],
            }
            yield place, params
