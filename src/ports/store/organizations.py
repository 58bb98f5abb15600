"""Organizations and their connections."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from core.domain.ids import (
    ConnectionId,
    OrganizationId,
)
from core.domain.tenancy.organizations import Connection, Organization


class Organizations(Protocol):
    async def add(self, organization: Organization) -> None:
        """Add an organization.

        Raises:
            Taken: ORGANIZATION_NAME, ignoring case.
        """
        ...

    async def update(self, organization: Organization) -> None:
        """Store its new token; name and address stay."""
        ...

    async def get(self, organization_id: OrganizationId) -> Organization | None: ...

    async def named(self, name: str) -> Organization | None:
        """Find one by its name, ignoring case."""
        ...

    async def all(self) -> Sequence[Organization]:
        """Give all, by name."""
        ...

    async def remove(self, organization_id: OrganizationId, at: datetime) -> None:
        """Take an organization away with its mappings, runs, outcomes, synced records, API keys, grants and notices.

        Its connections stay, ended at the latest now, without anything in them but their ids: they tell what was
        sent under them.
        """
        ...


class Connections(Protocol):
    async def add(self, connection: Connection) -> None:
        """Add a connection.

        Raises:
            Taken: OPEN_CONNECTION.
        """
        ...

    async def update(self, connection: Connection) -> None: ...

    async def get(self, connection_id: ConnectionId) -> Connection | None: ...

    async def get_open(self, organization_id: OrganizationId) -> Connection | None:
        """Find the organization's open connection."""
        ...

    async def list_open(self) -> Sequence[Connection]:
        """Return the open connections of all organizations, in no particular order."""
        ...

    async def elsewhere(self, sessionboard_url: str) -> Collection[ConnectionId]:
        """Give all connections, ended ones too, of organizations at another Sessionboard address."""
        ...
