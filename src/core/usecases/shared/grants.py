"""The organization of a grant."""

from core.domain.access.authorization import Grant
from core.domain.errors import require
from ports.store.unit_of_work import UnitOfWork


async def check_organization(unit: UnitOfWork, grant: Grant) -> None:
    """Check that the organization for which a role is granted exists.

    Raises:
        NotFound
    """
    if grant.organization_id is not None:
        require(await unit.organizations.get(grant.organization_id), "organization", grant.organization_id)
