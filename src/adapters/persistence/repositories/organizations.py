"""Organizations and their connections, in tables."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist, statements_to_delete
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import replace_row
from adapters.persistence.tables import connections, organizations
from core.domain.ids import ConnectionId, OrganizationId
from core.domain.systems import ExternalSystem
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import SealedFields, SealedToken
from ports.store.errors import PersistenceError

_ORGANIZATIONS = sa.select(
    organizations.c.id,
    organizations.c.name,
    organizations.c.source,
    organizations.c.source_name,
    organizations.c.source_url,
    organizations.c.sealed_token,
    organizations.c.sealed_fields,
).where(organizations.c.removed_at.is_(sa.null()))
_NEW_ACCESS = (
    sa.update(organizations)
    .where(organizations.c.id == sa.bindparam("row_id"), organizations.c.removed_at.is_(sa.null()))
    .values(sealed_token=sa.bindparam("new_token"), sealed_fields=sa.bindparam("new_fields"))
)


class SqlOrganizations:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, organization: Organization) -> None:
        row = _organization_row(organization)
        await self._run(lambda database: database.execute(organizations.insert(), row))

    async def update(self, organization: Organization) -> None:
        row = {
            "row_id": organization.id,
            "new_token": organization.source_token.value,
            "new_fields": _stored(organization.source_fields),
        }
        if await self._run(lambda database: database.execute(_NEW_ACCESS, row).rowcount) != 1:
            raise PersistenceError(f"There is no organization {organization.id} to update.")

    async def get(self, organization_id: OrganizationId) -> Organization | None:
        return await self._first(organizations.c.id == organization_id)

    async def find_by_name(self, name: str) -> Organization | None:
        # No organization has a name with such characters, and PostgreSQL rejects some of them.
        if not name.isprintable():
            return None
        return await self._first(organizations.c.name_folded == name.casefold())

    async def all(self) -> Sequence[Organization]:
        rows = await self._run(lambda database: database.execute(_ORGANIZATIONS).all())
        return sorted(map(_organization, rows), key=lambda organization: organization.name.casefold())

    async def remove(self, organization_id: OrganizationId, at: datetime) -> None:
        statements = statements_to_delete(organization_id, at)

        def execute_all(database: sa.Connection) -> None:
            for statement in statements:
                database.execute(statement)

        await self._run(execute_all)

    async def _first(self, condition: sa.ColumnElement[bool]) -> Organization | None:
        row = await self._run(lambda database: database.execute(_ORGANIZATIONS.where(condition)).first())
        return None if row is None else _organization(row)


def _organization_row(organization: Organization) -> dict[str, object]:
    return {
        "id": organization.id,
        "name": organization.name,
        # Folded by Python: databases differ in their rules for upper and lower case.
        "name_folded": organization.name.casefold(),
        "source": organization.source.identifier,
        "source_name": organization.source.display_name,
        "source_url": organization.source_url,
        "sealed_token": organization.source_token.value,
        "sealed_fields": _stored(organization.source_fields),
    }


def _organization(row: sa.Row[*tuple[Any, ...]]) -> Organization:
    source = ExternalSystem(row.source, row.source_name)
    token, fields = SealedToken(row.sealed_token), _fields(row)
    return Organization(row.id, row.name, source, row.source_url, token, fields)


def _stored(fields: SealedFields | None) -> str | None:
    return None if fields is None else fields.value


def _fields(row: sa.Row[*tuple[Any, ...]]) -> SealedFields | None:
    return None if row.sealed_fields is None else SealedFields(row.sealed_fields)


_CONNECTIONS = sa.select(connections)
_ELSEWHERE = (
    sa.select(connections.c.id)
    .join(organizations, organizations.c.id == connections.c.organization_id)
    .where(organizations.c.source_url != sa.bindparam("here"))
)


class SqlConnections:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, connection: Connection) -> None:
        def insert(database: sa.Connection) -> None:
            check_organizations_exist(database, [connection.organization_id])
            database.execute(connections.insert(), _row(connection))

        await self._run(insert)

    async def update(self, connection: Connection) -> None:
        def replace(database: sa.Connection) -> None:
            check_organizations_exist(database, [connection.organization_id])
            replace_row(database, connections, _row(connection))

        await self._run(replace)

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        return await self._first(connections.c.id == connection_id)

    async def get_open(self, organization_id: OrganizationId) -> Connection | None:
        return await self._first(
            connections.c.organization_id == organization_id, connections.c.ended_at.is_(sa.null())
        )

    async def list_open(self) -> Sequence[Connection]:
        is_open = _CONNECTIONS.where(connections.c.ended_at.is_(sa.null()))
        rows = await self._run(lambda database: database.execute(is_open).all())
        return [_connection(row) for row in rows]

    async def list_at_other_sources(self, source_url: str) -> Collection[ConnectionId]:
        return await self._run(lambda database: frozenset(database.scalars(_ELSEWHERE, {"here": source_url})))

    async def _first(self, *conditions: sa.ColumnElement[bool]) -> Connection | None:
        row = await self._run(lambda database: database.execute(_CONNECTIONS.where(*conditions)).first())
        return None if row is None else _connection(row)


def _row(connection: Connection) -> dict[str, object]:
    return {
        "id": connection.id,
        "organization_id": connection.organization_id,
        "destination": connection.destination.identifier,
        "destination_name": connection.destination.display_name,
        "sealed_token": connection.token.value if connection.token else None,
        "sealed_fields": _stored(connection.fields),
        "url": connection.url,
        "token_hint": connection.token_hint,
        "opened_at": connection.opened_at,
        "ended_at": connection.ended_at,
        "continuous_sync": connection.continuous_sync,
    }


def _connection(row: sa.Row[*tuple[Any, ...]]) -> Connection:
    return Connection(
        id=row.id,
        organization_id=row.organization_id,
        destination=ExternalSystem(row.destination, row.destination_name),
        token=None if row.sealed_token is None else SealedToken(row.sealed_token),
        token_hint=row.token_hint,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        continuous_sync=row.continuous_sync,
        url=row.url,
        fields=_fields(row),
    )
