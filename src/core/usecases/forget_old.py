"""Forget what happened long ago: outcomes, then the runs that had them, and notices that wait for nothing any more.

Runs that only confirm another one go sooner. What rules 5, 10 and 21 need (mappings, connections, synced records) is no
history, and stays.
"""

from dataclasses import dataclass
from datetime import timedelta

from core.domain.checkpoint import CONFIRMATIONS_KEPT
from ports.clock import Clock
from ports.persistence import Units

AT_ONCE = 1000
"""Rows: a writer waits for no more than these."""


@dataclass(frozen=True, slots=True)
class ForgetOld:
    units: Units
    clock: Clock
    kept_for: timedelta

    async def __call__(self) -> int:
        """Forget everything that is old enough, in small steps; give how many rows went."""
        now, gone = self.clock.now(), 0
        instant = now - self.kept_for
        while True:
            async with self.units.writing() as unit:
                step = await unit.runs.forget_confirming(now - CONFIRMATIONS_KEPT, AT_ONCE)
                if step < AT_ONCE:
                    step += await unit.outcomes.forget_before(instant, AT_ONCE)
                if step < AT_ONCE:
                    step += await unit.runs.forget_before(instant, AT_ONCE)
                if step < AT_ONCE:
                    step += await unit.notices.forget_before(instant, AT_ONCE)
                await unit.commit()
            gone += step
            if step < AT_ONCE:
                return gone
