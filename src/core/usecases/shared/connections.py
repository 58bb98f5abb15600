"""The open connection of an organization."""

from core.domain.errors import NotConnected, require
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Connection, Organization
from ports.store.unit_of_work import UnitOfWork


async def get_connected(unit: UnitOfWork, organization_id: OrganizationId) -> tuple[Organization, Connection]:
    """Return an organization with its open connection.

    Raises:
        NotFound, NotConnected
    """
    organization = require(await unit.organizations.get(organization_id), "organization", organization_id)
    connection = await unit.connections.get_open(organization_id)
    if connection is None:
        raise NotConnected(organization.name)
    return organization, connection
