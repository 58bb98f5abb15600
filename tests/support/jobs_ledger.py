"""What the jobs harness stores of runs and checks, as a sync does: their owners, leases and results."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from adapters.system.clock import SystemClock
from adapters.system.id_generator import RandomIds
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import ALL
from core.domain.records.outcomes import Counts
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.schedule import Schedule
from core.domain.runs.stop_reasons import StopReason
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.store_samples import committing
from tests.support.systems import SYSTEMS


@dataclass(frozen=True, slots=True)
class Ledger:
    units: UnitOfWorkFactory
    ids: RandomIds
    clock: SystemClock
    lease: timedelta

    async def begin_check(self, mapping_id: MappingId, owner: str) -> bool:
        now = self.clock.now()
        async with self.units.write() as unit:
            if await unit.runs.list_open(mapping_id):
                return False
            begun = await unit.schedules.begin_check(mapping_id, owner, now, now + self.lease)
            await unit.commit()
        return begun

    async def become_run(self, mapping_id: MappingId, owner: str) -> SyncRun:
        now = self.clock.now()
        run = SyncRun(RunId(self.ids.new()), mapping_id, Trigger.CONTINUOUS, ALL, now)
        started = run.start(owner, now, self.lease)
        async with committing(self.units) as unit:
            assert await unit.schedules.end_check(mapping_id, owner)
            await unit.runs.add(started)
        return started

    async def end_check(self, mapping_id: MappingId, owner: str, *, is_over: bool) -> None:
        async with self.units.write() as unit:
            if not await unit.schedules.end_check(mapping_id, owner):
                return  # a run has begun in the meantime
            schedule, now = await unit.schedules.get(mapping_id), self.clock.now()
            if is_over and schedule is not None:
                await unit.schedules.save(schedule.checked(now, now))
            await unit.commit()

    @asynccontextmanager
    async def holding(self, renew: Callable[[UnitOfWork], Awaitable[bool]]) -> AsyncIterator[None]:
        """Renew a lease until the block ends, as a sync does."""
        renewing = asyncio.create_task(self._keep_lease(renew))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])

    async def _keep_lease(self, renew: Callable[[UnitOfWork], Awaitable[bool]]) -> None:
        is_held = True
        while is_held:
            await asyncio.sleep(self.lease.total_seconds() / 4)
            with suppress(PersistenceError):
                async with committing(self.units) as unit:
                    is_held = await renew(unit)

    async def renew_run(self, run: SyncRun, unit: UnitOfWork) -> bool:
        return await unit.runs.renew(run.id, present(run.owner), self.clock.now() + self.lease)

    async def renew_check(self, mapping_id: MappingId, owner: str, unit: UnitOfWork) -> bool:
        return await unit.schedules.renew_check(mapping_id, owner, self.clock.now() + self.lease)

    async def claim(self, run_id: RunId) -> SyncRun | None:
        now = self.clock.now()
        async with self.units.write() as unit:
            run = present(await unit.runs.get(run_id))
            others = [each.state for each in await unit.runs.list_open(run.mapping_id)]
            if run.state is not RunState.QUEUED or RunState.RUNNING in others:
                return None
            run = run.start(self.ids.owner(), now, self.lease)
            await unit.runs.update(run)
            await unit.schedules.end_check(run.mapping_id)
            await unit.commit()
            return run

    async def close(self, run: SyncRun, stop: StopReason | None) -> None:
        now = self.clock.now()
        async with self.units.write() as unit:
            stored = await unit.runs.get(run.id)
            if stored is None or stored.owner != run.owner:
                return  # another worker has recovered it
            done = (
                run.stopped(stop, now, Counts(), SYSTEMS)
                if stop
                else run.finished(Counts(), now, SYSTEMS, None)
            )
            known = await unit.schedules.get(run.mapping_id)
            await unit.schedules.save((known or Schedule(run.mapping_id, now)).after(done))
            await unit.runs.update(done)
            await unit.commit()
