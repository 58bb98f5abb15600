"""Choose which of the waiting runs start now, in this process."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.turns import WaitingRun, next_in_turn
from ports.clock import Clock
from ports.persistence import Units


@dataclass(frozen=True, slots=True)
class ChooseRuns:
    units: Units
    clock: Clock

    async def __call__(self, room: int) -> Sequence[WaitingRun]:
        """Give at most so many runs, in the order in which they are to start."""
        if room <= 0:
            return []
        async with self.units.reading() as unit:
            waiting, going_on = await unit.runs.waiting(self.clock.now())
        return next_in_turn(waiting, going_on, room)
