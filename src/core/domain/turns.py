"""Whose turn it is: which of the waiting runs start, so that no organization waits for another one's many."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush

from core.domain.identifiers import MappingId, OrganizationId, RunId
from core.domain.runs import Trigger

MOST_PER_ORGANIZATION = 2
"""Runs of one organization that go on at once, or are booked by themselves."""


@dataclass(frozen=True, slots=True)
class WaitingRun:
    run_id: RunId
    mapping_id: MappingId
    organization_id: OrganizationId
    trigger: Trigger
    requested_at: datetime
    is_abandoned: bool = False
    """It was running, and gives no sign of life any more."""


def place_of(
    trigger: Trigger, requested_at: datetime, paused_until: datetime | None, *, is_awaited: bool = False
) -> tuple[Trigger, datetime]:
    """Tell as what, and since when, a run waits.

    One that had a slice already queues anew, whoever asked for it, unless somebody waits for the run behind it.
    """
    if paused_until is None:
        return trigger, requested_at
    return Trigger.MANUAL if is_awaited else Trigger.CONTINUOUS, paused_until


def next_in_turn(
    waiting: Iterable[WaitingRun],
    running: Mapping[OrganizationId, int],
    room: int,
    most: int = MOST_PER_ORGANIZATION,
) -> Sequence[WaitingRun]:
    """Choose what starts now: what people asked for first, then one organization after the other.

    Args:
        waiting: all that wait.
        running: how many of each organization are going on.
        room: how many can start at the most.
        most: of one organization that may go on at once.
    """
    busy, chosen = Counter(running), list[WaitingRun]()
    for trigger in (Trigger.MANUAL, Trigger.CONTINUOUS):
        queues: dict[OrganizationId, deque[WaitingRun]] = defaultdict(deque)
        for each in sorted(waiting, key=lambda run: run.requested_at):
            if each.trigger is trigger:
                queues[each.organization_id].append(each)
        # Who has the fewest going on is next; among equals, who has waited longest.
        free = [(busy[who], queue[0].requested_at, who) for who, queue in queues.items() if busy[who] < most]
        heapify(free)
        while free and len(chosen) < room:
            *_, who = heappop(free)
            chosen.append(queues[who].popleft())
            busy[who] += 1
            if queues[who] and busy[who] < most:
                heappush(free, (busy[who], queues[who][0].requested_at, who))
    return chosen
