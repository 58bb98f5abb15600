"""End a run whose worker died, and book it again (rule 32)."""

from dataclasses import dataclass

from core.domain.ids import RunId
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import CRASHED_TWICE, LEASE_EXPIRED, StopReason
from core.usecases.runs.booking import book_again
from core.usecases.shared.run_ends import RunEnds
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.log import EventLog
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RecoverAbandonedRun:
    """For a run whose process died: what was asked of it goes on as another run."""

    units: UnitOfWorkFactory
    names: IdGenerator
    clock: Clock
    log: EventLog
    run_ends: RunEnds

    async def __call__(self, run_id: RunId) -> RunId | None:
        """End an abandoned run and give the one that waits in its place; None if it was not abandoned after all."""
        async with self.units.write() as unit:
            run, now = await unit.runs.get(run_id), self.clock.now()
            mapping = await unit.mappings.get(run.mapping_id) if run else None
            if run is None or mapping is None or not run.lease_has_run_out(now):
                return None
            # One that dies again and again is not tried for ever: somebody has to look.
            goes_on = mapping.is_active and not await has_ended_so_before(unit, run, LEASE_EXPIRED)
            end = await self.run_ends.store(unit, run, LEASE_EXPIRED if goes_on else CRASHED_TWICE)
            waiting = None
            if goes_on:
                waiting = (await book_again(unit, run, RunId(self.names.new()), now)).id
            await unit.commit()
        self.run_ends.log_stored(end)
        self.log.warning("sync.run_taken_over", run=run_id, mapping=run.mapping_id)
        return waiting


async def has_ended_so_before(unit: UnitOfWork, run: SyncRun, stop: StopReason) -> bool:
    """Check whether the run that it took the place of had ended for the same reason."""
    former = [each for each in await unit.runs.list_by_mapping(run.mapping_id, 3) if each.id != run.id]
    return next((each.stop == stop for each in former if not each.is_open), False)
