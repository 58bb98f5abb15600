"""Select what this process starts next: queued runs, and checks of due mappings (rules 23 and 24)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.runs.fair_queue import MAX_PER_ORGANIZATION, QueuedWork, carried_out, select_next, waiting
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory

MAX_DUE = 500
"""Mappings to read at most: the next poll follows within moments."""


@dataclass(frozen=True, slots=True)
class SelectNextRuns:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, capacity: int, reserved: int = 0) -> Sequence[QueuedWork]:
        """Select the work to start, in order.

        Args:
            capacity: how many can start at most.
            reserved: how many of these are reserved for manual runs.
        """
        if capacity <= 0:
            return []
        now = self.clock.now()
        async with self.units.read() as unit:
            work = await unit.runs.open_work()
            due = await unit.schedules.list_due(now, MAX_PER_ORGANIZATION, MAX_DUE)
        return select_next(
            waiting(work, due, now), carried_out(work, now), capacity, max(capacity - reserved, 0)
        )
