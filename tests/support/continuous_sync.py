"""Continuous sync by hand: what is due, and executing it."""

from core.domain.access.authorization import CONTINUOUS_SYNC
from core.domain.ids import MappingId
from core.domain.records.kinds import ALL
from core.domain.runs.run import Trigger
from tests.support.harness import Harness


async def due(harness: Harness) -> list[MappingId]:
    """Return the due mappings that would be started now."""
    return [work.mapping_id for work in await harness.select_next_runs(100) if work.run_id is None]


async def run_all(harness: Harness) -> None:
    """Execute everything that is queued or due."""
    for work in await harness.select_next_runs(100):
        if work.run_id is not None:
            await harness.run_sync(work.run_id)
        elif run := await harness.run_sync.check(work.mapping_id):
            assert (run.trigger, run.requested_by, run.scope) == (
                Trigger.CONTINUOUS,
                CONTINUOUS_SYNC.name,
                ALL,
            )
