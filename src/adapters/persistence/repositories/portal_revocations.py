"""The times up to which portal links were revoked, in a table."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts
from adapters.persistence.tables import portal_revocations as table
from core.domain.access.portal_links import PersonRef

_REVOKED_AT = sa.select(table.c.revoked_at).where(
    *(column == sa.bindparam(column.name) for column in table.primary_key)
)
_SAVE = Upserts(table, ("revoked_at",))


class SqlPortalRevocations:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def get(self, person: PersonRef) -> datetime | None:
        params = _key(person)
        return await self._run(lambda database: database.execute(_REVOKED_AT, params).scalar())

    async def save(self, person: PersonRef, at: datetime) -> None:
        row = {**_key(person), "revoked_at": at}

        def upsert(database: sa.Connection) -> None:
            check_organizations_exist(database, [person.organization_id])
            database.execute(_SAVE[database.dialect.name], row)

        await self._run(upsert)

    async def save_all(self, people: Collection[PersonRef], at: datetime) -> None:
        rows = [{**_key(person), "revoked_at": at} for person in people]

        def upsert(database: sa.Connection) -> None:
            check_organizations_exist(database, {person.organization_id for person in people})
            database.execute(_SAVE[database.dialect.name], rows)

        if rows:
            await self._run(upsert)


def _key(person: PersonRef) -> dict[str, object]:
    return {
        "organization_id": person.organization_id,
        "destination_event_id": person.event_id,
        "kind": person.kind.name,
        "source_id": person.source_id,
    }
