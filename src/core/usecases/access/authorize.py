"""Authorize access to an organization, a mapping or a run: the only place where permissions are checked.

What an actor may not read does not exist for them: the error is the same, word for word, as for an unknown id. What
an actor may read but not change is refused as forbidden.
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

Requested = tuple[str, str]
"""The kind and id of what was requested: an error repeats exactly these."""


@dataclass(frozen=True, slots=True)
class AuthorizeOrganization:
    units: UnitOfWorkFactory

    async def __call__(
        self, actor: Actor, permission: Permission, organization_id: OrganizationId
    ) -> Organization:
        """Return the organization.

        Raises:
            NotFound: it does not exist, or the actor may not read it.
            Forbidden
        """
        async with self.units.read() as unit:
            return await _organization(unit, actor, permission, organization_id)


@dataclass(frozen=True, slots=True)
class AuthorizeMapping:
    units: UnitOfWorkFactory

    async def __call__(
        self, actor: Actor, permission: Permission, mapping_id: MappingId
    ) -> tuple[Organization, EventMapping]:
        """Return the mapping and its organization.

        Raises:
            NotFound, Forbidden
        """
        async with self.units.read() as unit:
            return await _mapping(unit, actor, permission, mapping_id, ("mapping", mapping_id))


@dataclass(frozen=True, slots=True)
class AuthorizeRun:
    units: UnitOfWorkFactory

    async def __call__(
        self, actor: Actor, permission: Permission, run_id: RunId
    ) -> tuple[Organization, EventMapping, SyncRun]:
        """Return the run, its mapping and its organization; see `get_run` for ids of older runs.

        Raises:
            NotFound, Forbidden
        """
        async with self.units.read() as unit:
            validate_id("run", run_id)
            run = await get_run(unit, run_id)
            organization, mapping = await _mapping(unit, actor, permission, run.mapping_id, ("run", run_id))
            return organization, mapping, run


async def _organization(
    unit: UnitOfWork,
    actor: Actor,
    permission: Permission,
    organization_id: OrganizationId,
    requested: Requested | None = None,
) -> Organization:
    validate_id("organization", organization_id)
    visible = actor.may(Permission.READ, organization_id)
    organization = await unit.organizations.get(organization_id) if visible else None
    known = require(organization, *(requested or ("organization", organization_id)))
    actor.check(permission, organization_id)
    return known


async def _mapping(
    unit: UnitOfWork, actor: Actor, permission: Permission, mapping_id: MappingId, requested: Requested
) -> tuple[Organization, EventMapping]:
    validate_id("mapping", mapping_id)
    mapping = require(await unit.mappings.get(mapping_id), *requested)
    organization = await _organization(unit, actor, permission, mapping.organization_id, requested)
    return organization, mapping
