"""Organizations and their connections, in memory."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import ConnectionId, OrganizationId
from core.domain.tenancy.organizations import Connection, Organization
from ports.store.errors import UniqueConstraint, UniqueViolation

K = TypeVar("K")
V = TypeVar("V")


class InMemoryOrganizations:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.organizations
        self._store = store

    async def add(self, organization: Organization) -> None:
        check(holds=organization.id not in {*self._rows, *self._store.removed})
        if await self.find_by_name(organization.name) is not None:
            raise UniqueViolation(UniqueConstraint.ORGANIZATION_NAME)
        self._rows[organization.id] = organization

    async def update(self, organization: Organization) -> None:
        check(holds=organization.id in self._rows)
        stored = self._rows[organization.id]
        self._rows[organization.id] = stored.with_source_access(organization.source_access)

    async def get(self, organization_id: OrganizationId) -> Organization | None:
        return self._rows.get(organization_id)

    async def find_by_name(self, name: str) -> Organization | None:
        return next((row for row in self._rows.values() if row.name.casefold() == name.casefold()), None)

    async def all(self) -> Sequence[Organization]:
        return sorted(self._rows.values(), key=lambda row: row.name.casefold())

    async def remove(self, organization_id: OrganizationId, at: datetime) -> None:
        organization = self._rows.pop(organization_id, None)
        if organization is None:
            return
        store = self._store
        store.removed[organization_id] = organization.source_url
        for row in [*store.connections.values()]:
            if row.organization_id == organization_id:
                ended_at = row.ended_at or at
                store.connections[row.id] = replace(
                    row, token=None, token_hint="", url="", fields=None, ended_at=ended_at
                )
        mappings = {row.id for row in store.mappings.values() if row.organization_id == organization_id}
        runs = {row.id for row in store.runs.values() if row.mapping_id in mappings}
        store.recipients.pop(organization_id, None)
        _delete_rows(store.notifications, lambda row: row.organization_id == organization_id)
        _delete_rows(store.mappings, lambda row: row.id in mappings)
        _delete_rows(store.schedules, lambda row: row.mapping_id in mappings)
        store.checks = {
            mapping_id: check for mapping_id, check in store.checks.items() if mapping_id not in mappings
        }
        _delete_rows(store.unchanged_markers, lambda row: row.mapping_id in mappings)
        _delete_rows(store.runs, lambda row: row.id in runs)
        _delete_rows(store.idempotency_keys, lambda run_id: run_id in runs)
        _delete_rows(store.api_keys, lambda row: row.grant.organization_id == organization_id)
        _delete_keys(store.checks, mappings.__contains__)
        _delete_keys(store.outcomes, runs.__contains__)
        _delete_keys(store.synced, lambda place: place[0] == organization_id)
        _delete_keys(store.intents, lambda place: place[0] == organization_id)
        _delete_keys(store.left_at, lambda place: place[0] == organization_id)
        _delete_keys(store.written_links, lambda key: key[0].organization_id == organization_id)
        _delete_keys(store.field_orders, lambda place: place.organization_id == organization_id)
        _delete_rows(store.link_outcomes, lambda row: row[0] in mappings)
        _delete_keys(store.portal_addresses, lambda person: person.organization_id == organization_id)
        _delete_keys(store.revocations, lambda person: person.organization_id == organization_id)
        for account in [*store.accounts.values()]:
            grants = frozenset(grant for grant in account.grants if grant.organization_id != organization_id)
            store.accounts[account.id] = replace(account, grants=grants)


def _delete_rows(rows: dict[K, V], matches: Callable[[V], bool]) -> None:
    for key in [key for key, row in rows.items() if matches(row)]:
        del rows[key]


def _delete_keys(rows: dict[K, V], matches: Callable[[K], bool]) -> None:
    for key in [key for key in rows if matches(key)]:
        del rows[key]


class InMemoryConnections:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.connections
        self._store = store

    async def add(self, connection: Connection) -> None:
        check(
            holds=connection.id not in self._rows and connection.organization_id in self._store.organizations
        )
        await self._put(connection)

    async def update(self, connection: Connection) -> None:
        check(holds=connection.id in self._rows and connection.organization_id in self._store.organizations)
        await self._put(connection)

    async def _put(self, connection: Connection) -> None:
        other = await self.get_open(connection.organization_id)
        if connection.is_open and other is not None and other.id != connection.id:
            raise UniqueViolation(UniqueConstraint.OPEN_CONNECTION)
        self._rows[connection.id] = connection

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        return self._rows.get(connection_id)

    async def list_at_other_sources(self, source_url: str) -> Collection[ConnectionId]:
        return frozenset(
            row.id for row in self._rows.values() if self._store.source_url(row.organization_id) != source_url
        )

    async def get_open(self, organization_id: OrganizationId) -> Connection | None:
        rows = (row for row in self._rows.values() if row.organization_id == organization_id)
        return next((row for row in rows if row.is_open), None)

    async def list_open(self) -> Sequence[Connection]:
        return [row for row in self._rows.values() if row.is_open]
