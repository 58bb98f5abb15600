"""A mapping with the credentials of its source."""

from core.domain.errors import require
from core.domain.ids import MappingId
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import SealedCredentials
from ports.store.unit_of_work import UnitOfWorkFactory


async def get_mapping_access(
    units: UnitOfWorkFactory, mapping_id: MappingId
) -> tuple[EventMapping, SealedCredentials]:
    """Return an active mapping with the sealed credentials of its source.

    Raises:
        NotFound, NotMapped
    """
    async with units.read() as unit:
        mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
        mapping.check_active()
        organization = require(
            await unit.organizations.get(mapping.organization_id), "organization", mapping.organization_id
        )
    return mapping, organization.source_access
