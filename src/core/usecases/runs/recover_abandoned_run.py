"""End a run whose worker died, and queue it again (rule 32)."""

from dataclasses import dataclass

from core.domain.ids import RunId
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import CRASHED_TWICE, LEASE_EXPIRED, StopReason
from core.usecases.runs.queue_run import requeue
from core.usecases.shared.run_ends import RunEnds
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.log import EventLog
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RecoverAbandonedRun:
    """Recover a run whose process died: its request continues as a new run."""

    units: UnitOfWorkFactory
    ids: IdGenerator
    clock: Clock
    log: EventLog
    run_ends: RunEnds

    async def __call__(self, run_id: RunId) -> RunId | None:
        """End an abandoned run and return the run queued in its place; None if none was queued."""
        async with self.units.write() as unit:
            run, now = await unit.runs.get(run_id), self.clock.now()
            mapping = await unit.mappings.get(run.mapping_id) if run else None
            if run is None or mapping is None or not run.is_lease_expired(now):
                return None
            # Do not retry a run that keeps crashing: a person must look into it.
            is_requeued = mapping.is_active and not await previous_run_ended_with(unit, run, LEASE_EXPIRED)
            end = await self.run_ends.store(unit, run, LEASE_EXPIRED if is_requeued else CRASHED_TWICE)
            queued = None
            if is_requeued:
                queued = (await requeue(unit, run, RunId(self.ids.new()), now)).id
            await unit.commit()
        self.run_ends.log_stored(end)
        self.log.warning("sync.run_taken_over", run=run_id, mapping=run.mapping_id)
        return queued


async def previous_run_ended_with(unit: UnitOfWork, run: SyncRun, stop: StopReason) -> bool:
    """Return whether the mapping's previous run ended for this reason."""
    others = [other for other in await unit.runs.list_by_mapping(run.mapping_id, 3) if other.id != run.id]
    return next((other.stop == stop for other in others if not other.is_open), False)
