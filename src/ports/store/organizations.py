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
            UniqueViolation: ORGANIZATION_NAME, ignoring case.
        """
        ...

    async def update(self, organization: Organization) -> None:
        """Store the organization's new token and access fields; its name and URL do not change."""
        ...

    async def get(self, organization_id: OrganizationId) -> Organization | None: ...

    async def find_by_name(self, name: str) -> Organization | None:
        """Return the organization with this name, ignoring case."""
        ...

    async def all(self) -> Sequence[Organization]:
        """List all organizations by name."""
        ...

    async def remove(self, organization_id: OrganizationId, at: datetime) -> None:
        """Delete an organization with its mappings, runs, outcomes, synced records, API keys, grants and notifications.

        Its connections stay, ended now at the latest and reduced to their ids: what was sent under them is
        recognized by these ids.
        """
        ...


class Connections(Protocol):
    async def add(self, connection: Connection) -> None:
        """Add a connection.

        Raises:
            UniqueViolation: OPEN_CONNECTION.
        """
        ...

    async def update(self, connection: Connection) -> None: ...

    async def get(self, connection_id: ConnectionId) -> Connection | None: ...

    async def get_open(self, organization_id: OrganizationId) -> Connection | None:
        """Return the organization's open connection."""
        ...

    async def list_open(self) -> Sequence[Connection]:
        """List the open connections of all organizations, in no particular order."""
        ...

    async def list_at_other_sources(self, source_url: str) -> Collection[ConnectionId]:
        """List all connections, including ended ones, of organizations with another source URL."""
        ...
