"""Choose what this process carries out next: waiting runs, and checks of mappings that are due (rules 23 and 24)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.runs.fair_queue import MOST_PER_ORGANIZATION, QueuedWork, carried_out, select_next, waiting
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory

MOST_DUE = 500
"""Mappings that are looked at: the next look is a moment away."""


@dataclass(frozen=True, slots=True)
class SelectNextRuns:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, room: int, kept: int = 0) -> Sequence[QueuedWork]:
        """Return what is to start, in the order in which it starts.

        Args:
            room: how much at the most.
            kept: how many of these places are kept for runs asked for by hand.
        """
        if room <= 0:
            return []
        now = self.clock.now()
        async with self.units.read() as unit:
            work = await unit.runs.open_work()
            due = await unit.schedules.due(now, MOST_PER_ORGANIZATION, MOST_DUE)
        return select_next(waiting(work, due, now), carried_out(work, now), room, max(room - kept, 0))
