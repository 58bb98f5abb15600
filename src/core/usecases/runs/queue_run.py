"""Queue a run for a mapping."""

from datetime import datetime

from core.domain.ids import RunId
from core.domain.runs.run import RunState, SyncRun
from ports.store.unit_of_work import UnitOfWork


async def requeue(unit: UnitOfWork, run: SyncRun, new: RunId, now: datetime) -> SyncRun:
    """Queue a new run with the same request as an earlier run."""
    return await queue_or_merge(
        unit, SyncRun(new, run.mapping_id, run.trigger, run.scope, now, run.requested_by)
    )


async def queue_or_merge(unit: UnitOfWork, requested: SyncRun) -> SyncRun:
    """Merge a requested run into the mapping's queued run; if none is queued, queue the requested one."""
    for run in await unit.runs.list_open(requested.mapping_id):
        if run.state is RunState.QUEUED:
            merged = run.merge(requested.trigger, requested.scope, requested.requested_by)
            await unit.runs.update(merged)
            return merged
    await unit.runs.add(requested)
    return requested
