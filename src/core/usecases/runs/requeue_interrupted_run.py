"""Book a run again that was interrupted (rule 32)."""

from dataclasses import dataclass

from core.domain.ids import RunId
from core.domain.runs.stop_reasons import DATABASE_UNAVAILABLE, INTERRUPTED
from core.usecases.runs.booking import book_again
from core.usecases.runs.recover_abandoned_run import has_ended_so_before
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RequeueInterruptedRun:
    """For a program that ends before the runs it carries out, or loses its database: what was asked of it must not be lost."""

    units: UnitOfWorkFactory
    names: IdGenerator
    clock: Clock

    async def __call__(self, run_id: RunId) -> None:
        """Book a run in the place of one that was interrupted; whoever looks for waiting runs takes it up."""
        async with self.units.write() as unit:
            run = await unit.runs.get(run_id)
            mapping = await unit.mappings.get(run.mapping_id) if run else None
            if run is None or mapping is None or not mapping.is_active:
                return
            if run.stop == DATABASE_UNAVAILABLE:
                goes_on = not await has_ended_so_before(unit, run, DATABASE_UNAVAILABLE)
            else:
                goes_on = run.stop == INTERRUPTED
            if not goes_on:
                return
            await book_again(unit, run, RunId(self.names.new()), self.clock.now())
            await unit.commit()
