"""Forget what happened long ago: runs with their outcomes, and notices that wait for nothing any more.

What rules 5, 10 and 21 need (mappings, connections, synced records) is no history, and stays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.ids import RunId
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory

AT_ONCE = 1000
"""Rows: a writer waits for no more than these."""


@dataclass(frozen=True, slots=True)
class ApplyRetention:
    units: UnitOfWorkFactory
    clock: Clock
    kept_for: timedelta

    async def __call__(self) -> int:
        """Forget everything that is old enough, in small steps, and return how many rows went."""
        instant = self.clock.now() - self.kept_for
        return await self._forget_runs(instant) + await self._forget_notices(instant)

    async def _forget_runs(self, instant: datetime) -> int:
        gone, after = 0, None
        while True:
            async with self.units.read() as unit:
                old = await unit.runs.ended_before(instant, AT_ONCE, after)
            if not old:
                return gone
            after = old[-1].run_id
            ids = [run.run_id for run in old if run.may_be_forgotten]
            gone += await self._forget(ids)
            if after in ids:
                after = None  # it is gone, and with it all before it that may go

    async def _forget(self, ids: list[RunId]) -> int:
        gone, step = 0, AT_ONCE
        while ids and step == AT_ONCE:
            async with self.units.write() as unit:
                step = await unit.runs.forget(ids, AT_ONCE)
                await unit.commit()
            gone += step
        return gone

    async def _forget_notices(self, instant: datetime) -> int:
        gone, step = 0, AT_ONCE
        while step == AT_ONCE:
            async with self.units.write() as unit:
                step = await unit.notifications.forget_before(instant, AT_ONCE)
                await unit.commit()
            gone += step
        return gone
