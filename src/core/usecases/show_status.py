"""Show how continuous sync fares: what is due, booked, going on, failing, for each organization."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.organizations import Organization
from ports.clock import Clock
from ports.persistence import Unit, Units


@dataclass(frozen=True, slots=True)
class Status:
    organization: Organization
    continuous: int
    """Mappings with continuous sync."""
    due: int
    queued: int
    running: int
    failing: int
    halted: int
    """Mappings that wait for an admin to give another token."""
    next_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShowStatus:
    units: Units
    clock: Clock

    async def __call__(self) -> Sequence[Status]:
        """Give the status of every organization, by name."""
        async with self.units.reading() as unit:
            now = self.clock.now()
            waiting, going_on = await unit.runs.waiting(now)
            queued = [each.organization_id for each in waiting]
            return [
                await _status(unit, each, now, queued.count(each.id), going_on.get(each.id, 0))
                for each in await unit.organizations.all()
            ]


async def _status(unit: Unit, organization: Organization, now: datetime, queued: int, running: int) -> Status:
    connection = await unit.connections.open_one(organization.id)
    mappings = await unit.mappings.of_connection(connection.id) if connection else []
    schedules = (
        {each.mapping_id: each for each in await unit.schedules.of_connection(connection.id)}
        if connection
        else {}
    )
    continuous = [each for each in mappings if each.is_active and each.continuous_sync]
    known = [schedules[each.id] for each in continuous if each.id in schedules]
    coming = [each.due_at for each in known if not each.is_halted]
    unknown = len(continuous) - len(known)
    return Status(
        organization,
        continuous=len(continuous),
        due=unknown + sum(at <= now for at in coming),
        queued=queued,
        running=running,
        failing=sum(each.is_failing for each in known),
        halted=sum(each.is_halted for each in known),
        next_due_at=min(coming, default=None),
    )
