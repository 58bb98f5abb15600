"""List the health of organizations."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.authorization import Actor, Permission
from core.domain.runs.organization_health import OrganizationHealth, organization_healths
from core.domain.tenancy.organizations import Organization
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ListOrganizationHealth:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, actor: Actor | None) -> Sequence[tuple[Organization, OrganizationHealth]]:
        """List the organizations' health by name, with the same number of queries however many there are.

        Args:
            actor: list only the organizations that this actor may read; None for all.
        """
        now = self.clock.now()
        async with self.units.read() as unit:
            organizations = [
                organization
                for organization in await unit.organizations.all()
                if actor is None or actor.may(Permission.READ, organization.id)
            ]
            only = organizations[0].id if len(organizations) == 1 else None
            connections = await unit.connections.list_open()
            mappings = await unit.mappings.list_active(only)
            schedules = await unit.schedules.list_for_open_connections(only)
            ended = await unit.runs.latest_ended(only)
        health = organization_healths(connections, mappings, schedules, ended, now)
        return [(organization, health[organization.id]) for organization in organizations]
