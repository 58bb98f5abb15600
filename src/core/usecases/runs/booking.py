"""Book a run for a mapping."""

from datetime import datetime

from core.domain.ids import RunId
from core.domain.runs.run import RunState, SyncRun
from ports.store.unit_of_work import UnitOfWork


async def book_again(unit: UnitOfWork, run: SyncRun, new: RunId, now: datetime) -> SyncRun:
    """Book what a run was asked for once more, in the place of that one."""
    return await queue_or_merge(
        unit, SyncRun(new, run.mapping_id, run.trigger, run.scope, now, run.requested_by)
    )


async def queue_or_merge(unit: UnitOfWork, wanted: SyncRun) -> SyncRun:
    """Let the mapping's waiting run serve the wanted one too; if none waits, let that one wait."""
    for run in await unit.runs.list_open(wanted.mapping_id):
        if run.state is RunState.QUEUED:
            merged = run.merge(wanted.trigger, wanted.scope, wanted.requested_by)
            await unit.runs.update(merged)
            return merged
    await unit.runs.add(wanted)
    return wanted
