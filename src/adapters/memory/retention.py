"""Which runs happened long ago, in memory."""

from collections.abc import Sequence
from datetime import datetime

from adapters.memory.kept import Kept
from core.domain.runs import SyncRun


def old_runs(kept: Kept, instant: datetime) -> Sequence[SyncRun]:
    """Give the runs that ended before, the earliest first.

    Left out are the latest of each mapping and scope, those that others confirm, and those that checkpoints name.
    """
    latest = {(run.mapping_id, run.scope): run.id for run in kept.runs.values()}
    needed = {run.confirms for run in kept.runs.values()} | {row.run_id for row in kept.checkpoints.values()}
    ended = (
        (run.finished_at, run)
        for run in kept.runs.values()
        if run.finished_at is not None
        and run.finished_at < instant
        and latest[run.mapping_id, run.scope] != run.id
        if run.id not in needed
    )
    return [run for _, run in sorted(ended, key=lambda each: each[0])]
