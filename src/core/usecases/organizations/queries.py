"""Read organizations and their connections."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.errors import require, validate_id
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Connection, Organization
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class FindOrganization:
    units: UnitOfWorkFactory

    async def __call__(self, id_or_name: str) -> Organization:
        """Find an organization by its id or name.

        Raises:
            NotFound
        """
        validate_id("organization", id_or_name)
        async with self.units.read() as unit:
            organization = await unit.organizations.get(OrganizationId(id_or_name))
            organization = organization or await unit.organizations.find_by_name(id_or_name.strip())
        return require(organization, "organization", id_or_name)


@dataclass(frozen=True, slots=True)
class ListOrganizations:
    units: UnitOfWorkFactory

    async def __call__(self) -> Sequence[tuple[Organization, Connection | None]]:
        """List all organizations by name, each with its open connection."""
        async with self.units.read() as unit:
            organizations = await unit.organizations.all()
            open_connections = await unit.connections.list_open()
        connections = {connection.organization_id: connection for connection in open_connections}
        return [(organization, connections.get(organization.id)) for organization in organizations]


@dataclass(frozen=True, slots=True)
class FindConnection:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> Connection | None:
        """Return the organization's open connection, if there is one."""
        async with self.units.read() as unit:
            return await unit.connections.get_open(organization_id)
