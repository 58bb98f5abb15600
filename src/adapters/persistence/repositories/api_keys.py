"""API keys, in a table."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.tables import api_keys
from core.domain.access.api_keys import ApiKey
from core.domain.access.authorization import Grant, Role
from core.domain.ids import ApiKeyId, OrganizationId
from ports.store.errors import PersistenceError

_KEYS = sa.select(api_keys).order_by(api_keys.c.position.desc())
_REVOCATION = (
    sa.update(api_keys)
    .where(api_keys.c.id == sa.bindparam("row_id"))
    .values(revoked_at=sa.bindparam("revoked_at"))
)


class SqlApiKeys:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, key: ApiKey) -> None:
        row = {
            "id": key.id,
            "name": key.name,
            "digest": key.digest,
            "organization_id": key.grant.organization_id,
            "role": key.grant.role.value,
            "created_at": key.created_at,
            "created_by": key.created_by,
            "revoked_at": key.revoked_at,
        }

        def insert(database: sa.Connection) -> None:
            check_organizations_exist(database, [key.grant.organization_id])
            database.execute(api_keys.insert(), row)

        await self._run(insert)

    async def update(self, key: ApiKey) -> None:
        row = {"row_id": key.id, "revoked_at": key.revoked_at}
        if await self._run(lambda database: database.execute(_REVOCATION, row).rowcount) != 1:
            raise PersistenceError(f"There is no API key {key.id} to update.")

    async def get(self, key_id: ApiKeyId) -> ApiKey | None:
        return next(iter(await self._all(api_keys.c.id == key_id)), None)

    async def find_by_digest(self, digest: str) -> ApiKey | None:
        return next(iter(await self._all(api_keys.c.digest == digest)), None)

    async def list_by_organization(self, organization_id: OrganizationId | None) -> Sequence[ApiKey]:
        column = api_keys.c.organization_id
        return await self._all(
            column.is_(sa.null()) if organization_id is None else column == organization_id
        )

    async def _all(self, condition: sa.ColumnElement[bool]) -> Sequence[ApiKey]:
        rows = await self._run(lambda database: database.execute(_KEYS.where(condition)).all())
        return [_key(row) for row in rows]


def _key(row: sa.Row[*tuple[Any, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        digest=row.digest,
        grant=Grant(Role(row.role), row.organization_id),
        created_at=row.created_at,
        created_by=row.created_by,
        revoked_at=row.revoked_at,
    )
