"""Find a run by its id, or by the id of one that an earlier version of this program kept."""

from core.domain.errors import require
from core.domain.ids import RunId
from core.domain.runs.run import SyncRun
from ports.store.unit_of_work import UnitOfWork


async def get_run(unit: UnitOfWork, run_id: RunId) -> SyncRun:
    """Return the run; for one that only showed the outcomes of another, that other one.

    Raises:
        NotFound
    """
    run = await unit.runs.get(run_id)
    if run is None and (in_its_place := await unit.runs.run_in_place_of(run_id)):
        run = await unit.runs.get(in_its_place)
    return require(run, "run", run_id)
