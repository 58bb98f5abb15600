"""Show how an organization's connection and mappings fare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.domain.health import Health, halted, healths, worst
from core.domain.identifiers import MappingId, OrganizationId
from core.domain.mappings import EventMapping
from core.domain.organizations import Connection
from core.domain.schedule import Check, last_checks
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
    checks: Mapping[MappingId, Check] = field(default_factory=dict)
    """The last check of each mapping that was checked after its last run."""

    @property
    def overall(self) -> Health:
        """Return how the organization fares: as its worst mapping does."""
        return self.halt or worst(health for _, health in self.mappings)

    def of(self, mapping_id: MappingId) -> Health:
        return next((health for mapping, health in self.mappings if mapping.id == mapping_id), Health())

    def checked_at(self, mapping_id: MappingId) -> datetime | None:
        """Return when it was last found that nothing had changed since a mapping's last run."""
        check = self.checks.get(mapping_id)
        return check.at if check else None


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
            connection,
            [(each, known[each.id]) for each in mappings],
            halted(first) if first else None,
            last_checks((schedule for _, schedule in schedules), ended),
        )


@dataclass(frozen=True, slots=True)
class FindHalt:
    units: Units

    async def __call__(self, organization_id: OrganizationId) -> Health | None:
        """Return what all of the organization's pages say while its connection is halted."""
        async with self.units.reading() as unit:
            halt = await unit.schedules.halt_of(organization_id)
        return halted(halt) if halt else None
