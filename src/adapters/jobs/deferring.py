"""Defers a run's job in the transaction that stores the run, so that neither exists without the other."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.ids import MappingId
from core.domain.runs.run import SyncRun, Trigger

QUEUE = "gleanin-sync"
BY_HAND = "gleanin-sync-by-hand"
"""The queue of manual runs: some slots are reserved for them."""
MAINTENANCE = "gleanin-sync-upkeep"
"""The queue of maintenance tasks, which have their own slots."""
SYNC = "sync"
PRIORITIES = {Trigger.CONTINUOUS: 0, Trigger.MANUAL: 10}
# Never scheduled for later: a job that waits for its time holds up all later jobs with the same lock.
_DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    %(queue)s, %(task)s, %(priority)s, %(lock)s, %(lock)s, %(arguments)s, NULL
)::procrastinate_job_to_defer_v1])
"""
_DELETE_WAITING = "DELETE FROM procrastinate_jobs WHERE queueing_lock = %(lock)s AND status = 'todo'"


def queue_for(trigger: Trigger) -> str:
    return BY_HAND if trigger is Trigger.MANUAL else QUEUE


def arguments_for(mapping_id: MappingId) -> dict[str, Any]:
    return {"mapping_id": mapping_id}


def deferring(run: SyncRun) -> Sequence[tuple[str, Mapping[str, object]]]:
    """Return the statements, for psycopg, that defer a queued run's job and replace one that is already waiting."""
    lock = {"lock": run.mapping_id}
    job = {
        "queue": queue_for(run.trigger),
        "task": SYNC,
        "priority": PRIORITIES[run.trigger],
        "arguments": json.dumps(arguments_for(run.mapping_id)),
    }
    return [(_DELETE_WAITING, lock), (_DEFER, lock | job)]
