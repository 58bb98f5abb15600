"""List how organizations fare."""

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
        """Return how each organization fares, by name, with as many queries for all of them as for one.

        Args:
            actor: only the organizations that this one may read; None for all.
        """
        now = self.clock.now()
        async with self.units.read() as unit:
            organizations = [
                each
                for each in await unit.organizations.all()
                if actor is None or actor.may(Permission.READ, each.id)
            ]
            only = organizations[0].id if len(organizations) == 1 else None
            connections = await unit.connections.list_open()
            mappings = await unit.mappings.active(only)
            schedules = await unit.schedules.list_by_open_connections(only)
            ended = await unit.runs.latest_ended(only)
        known = organization_healths(connections, mappings, schedules, ended, now)
        return [(each, known[each.id]) for each in organizations]
