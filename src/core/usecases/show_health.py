"""Show how organizations' connections and mappings fare."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.authorization import Actor, Right
from core.domain.ids import OrganizationId
from core.domain.runs.health import Health, halted
from core.domain.runs.organization_health import OrganizationHealth, organization_healths
from core.domain.tenancy.organizations import Organization
from ports.clock import Clock
from ports.persistence import Units


@dataclass(frozen=True, slots=True)
class ShowHealth:
    units: Units
    clock: Clock

    async def __call__(self, organization_id: OrganizationId) -> OrganizationHealth:
        """Judge everything by what is stored; neither system is asked."""
        now = self.clock.now()
        async with self.units.reading() as unit:
            connection = await unit.connections.open_one(organization_id)
            mappings = await unit.mappings.active(organization_id)
            schedules = await unit.schedules.of_open_connections(organization_id)
            ended = await unit.runs.latest_ended(organization_id)
        connections = [connection] if connection else []
        return organization_healths(connections, mappings, schedules, ended, now)[organization_id]


@dataclass(frozen=True, slots=True)
class ListOrganizationHealth:
    units: Units
    clock: Clock

    async def __call__(self, actor: Actor | None) -> Sequence[tuple[Organization, OrganizationHealth]]:
        """Return how each organization fares, by name, with as many queries for all of them as for one.

        Args:
            actor: only the organizations that this one may read; None for all.
        """
        now = self.clock.now()
        async with self.units.reading() as unit:
            organizations = [
                each
                for each in await unit.organizations.all()
                if actor is None or actor.may(Right.READ, each.id)
            ]
            only = organizations[0].id if len(organizations) == 1 else None
            connections = await unit.connections.list_open()
            mappings = await unit.mappings.active(only)
            schedules = await unit.schedules.of_open_connections(only)
            ended = await unit.runs.latest_ended(only)
        known = organization_healths(connections, mappings, schedules, ended, now)
        return [(each, known[each.id]) for each in organizations]


@dataclass(frozen=True, slots=True)
class FindHalt:
    units: Units

    async def __call__(self, organization_id: OrganizationId) -> Health | None:
        """Return what all of the organization's pages say while its connection is halted."""
        async with self.units.reading() as unit:
            halt = await unit.schedules.halt_of(organization_id)
        return halted(halt) if halt else None
