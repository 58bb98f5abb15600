"""Delete old history: runs with their outcomes, and finished notifications.

Mappings, connections and synced records stay: rules 5, 10 and 21 need them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.ids import RunId
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory

BATCH_SIZE = 1000
"""Rows per transaction, which limits how long other writers wait."""


@dataclass(frozen=True, slots=True)
class ApplyRetention:
    units: UnitOfWorkFactory
    clock: Clock
    retention: timedelta

    async def __call__(self) -> int:
        """Delete everything older than the retention, in small batches; return how many rows were deleted."""
        instant = self.clock.now() - self.retention
        return await self._delete_runs(instant) + await self._delete_notifications(instant)

    async def _delete_runs(self, instant: datetime) -> int:
        deleted, after = 0, None
        while True:
            async with self.units.read() as unit:
                old = await unit.runs.ended_before(instant, BATCH_SIZE, after)
            if not old:
                return deleted
            after = old[-1].run_id
            ids = [run.run_id for run in old if run.may_be_deleted]
            deleted += await self._delete(ids)
            if after in ids:
                after = None  # deleted, and with it all earlier runs that may be deleted

    async def _delete(self, ids: list[RunId]) -> int:
        deleted, step = 0, BATCH_SIZE
        while ids and step == BATCH_SIZE:
            async with self.units.write() as unit:
                step = await unit.runs.remove(ids, BATCH_SIZE)
                await unit.commit()
            deleted += step
        return deleted

    async def _delete_notifications(self, instant: datetime) -> int:
        deleted, step = 0, BATCH_SIZE
        while step == BATCH_SIZE:
            async with self.units.write() as unit:
                step = await unit.notifications.remove_before(instant, BATCH_SIZE)
                await unit.commit()
            deleted += step
        return deleted
