"""The health of an organization: its connection and each of its mappings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.domain.ids import MappingId, OrganizationId
from core.domain.runs.health import Health, halted, healths, worst
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Check, Halt, Schedule, last_checks
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection


@dataclass(frozen=True, slots=True)
class OrganizationHealth:
    connection: Connection | None = None
    """The open connection."""
    mappings: Sequence[tuple[EventMapping, Health]] = ()
    """The active mappings, oldest first."""
    halt: Health | None = None
    """The health of all mappings if a token was refused."""
    checks: Mapping[MappingId, Check] = field(default_factory=dict)
    """The last check of each mapping that was checked after its last run."""
    last_runs: Mapping[MappingId, SyncRun] = field(default_factory=dict)
    """The last ended run of each mapping that has one."""

    @property
    def overall(self) -> Health:
        """Return the health of the organization, which is that of its worst mapping."""
        return self.halt or worst(health for _, health in self.mappings)

    def of(self, mapping_id: MappingId) -> Health:
        return next((health for mapping, health in self.mappings if mapping.id == mapping_id), Health())

    def checked_at(self, mapping_id: MappingId) -> datetime | None:
        """Return the time of the last check that found nothing changed since the mapping's last run."""
        check = self.checks.get(mapping_id)
        return check.at if check else None

    @property
    def last_checked_at(self) -> datetime | None:
        return max((check.at for check in self.checks.values()), default=None)


def organization_healths(
    connections: Iterable[Connection],
    mappings: Iterable[EventMapping],
    schedules: Iterable[tuple[OrganizationId, Schedule]],
    ended: Iterable[SyncRun],
    now: datetime,
) -> defaultdict[OrganizationId, OrganizationHealth]:
    """Return the health of organizations; those without a connection count as healthy.

    Args:
        connections: the organizations' open connections.
        mappings: the active mappings, oldest first.
        schedules: of the open connections' mappings, including removed ones.
        ended: the last ended run of each mapping and scope, newest first.
        now: the current time.
    """
    mappings, schedules, ended = list(mappings), list(schedules), list(ended)
    health_by_mapping = healths(mappings, schedules, ended, now)
    owners = {mapping.id: mapping.organization_id for mapping in mappings}
    checks = defaultdict[OrganizationId, dict[MappingId, Check]](dict)
    for mapping_id, check in last_checks((schedule for _, schedule in schedules), ended).items():
        if mapping_id in owners:
            checks[owners[mapping_id]][mapping_id] = check
    last_runs = defaultdict[OrganizationId, dict[MappingId, SyncRun]](dict)
    for run in ended:
        if run.mapping_id in owners:
            last_runs[owners[run.mapping_id]].setdefault(run.mapping_id, run)
    active = defaultdict[OrganizationId, list[tuple[EventMapping, Health]]](list)
    for mapping in mappings:
        active[mapping.organization_id].append((mapping, health_by_mapping[mapping.id]))
    halts: dict[OrganizationId, Halt] = {}
    for owner, schedule in schedules:
        if schedule.halt:
            halts[owner] = min(halts.get(owner, schedule.halt), schedule.halt, key=lambda halt: halt.since)
    result = defaultdict[OrganizationId, OrganizationHealth](OrganizationHealth)
    for connection in connections:
        owner = connection.organization_id
        halt = halted(halts[owner]) if owner in halts else None
        result[owner] = OrganizationHealth(connection, active[owner], halt, checks[owner], last_runs[owner])
    return result
