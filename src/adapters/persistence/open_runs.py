"""Runs that have not ended and checks in progress, from two tables."""

from collections.abc import Sequence

import sqlalchemy as sa

from adapters.persistence.tables import mappings, runs, schedules
from core.domain.runs.fair_queue import OpenWork
from core.domain.runs.run import RunState, Trigger


def is_in_state(state: RunState) -> sa.ColumnElement[bool]:
    # Write the state as a literal: SQLite uses the partial index only then.
    return runs.c.state == sa.literal(state.value, literal_execute=True)


_RUNS = [
    sa.select(
        runs.c.id,
        runs.c.mapping_id,
        mappings.c.organization_id,
        runs.c.trigger,
        runs.c.state,
        runs.c.requested_at,
        runs.c.lease_until,
        runs.c.position,
    )
    .join(mappings, mappings.c.id == runs.c.mapping_id)
    .where(is_in_state(state))
    for state in (RunState.RUNNING, RunState.QUEUED)
]
_OPEN = sa.union_all(*_RUNS)
_CHECKS = (
    sa.select(schedules.c.mapping_id, mappings.c.organization_id, schedules.c.due_at, schedules.c.check_until)
    .join(mappings, mappings.c.id == schedules.c.mapping_id)
    .where(schedules.c.check_owner.is_not(None))
    .order_by(schedules.c.due_at, mappings.c.position)
)


def open_work(database: sa.Connection) -> Sequence[OpenWork]:
    """Return all runs that have not ended, in the order of their requests, then all checks, the longest due first."""
    rows = sorted(database.execute(_OPEN).all(), key=lambda row: row.position)
    work = [
        OpenWork(
            row.id,
            row.mapping_id,
            row.organization_id,
            Trigger(row.trigger),
            RunState(row.state),
            row.requested_at,
            row.lease_until,
        )
        for row in rows
    ]
    for mapping_id, organization_id, due_at, until in database.execute(_CHECKS):
        work.append(
            OpenWork(None, mapping_id, organization_id, Trigger.CONTINUOUS, RunState.RUNNING, due_at, until)
        )
    return work
