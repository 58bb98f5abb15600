"""The fair queue: which runs and checks start next, so that no organization blocks the others."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush

from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.run import RunState, Trigger

MAX_PER_ORGANIZATION = 2
"""Concurrent runs and checks of one organization."""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """A run that has not ended, or a running check."""

    run_id: RunId | None
    """None for a check."""
    mapping_id: MappingId
    organization_id: OrganizationId
    trigger: Trigger
    state: RunState
    since: datetime
    """When it was requested."""
    lease_until: datetime | None = None

    def is_carried_out(self, now: datetime) -> bool:
        return self.state is RunState.RUNNING and self.lease_until is not None and self.lease_until > now


@dataclass(frozen=True, slots=True)
class DueMapping:
    """A mapping that is due for continuous sync."""

    mapping_id: MappingId
    organization_id: OrganizationId
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ContinuousMapping:
    """A mapping with continuous sync."""

    mapping_id: MappingId
    organization_id: OrganizationId
    due_at: datetime
    """From its schedule; when it was mapped if it has no schedule yet."""
    waits_for_settings: bool
    """Its settings are not saved yet, so it is not due (rule 24)."""
    has_failed: bool
    is_halted: bool


@dataclass(frozen=True, slots=True)
class ScheduleCounts:
    """Counts of an organization's mappings with continuous sync."""

    continuous: int = 0
    due: int = 0
    """Includes mappings that were never synced, but not those with an open run."""
    failing: int = 0
    halted: int = 0
    next_due_at: datetime | None = None
    """Of mappings without an open run; in the past if one is already due."""
    waiting: int = 0
    """Mappings whose settings are not saved yet."""


@dataclass(frozen=True, slots=True)
class QueuedWork:
    """Work to be carried out: a run, or the check of a due mapping."""

    run_id: RunId | None
    """None for a check."""
    mapping_id: MappingId
    organization_id: OrganizationId
    trigger: Trigger
    since: datetime
    is_abandoned: bool = False
    """It was running, but its lease has expired."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Counts of an organization's runs."""

    queued: int = 0
    """Includes runs that wait for another run of their mapping, and abandoned ones that wait for recovery."""
    running: int = 0
    queued_since: datetime | None = None
    """Since when the oldest queued run has been waiting."""


def waiting(work: Sequence[OpenWork], due: Iterable[DueMapping], now: datetime) -> Iterator[QueuedWork]:
    """Yield the work that waits to be carried out.

    Args:
        work: all open work, in the order in which it was requested.
        due: the mappings that are due.
        now: the current time.
    """
    running = {item.mapping_id for item in work if item.state is RunState.RUNNING and item.run_id}
    for item in work:
        if item.run_id is None or item.is_carried_out(now):
            continue
        is_abandoned = item.state is RunState.RUNNING
        # A run queued behind a running one starts once that one has ended.
        if is_abandoned or item.mapping_id not in running:
            ids = item.run_id, item.mapping_id, item.organization_id
            yield QueuedWork(*ids, item.trigger, item.since, is_abandoned=is_abandoned)
    busy = {item.mapping_id for item in work if item.run_id or item.is_carried_out(now)}
    for mapping in due:
        if mapping.mapping_id not in busy:
            yield QueuedWork(
                None, mapping.mapping_id, mapping.organization_id, Trigger.CONTINUOUS, mapping.due_at
            )


def carried_out(work: Iterable[OpenWork], now: datetime) -> Mapping[OrganizationId, int]:
    """Count the work that is being carried out, by organization."""
    return Counter(item.organization_id for item in work if item.is_carried_out(now))


def count_runs(work: Iterable[OpenWork], now: datetime) -> Mapping[OrganizationId, RunCounts]:
    """Count the open runs, by organization."""
    queued, running = defaultdict[OrganizationId, list[datetime]](list), Counter[OrganizationId]()
    for item in work:
        if item.run_id is None:
            continue
        if item.is_carried_out(now):
            running[item.organization_id] += 1
        else:
            is_abandoned = item.state is RunState.RUNNING
            queued[item.organization_id].append((is_abandoned and item.lease_until) or item.since)
    return {
        owner: RunCounts(len(queued[owner]), running[owner], min(queued[owner], default=None))
        for owner in {*queued, *running}
    }


def count_continuous(
    mappings: Iterable[ContinuousMapping], work: Iterable[OpenWork], now: datetime
) -> Mapping[OrganizationId, ScheduleCounts]:
    """Count the mappings with continuous sync, by organization."""
    have_runs = {item.mapping_id for item in work if item.run_id}
    by_organization = defaultdict[OrganizationId, list[ContinuousMapping]](list)
    for mapping in mappings:
        by_organization[mapping.organization_id].append(mapping)
    counts: dict[OrganizationId, ScheduleCounts] = {}
    for organization_id, owned in by_organization.items():
        due_times = [
            mapping.due_at
            for mapping in owned
            if not (mapping.is_halted or mapping.waits_for_settings or mapping.mapping_id in have_runs)
        ]
        counts[organization_id] = ScheduleCounts(
            len(owned),
            due=sum(due_at <= now for due_at in due_times),
            failing=sum(mapping.has_failed or mapping.is_halted for mapping in owned),
            halted=sum(mapping.is_halted for mapping in owned),
            next_due_at=min(due_times, default=None),
            waiting=sum(mapping.waits_for_settings for mapping in owned),
        )
    return counts


def select_next(
    waiting: Iterable[QueuedWork],
    busy: Mapping[OrganizationId, int],
    capacity: int,
    continuous_capacity: int | None = None,
    max_per_organization: int = MAX_PER_ORGANIZATION,
) -> Sequence[QueuedWork]:
    """Select what starts now: manual requests first, then fairly by organization.

    Args:
        waiting: all waiting work.
        busy: how much is being carried out, by organization.
        capacity: the maximum number to start.
        continuous_capacity: the part of it for continuous sync; the rest is reserved for manual runs.
        max_per_organization: concurrent runs and checks of one organization.
    """
    running, selected = Counter(busy), list[QueuedWork]()
    by_age = sorted(waiting, key=lambda item: item.since)
    if continuous_capacity is None:
        continuous_capacity = capacity
    for trigger, limit in ((Trigger.MANUAL, capacity), (Trigger.CONTINUOUS, continuous_capacity)):
        queues: dict[OrganizationId, deque[QueuedWork]] = defaultdict(deque)
        for item in by_age:
            if item.trigger is trigger:
                queues[item.organization_id].append(item)
        # The organization with the least running work is next; among equals, the one that has waited longest.
        candidates = [
            (running[owner], queue[0].since, owner)
            for owner, queue in queues.items()
            if running[owner] < max_per_organization
        ]
        heapify(candidates)
        while candidates and len(selected) < limit:
            *_, owner = heappop(candidates)
            selected.append(queues[owner].popleft())
            running[owner] += 1
            if queues[owner] and running[owner] < max_per_organization:
                heappush(candidates, (running[owner], queues[owner][0].since, owner))
    return selected
