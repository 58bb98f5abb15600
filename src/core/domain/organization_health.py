"""How a connected organization fares: its connection, and each of its mappings."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.health import Health, halted, healths, worst
from core.domain.identifiers import MappingId, OrganizationId
from core.domain.mappings import EventMapping
from core.domain.organizations import Connection
from core.domain.runs import SyncRun
from core.domain.schedule import Halt, Schedule


@dataclass(frozen=True, slots=True)
class OrganizationHealth:
    connection: Connection | None = None
    """The open one."""
    mappings: Sequence[tuple[EventMapping, Health]] = ()
    """The active ones, oldest first."""
    halt: Health | None = None
    """How all of them fare, where a token was refused."""

    @property
    def overall(self) -> Health:
        """Return how the organization fares: as its worst mapping does."""
        return self.halt or worst(health for _, health in self.mappings)

    def of(self, mapping_id: MappingId) -> Health:
        return next((health for mapping, health in self.mappings if mapping.id == mapping_id), Health())


def organization_healths(
    connections: Iterable[Connection],
    mappings: Iterable[EventMapping],
    schedules: Iterable[tuple[OrganizationId, Schedule]],
    ended: Iterable[SyncRun],
    now: datetime,
) -> defaultdict[OrganizationId, OrganizationHealth]:
    """Judge how organizations fare, those without a connection as healthy.

    Args:
        connections: the open ones of the organizations in question.
        mappings: the active ones, oldest first.
        schedules: of the open connections' mappings, removed ones too.
        ended: of each mapping and scope the newest run that has ended, the newest first.
        now: when it is asked.
    """
    mappings, schedules = list(mappings), list(schedules)
    judged = healths(mappings, schedules, ended, now)
    active = defaultdict[OrganizationId, list[tuple[EventMapping, Health]]](list)
    for mapping in mappings:
        active[mapping.organization_id].append((mapping, judged[mapping.id]))
    first: dict[OrganizationId, Halt] = {}
    for owner, schedule in schedules:
        if schedule.halt:
            first[owner] = min(first.get(owner, schedule.halt), schedule.halt, key=lambda each: each.since)
    known = defaultdict[OrganizationId, OrganizationHealth](OrganizationHealth)
    for connection in connections:
        owner = connection.organization_id
        halt = halted(first[owner]) if owner in first else None
        known[owner] = OrganizationHealth(connection, active[owner], halt)
    return known
