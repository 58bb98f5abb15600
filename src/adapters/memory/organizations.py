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
    def __init__(self, kept: InMemoryStore) -> None:
        self._rows = kept.organizations
        self._kept = kept

    async def add(self, organization: Organization) -> None:
        check(there=organization.id not in {*self._rows, *self._kept.removed})
        if await self.named(organization.name) is not None:
            raise UniqueViolation(UniqueConstraint.ORGANIZATION_NAME)
        self._rows[organization.id] = organization

    async def update(self, organization: Organization) -> None:
        check(there=organization.id in self._rows)
        token = organization.sessionboard_token
        self._rows[organization.id] = replace(self._rows[organization.id], sessionboard_token=token)

    async def get(self, organization_id: OrganizationId) -> Organization | None:
        return self._rows.get(organization_id)

    async def named(self, name: str) -> Organization | None:
        return next((row for row in self._rows.values() if row.name.casefold() == name.casefold()), None)

    async def all(self) -> Sequence[Organization]:
        return sorted(self._rows.values(), key=lambda row: row.name.casefold())

    async def remove(self, organization_id: OrganizationId, at: datetime) -> None:
        organization = self._rows.pop(organization_id, None)
        if organization is None:
            return
        kept = self._kept
        kept.removed[organization_id] = organization.sessionboard_url
        for row in [*kept.connections.values()]:
            if row.organization_id == organization_id:
                ended_at = row.ended_at or at
                kept.connections[row.id] = replace(row, token=None, token_hint="", ended_at=ended_at)
        mappings = {row.id for row in kept.mappings.values() if row.organization_id == organization_id}
        runs = {row.id for row in kept.runs.values() if row.mapping_id in mappings}
        kept.recipients.pop(organization_id, None)
        _drop(kept.notifications, lambda row: row.organization_id == organization_id)
        _drop(kept.mappings, lambda row: row.id in mappings)
        _drop(kept.schedules, lambda row: row.mapping_id in mappings)
        kept.checks = {
            mapping_id: held for mapping_id, held in kept.checks.items() if mapping_id not in mappings
        }
        _drop(kept.unchanged_markers, lambda row: row.mapping_id in mappings)
        _drop(kept.runs, lambda row: row.id in runs)
        _drop(kept.bookings, lambda run_id: run_id in runs)
        _drop(kept.api_keys, lambda row: row.grant.organization_id == organization_id)
        _drop_keys(kept.checks, mappings.__contains__)
        _drop_keys(kept.outcomes, runs.__contains__)
        _drop_keys(kept.synced, lambda place: place[0] == organization_id)
        _drop_keys(kept.intents, lambda place: place[0] == organization_id)
        _drop_keys(kept.left_at, lambda place: place[0] == organization_id)
        _drop_keys(kept.revocations, lambda person: person.organization_id == organization_id)
        for account in [*kept.accounts.values()]:
            left = frozenset(each for each in account.grants if each.organization_id != organization_id)
            kept.accounts[account.id] = replace(account, grants=left)


def _drop(rows: dict[K, V], is_own: Callable[[V], bool]) -> None:
    for key in [key for key, row in rows.items() if is_own(row)]:
        del rows[key]


def _drop_keys(rows: dict[K, V], is_own: Callable[[K], bool]) -> None:
    for key in [key for key in rows if is_own(key)]:
        del rows[key]


class InMemoryConnections:
    def __init__(self, kept: InMemoryStore) -> None:
        self._rows = kept.connections
        self._kept = kept

    async def add(self, connection: Connection) -> None:
        check(
            there=connection.id not in self._rows and connection.organization_id in self._kept.organizations
        )
        await self._store(connection)

    async def update(self, connection: Connection) -> None:
        check(there=connection.id in self._rows and connection.organization_id in self._kept.organizations)
        await self._store(connection)

    async def _store(self, connection: Connection) -> None:
        other = await self.get_open(connection.organization_id)
        if connection.is_open and other is not None and other.id != connection.id:
            raise UniqueViolation(UniqueConstraint.OPEN_CONNECTION)
        self._rows[connection.id] = connection

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        return self._rows.get(connection_id)

    async def elsewhere(self, sessionboard_url: str) -> Collection[ConnectionId]:
        return frozenset(
            row.id
            for row in self._rows.values()
            if self._kept.sessionboard_url(row.organization_id) != sessionboard_url
        )

    async def get_open(self, organization_id: OrganizationId) -> Connection | None:
        own = (row for row in self._rows.values() if row.organization_id == organization_id)
        return next((row for row in own if row.is_open), None)

    async def list_open(self) -> Sequence[Connection]:
        return [row for row in self._rows.values() if row.is_open]
