"""Get the health and the state of an organization's connection and mappings."""

from dataclasses import dataclass

from core.domain.ids import OrganizationId
from core.domain.runs.health import Health, halted
from core.domain.runs.organization_health import OrganizationHealth, organization_healths
from core.domain.systems import ExternalSystem
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class GetHealth:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, organization_id: OrganizationId) -> OrganizationHealth:
        """Return the organization's health, from stored data only."""
        now = self.clock.now()
        async with self.units.read() as unit:
            connection = await unit.connections.get_open(organization_id)
            mappings = await unit.mappings.list_active(organization_id)
            schedules = await unit.schedules.list_for_open_connections(organization_id)
            ended = await unit.runs.latest_ended(organization_id)
        connections = [connection] if connection else []
        return organization_healths(connections, mappings, schedules, ended, now)[organization_id]


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What all of an organization's pages say about its open connection."""

    destination: ExternalSystem | None
    """None without an open connection."""
    halt: Health | None
    """The health to show while the connection is halted."""


@dataclass(frozen=True, slots=True)
class FindConnectionState:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> ConnectionState:
        async with self.units.read() as unit:
            destination, halt = await unit.schedules.find_destination(organization_id) or (None, None)
        return ConnectionState(destination, halted(halt) if halt else None)


@dataclass(frozen=True, slots=True)
class FindHalt:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> Health | None:
        """Return the health to show on the pages of a mapping while its connection is halted."""
        async with self.units.read() as unit:
            halt = await unit.schedules.find_halt(organization_id)
        return halted(halt) if halt else None
