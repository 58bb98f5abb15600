"""Let somebody at what they ask for, if they may: the one place where rights are checked.

What somebody may not read does not exist for them: the refusal is the same, word by word, as for an id that nothing
has. What they may read and not change is refused as forbidden.
"""

from dataclasses import dataclass

from core.domain.access.authorization import Actor, Permission
from core.domain.errors import require, validate_id
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.usecases.shared.get_run import get_run
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

Asked = tuple[str, str]
"""What was asked for, and by which id: a refusal repeats just that."""


@dataclass(frozen=True, slots=True)
class AuthorizeOrganization:
    units: UnitOfWorkFactory

    async def __call__(
        self, actor: Actor, right: Permission, organization_id: OrganizationId
    ) -> Organization:
        """Give the organization.

        Raises:
            NotFound: there is none, or the actor may not know that there is.
            Forbidden
        """
        async with self.units.read() as unit:
            return await _organization(unit, actor, right, organization_id)


@dataclass(frozen=True, slots=True)
class AuthorizeMapping:
    units: UnitOfWorkFactory

    async def __call__(
        self, actor: Actor, right: Permission, mapping_id: MappingId
    ) -> tuple[Organization, EventMapping]:
        """Give the mapping and whose it is.

        Raises:
            NotFound, Forbidden
        """
        async with self.units.read() as unit:
            return await _mapping(unit, actor, right, mapping_id, ("mapping", mapping_id))


@dataclass(frozen=True, slots=True)
class AuthorizeRun:
    units: UnitOfWorkFactory

    async def __call__(
        self, actor: Actor, right: Permission, run_id: RunId
    ) -> tuple[Organization, EventMapping, SyncRun]:
        """Give the run, its mapping, and whose it is; also by the id of one in whose place it stands.

        Raises:
            NotFound, Forbidden
        """
        async with self.units.read() as unit:
            validate_id("run", run_id)
            run = await get_run(unit, run_id)
            organization, mapping = await _mapping(unit, actor, right, run.mapping_id, ("run", run_id))
            return organization, mapping, run


async def _organization(
    unit: UnitOfWork,
    actor: Actor,
    right: Permission,
    organization_id: OrganizationId,
    asked: Asked | None = None,
) -> Organization:
    validate_id("organization", organization_id)
    visible = actor.may(Permission.READ, organization_id)
    organization = await unit.organizations.get(organization_id) if visible else None
    known = require(organization, *(asked or ("organization", organization_id)))
    actor.check(right, organization_id)
    return known


async def _mapping(
    unit: UnitOfWork, actor: Actor, right: Permission, mapping_id: MappingId, asked: Asked
) -> tuple[Organization, EventMapping]:
    validate_id("mapping", mapping_id)
    mapping = require(await unit.mappings.get(mapping_id), *asked)
    organization = await _organization(unit, actor, right, mapping.organization_id, asked)
    return organization, mapping
