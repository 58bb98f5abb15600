"""Get the status of continuous sync (due, queued, running, failing), per organization and in total."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain.runs.fair_queue import RunCounts, ScheduleCounts, count_continuous, count_runs
from core.domain.runs.health import Health
from core.domain.runs.organization_health import organization_healths
from core.domain.tenancy.organizations import Organization
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Status:
    organization: Organization
    continuous: int
    """Mappings with continuous sync."""
    due: int
    """Mappings without an open run."""
    queued: int
    """Runs, including those behind another run of their mapping and those waiting for recovery."""
    running: int
    failing: int
    halted: int
    """Mappings waiting for an admin to enter a new token."""
    next_due_at: datetime | None = None
    waiting: int = 0
    """Mappings whose continuous sync is waiting for saved settings (rule 24)."""
    health: Health = field(default_factory=Health)
    """The worst health of all its mappings, including those without continuous sync."""
    write_back: int = 0
    """Mappings that write share links back into the source (rule 38)."""
    last_checked_at: datetime | None = None
    """When a check last found one of its mappings unchanged since its last run."""


@dataclass(frozen=True, slots=True)
class GetStatus:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self) -> Sequence[Status]:
        """List the status of all organizations by name."""
        now = self.clock.now()
        async with self.units.read() as unit:
            organizations = await unit.organizations.all()
            work, continuous = await unit.runs.open_work(), await unit.schedules.list_continuous()
            connections, mappings = await unit.connections.list_open(), await unit.mappings.list_active()
            open_schedules = await unit.schedules.list_for_open_connections()
            ended = await unit.runs.latest_ended()
        schedules, runs = count_continuous(continuous, work, now), count_runs(work, now)
        healths = organization_healths(connections, mappings, open_schedules, ended, now)
        write_back = Counter(mapping.organization_id for mapping in mappings if mapping.settings.links.is_on)
        return [
            _status(
                organization,
                schedules.get(organization.id, ScheduleCounts()),
                runs.get(organization.id, RunCounts()),
                healths[organization.id].overall,
                healths[organization.id].last_checked_at,
                write_back=write_back[organization.id],
            )
            for organization in organizations
        ]


def _status(
    organization: Organization,
    schedules: ScheduleCounts,
    runs: RunCounts,
    health: Health,
    last_checked_at: datetime | None,
    *,
    write_back: int,
) -> Status:
    return Status(
        organization,
        continuous=schedules.continuous,
        due=schedules.due,
        queued=runs.queued,
        running=runs.running,
        failing=schedules.failing,
        halted=schedules.halted,
        next_due_at=schedules.next_due_at,
        waiting=schedules.waiting,
        health=health,
        write_back=write_back,
        last_checked_at=last_checked_at,
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """The totals of all organizations."""

    due: int
    queued: int
    running: int
    failing: int
    halted: int
    due_for: timedelta
    """How long the longest due mapping has been due; zero if none is due."""
    queued_for: timedelta
    """How long the longest queued run has been waiting; zero if none is queued."""


@dataclass(frozen=True, slots=True)
class GetQueue:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self) -> Queue:
        """Count everything at one point in time, with two queries whatever else is stored."""
        now = self.clock.now()
        async with self.units.read() as unit:
            work, continuous = await unit.runs.open_work(), await unit.schedules.list_continuous()
        schedules = count_continuous(continuous, work, now).values()
        runs = count_runs(work, now).values()
        return Queue(
            due=sum(counts.due for counts in schedules),
            queued=sum(counts.queued for counts in runs),
            running=sum(counts.running for counts in runs),
            failing=sum(counts.failing for counts in schedules),
            halted=sum(counts.halted for counts in schedules),
            due_for=_longest_wait(now, (counts.next_due_at for counts in schedules)),
            queued_for=_longest_wait(now, (counts.queued_since for counts in runs)),
        )


def _longest_wait(now: datetime, since: Iterable[datetime | None]) -> timedelta:
    # A time in the future means no wait.
    return now - min((start for start in since if start is not None and start < now), default=now)
