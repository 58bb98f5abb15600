"""Let somebody at what they ask for, if they may: the one place where rights are checked.

What somebody may not read does not exist for them: the refusal is the same, word by word, as for an id that nothing
has. What they may read and not change is refused as forbidden.
"""

from dataclasses import dataclass

from core.domain.access.authorization import Actor, Right
from core.domain.errors import check_asked, found
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.usecases.shared.find_run import find_run
from ports.store.unit_of_work import Unit, Units

Asked = tuple[str, str]
"""What was asked for, and by which id: a refusal repeats just that."""


@dataclass(frozen=True, slots=True)
class AdmitToOrganization:
    units: Units

    async def __call__(self, actor: Actor, right: Right, organization_id: OrganizationId) -> Organization:
        """Give the organization.

        Raises:
            NotFound: there is none, or the actor may not know that there is.
            Forbidden
        """
        async with self.units.reading() as unit:
            return await _organization(unit, actor, right, organization_id)


@dataclass(frozen=True, slots=True)
class AdmitToMapping:
    units: Units

    async def __call__(
        self, actor: Actor, right: Right, mapping_id: MappingId
    ) -> tuple[Organization, EventMapping]:
        """Give the mapping and whose it is.

        Raises:
            NotFound, Forbidden
        """
        async with self.units.reading() as unit:
            return await _mapping(unit, actor, right, mapping_id, ("mapping", mapping_id))


@dataclass(frozen=True, slots=True)
class AdmitToRun:
    units: Units

    async def __call__(
        self, actor: Actor, right: Right, run_id: RunId
    ) -> tuple[Organization, EventMapping, SyncRun]:
        """Give the run, its mapping, and whose it is; also by the id of one in whose place it stands.

        Raises:
            NotFound, Forbidden
        """
        async with self.units.reading() as unit:
            check_asked("run", run_id)
            run = await find_run(unit, run_id)
            organization, mapping = await _mapping(unit, actor, right, run.mapping_id, ("run", run_id))
            return organization, mapping, run


async def _organization(
    unit: Unit, actor: Actor, right: Right, organization_id: OrganizationId, asked: Asked | None = None
) -> Organization:
    check_asked("organization", organization_id)
    visible = actor.may(Right.READ, organization_id)
    organization = await unit.organizations.get(organization_id) if visible else None
    known = found(organization, *(asked or ("organization", organization_id)))
    actor.check(right, organization_id)
    return known


async def _mapping(
    unit: Unit, actor: Actor, right: Right, mapping_id: MappingId, asked: Asked
) -> tuple[Organization, EventMapping]:
    check_asked("mapping", mapping_id)
    mapping = found(await unit.mappings.get(mapping_id), *asked)
    organization = await _organization(unit, actor, right, mapping.organization_id, asked)
    return organization, mapping
