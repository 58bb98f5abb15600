"""Get a run by its id, or by the id of a run that an earlier version of this program recorded."""

from core.domain.errors import require
from core.domain.ids import RunId
from core.domain.runs.run import SyncRun
from ports.store.unit_of_work import UnitOfWork


async def get_run(unit: UnitOfWork, run_id: RunId) -> SyncRun:
    """Return the run; for an id of a run that only showed another run's outcomes, return that other run.

    Raises:
        NotFound
    """
    run = await unit.runs.get(run_id)
    if run is None and (shown_id := await unit.runs.run_in_place_of(run_id)):
        run = await unit.runs.get(shown_id)
    return require(run, "run", run_id)
