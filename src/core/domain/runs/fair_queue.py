"""Whose turn it is: which runs and checks start next, so that no organization waits for another one's many."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush

from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.run import RunState, Trigger

MAX_PER_ORGANIZATION = 2
"""Runs and checks of one organization that go on at once."""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """A run that has not ended, or a check that goes on."""

    run_id: RunId | None
    """None for a check."""
    mapping_id: MappingId
    organization_id: OrganizationId
    trigger: Trigger
    state: RunState
    since: datetime
    """When it was asked for."""
    lease_until: datetime | None = None

    def is_carried_out(self, now: datetime) -> bool:
        return self.state is RunState.RUNNING and self.lease_until is not None and self.lease_until > now


@dataclass(frozen=True, slots=True)
class DueMapping:
    """A mapping whose time for continuous sync has come."""

    mapping_id: MappingId
    organization_id: OrganizationId
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ContinuousMapping:
    """A mapping with continuous sync."""

    mapping_id: MappingId
    organization_id: OrganizationId
    due_at: datetime
    """By its schedule; where it has none yet, when it was mapped."""
    waits_for_settings: bool
    """To be saved: until then it is not due (rule 24)."""
    has_failed: bool
    is_halted: bool


@dataclass(frozen=True, slots=True)
class ScheduleCounts:
    """An organization's mappings with continuous sync."""

    continuous: int = 0
    due: int = 0
    """Those that have never been synced, too; not those that have an open run: it is what they were due for."""
    failing: int = 0
    halted: int = 0
    next_due_at: datetime | None = None
    """Of those without an open run; in the past where one is due already."""
    waiting: int = 0
    """For their settings to be saved."""


@dataclass(frozen=True, slots=True)
class QueuedWork:
    """What somebody is to carry out: a run, or the check of a mapping that is due."""

    run_id: RunId | None
    """None for a check."""
    mapping_id: MappingId
    organization_id: OrganizationId
    trigger: Trigger
    since: datetime
    is_abandoned: bool = False
    """It was running, and gives no sign of life any more."""


@dataclass(frozen=True, slots=True)
class RunCounts:
    """An organization's runs."""

    queued: int = 0
    """Those that wait for another run of their mapping, or to be taken over after their process died, too."""
    running: int = 0
    queued_since: datetime | None = None
    """From when on the one has waited that has waited longest."""


def waiting(work: Sequence[OpenWork], due: Iterable[DueMapping], now: datetime) -> Iterator[QueuedWork]:
    """Choose what waits to be carried out.

    Args:
        work: all that is open, in the order in which it was asked for.
        due: the mappings whose time has come.
        now: when it is asked.
    """
    running = {each.mapping_id for each in work if each.state is RunState.RUNNING and each.run_id}
    for each in work:
        if each.run_id is None or each.is_carried_out(now):
            continue
        is_abandoned = each.state is RunState.RUNNING
        # What is queued behind a running run comes once that one has ended.
        if is_abandoned or each.mapping_id not in running:
            who = each.run_id, each.mapping_id, each.organization_id
            yield QueuedWork(*who, each.trigger, each.since, is_abandoned=is_abandoned)
    busy = {each.mapping_id for each in work if each.run_id or each.is_carried_out(now)}
    for mapping in due:
        if mapping.mapping_id not in busy:
            yield QueuedWork(
                None, mapping.mapping_id, mapping.organization_id, Trigger.CONTINUOUS, mapping.due_at
            )


def carried_out(work: Iterable[OpenWork], now: datetime) -> Mapping[OrganizationId, int]:
    """Count what goes on, by organization."""
    return Counter(each.organization_id for each in work if each.is_carried_out(now))


def count_runs(work: Iterable[OpenWork], now: datetime) -> Mapping[OrganizationId, RunCounts]:
    """Count the open runs of every organization that has any."""
    queued, running = defaultdict[OrganizationId, list[datetime]](list), Counter[OrganizationId]()
    for each in work:
        if each.run_id is None:
            continue
        if each.is_carried_out(now):
            running[each.organization_id] += 1
        else:
            is_abandoned = each.state is RunState.RUNNING
            queued[each.organization_id].append((is_abandoned and each.lease_until) or each.since)
    return {
        who: RunCounts(len(queued[who]), running[who], min(queued[who], default=None))
        for who in {*queued, *running}
    }


def count_continuous(
    mappings: Iterable[ContinuousMapping], work: Iterable[OpenWork], now: datetime
) -> Mapping[OrganizationId, ScheduleCounts]:
    """Count the mappings with continuous sync of every organization that has any."""
    have_runs = {each.mapping_id for each in work if each.run_id}
    own = defaultdict[OrganizationId, list[ContinuousMapping]](list)
    for mapping in mappings:
        own[mapping.organization_id].append(mapping)
    counts: dict[OrganizationId, ScheduleCounts] = {}
    for organization_id, those in own.items():
        coming = [
            each.due_at
            for each in those
            if not (each.is_halted or each.waits_for_settings or each.mapping_id in have_runs)
        ]
        counts[organization_id] = ScheduleCounts(
            len(those),
            due=sum(due_at <= now for due_at in coming),
            failing=sum(each.has_failed or each.is_halted for each in those),
            halted=sum(each.is_halted for each in those),
            next_due_at=min(coming, default=None),
            waiting=sum(each.waits_for_settings for each in those),
        )
    return counts


def select_next(
    waiting: Iterable[QueuedWork],
    busy: Mapping[OrganizationId, int],
    room: int,
    room_by_itself: int | None = None,
    most: int = MAX_PER_ORGANIZATION,
) -> Sequence[QueuedWork]:
    """Choose what starts now: what people asked for first, then one organization after the other.

    Args:
        waiting: all that waits.
        busy: how much of each organization goes on.
        room: how many can start at the most.
        room_by_itself: how many of continuous sync; the rest of the places are kept for runs asked for by hand.
        most: of one organization that may go on at once.
    """
    going_on, chosen, by_age = Counter(busy), list[QueuedWork](), sorted(waiting, key=lambda each: each.since)
    rooms = {Trigger.MANUAL: room, Trigger.CONTINUOUS: room if room_by_itself is None else room_by_itself}
    for trigger, its_room in rooms.items():
        queues: dict[OrganizationId, deque[QueuedWork]] = defaultdict(deque)
        for each in by_age:
            if each.trigger is trigger:
                queues[each.organization_id].append(each)
        # Who has the fewest going on is next; among equals, who has waited longest.
        free = [(going_on[who], queue[0].since, who) for who, queue in queues.items() if going_on[who] < most]
        heapify(free)
        while free and len(chosen) < its_room:
            *_, who = heappop(free)
            chosen.append(queues[who].popleft())
            going_on[who] += 1
            if queues[who] and going_on[who] < most:
                heappush(free, (going_on[who], queues[who][0].since, who))
    return chosen
