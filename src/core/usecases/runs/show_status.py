"""Show how continuous sync fares: what is due, booked, going on, failing; for each organization, and in all."""

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
    """Runs, those behind another one of their mapping and those that wait to be taken over too."""
    running: int
    failing: int
    halted: int
    """Mappings that wait for an admin to give another token."""
    next_due_at: datetime | None = None
    waiting: int = 0
    """Mappings whose continuous sync waits for their settings to be saved (rule 24)."""
    health: Health = field(default_factory=Health)
    """The worst of all its mappings', those without continuous sync too."""
    last_checked_at: datetime | None = None
    """When it was last found of one of its mappings that nothing had changed since its last run."""


@dataclass(frozen=True, slots=True)
class GetStatus:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self) -> Sequence[Status]:
        """Give the status of every organization, by name."""
        now = self.clock.now()
        async with self.units.read() as unit:
            organizations = await unit.organizations.all()
            work, continuous = await unit.runs.open_work(), await unit.schedules.continuous()
            connections, mappings = await unit.connections.list_open(), await unit.mappings.active()
            known = await unit.schedules.list_by_open_connections()
            ended = await unit.runs.latest_ended()
        schedules, runs = count_continuous(continuous, work, now), count_runs(work, now)
        judged = organization_healths(connections, mappings, known, ended, now)
        return [
            _status(
                each,
                schedules.get(each.id, ScheduleCounts()),
                runs.get(each.id, RunCounts()),
                judged[each.id].overall,
                judged[each.id].last_checked_at,
            )
            for each in organizations
        ]


def _status(
    organization: Organization,
    schedules: ScheduleCounts,
    runs: RunCounts,
    health: Health,
    last_checked_at: datetime | None,
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
        last_checked_at=last_checked_at,
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """All organizations together."""

    due: int
    queued: int
    running: int
    failing: int
    halted: int
    due_for: timedelta
    """How long the mapping that has been due the longest has been so; nothing where none is."""
    queued_for: timedelta
    """How long the run has waited that has waited longest."""


@dataclass(frozen=True, slots=True)
class GetQueue:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self) -> Queue:
        """Count everything at one moment: two questions, whatever is stored besides."""
        now = self.clock.now()
        async with self.units.read() as unit:
            work, continuous = await unit.runs.open_work(), await unit.schedules.continuous()
        schedules = count_continuous(continuous, work, now).values()
        runs = count_runs(work, now).values()
        return Queue(
            due=sum(each.due for each in schedules),
            queued=sum(each.queued for each in runs),
            running=sum(each.running for each in runs),
            failing=sum(each.failing for each in schedules),
            halted=sum(each.halted for each in schedules),
            due_for=_longest(now, (each.next_due_at for each in schedules)),
            queued_for=_longest(now, (each.queued_since for each in runs)),
        )


def _longest(now: datetime, since: Iterable[datetime | None]) -> timedelta:
    # What is still to come has not waited at all.
    return now - min((each for each in since if each is not None and each < now), default=now)
