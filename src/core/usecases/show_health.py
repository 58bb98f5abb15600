"""Show how an organization's connection and mappings fare."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.health import Health, halted, healths, worst
from core.domain.identifiers import MappingId, OrganizationId
from core.domain.mappings import EventMapping
from core.domain.organizations import Connection
from ports.clock import Clock
from ports.persistence import Units


@dataclass(frozen=True, slots=True)
class OrganizationHealth:
    connection: Connection | None
    """The open one."""
    mappings: Sequence[tuple[EventMapping, Health]]
    """The active ones, oldest first."""
    halt: Health | None = None
    """How all of them fare, where a token was refused."""

    @property
    def overall(self) -> Health:
        """Return how the organization fares: as its worst mapping does."""
        return self.halt or worst(health for _, health in self.mappings)

    def of(self, mapping_id: MappingId) -> Health:
        return next((health for mapping, health in self.mappings if mapping.id == mapping_id), Health())


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
        known = healths(mappings, schedules, ended, now)
        halts = [schedule.halt for _, schedule in schedules if schedule.halt]
        first = min(halts, key=lambda each: each.since, default=None)
        return OrganizationHealth(
            connection, [(each, known[each.id]) for each in mappings], halted(first) if first else None
        )


@dataclass(frozen=True, slots=True)
class FindHalt:
    units: Units

    async def __call__(self, organization_id: OrganizationId) -> Health | None:
        """Return what all of the organization's pages say while its connection is halted."""
        async with self.units.reading() as unit:
            halt = await unit.schedules.halt_of(organization_id)
        return halted(halt) if halt else None
