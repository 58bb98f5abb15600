"""Queue an interrupted run again (rule 32)."""

from dataclasses import dataclass

from core.domain.ids import RunId
from core.domain.runs.stop_reasons import DATABASE_UNAVAILABLE, INTERRUPTED
from core.usecases.runs.queue_run import requeue
from core.usecases.runs.recover_abandoned_run import previous_run_ended_with
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RequeueInterruptedRun:
    """Requeue a run after its process shut down or lost the database, so that its request is not lost."""

    units: UnitOfWorkFactory
    ids: IdGenerator
    clock: Clock

    async def __call__(self, run_id: RunId) -> None:
        """Queue a run in place of an interrupted one."""
        async with self.units.write() as unit:
            run = await unit.runs.get(run_id)
            mapping = await unit.mappings.get(run.mapping_id) if run else None
            if run is None or mapping is None or not mapping.is_active:
                return
            if run.stop == DATABASE_UNAVAILABLE:
                is_requeued = not await previous_run_ended_with(unit, run, DATABASE_UNAVAILABLE)
            else:
                is_requeued = run.stop == INTERRUPTED
            if not is_requeued:
                return
            await requeue(unit, run, RunId(self.ids.new()), self.clock.now())
            await unit.commit()
