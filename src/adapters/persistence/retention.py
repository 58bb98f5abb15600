"""Forgetting what happened long ago, in small steps.

Both statements begin at the oldest end of the index of ended runs. What they must pass by there each time are only the
latest runs, of each scope, of mappings that nobody has synced for long.
"""

from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.tables import CONFIRMS, checkpoints, outcomes, run_bookings, runs
from core.domain.identifiers import RunId
from core.domain.runs import Trigger

# Both are looked up for one run after the other: as EXISTS, PostgreSQL would rather read the whole other table once.
_later = runs.alias("later")
_LATEST = (
    sa.select(sa.func.max(_later.c.position))
    .where(_later.c.mapping_id == runs.c.mapping_id, _later.c.scope == runs.c.scope)
    .scalar_subquery()
)
_ANY_OUTCOME = sa.select(outcomes.c.position).where(outcomes.c.run_id == runs.c.id).limit(1).scalar_subquery()
_confirming = runs.alias("confirming")
_ANY_THAT_CONFIRMS = (
    sa.select(_confirming.c.position).where(_confirming.c.confirms == runs.c.id).limit(1).scalar_subquery()
)
_ANY_CHECKPOINT = (
    sa.select(checkpoints.c.run_id).where(checkpoints.c.run_id == runs.c.id).limit(1).scalar_subquery()
)
_IS_OLD = (
    runs.c.finished_at < sa.bindparam("instant"),
    runs.c.position < _LATEST,
    _ANY_THAT_CONFIRMS.is_(sa.null()),
    _ANY_CHECKPOINT.is_(sa.null()),
)
_OLD_OUTCOMES = (
    sa.select(outcomes.c.position)
    .join(runs, runs.c.id == outcomes.c.run_id)
    .where(*_IS_OLD)
    .order_by(runs.c.finished_at)
    .limit(sa.bindparam("limit"))
)
_FORGET_OUTCOMES = sa.delete(outcomes).where(outcomes.c.position.in_(_OLD_OUTCOMES))
_OLD_RUNS = (
    sa.select(runs.c.id)
    .where(*_IS_OLD, _ANY_OUTCOME.is_(sa.null()))
    .order_by(runs.c.finished_at)
    .limit(sa.bindparam("limit"))
)
_OLD_CONFIRMATIONS = (
    sa.select(runs.c.id)
    .where(
        sa.text(CONFIRMS),
        runs.c.finished_at < sa.bindparam("instant"),
        runs.c.position < _LATEST,
        runs.c.trigger == Trigger.CONTINUOUS.value,
        _ANY_OUTCOME.is_(sa.null()),
    )
    .order_by(runs.c.finished_at)
    .limit(sa.bindparam("limit"))
)
_FORGET_BOOKINGS = sa.delete(run_bookings).where(
    run_bookings.c.run_id.in_(sa.bindparam("ids", expanding=True))
)
_FORGET_RUNS = sa.delete(runs).where(runs.c.id.in_(sa.bindparam("ids", expanding=True)))
_IDS_AT_ONCE = 500


def forget_outcomes(instant: datetime, limit: int, database: sa.Connection) -> int:
    return database.execute(_FORGET_OUTCOMES, {"instant": instant, "limit": limit}).rowcount


def forget_runs(instant: datetime, limit: int, database: sa.Connection) -> int:
    return _forget(_OLD_RUNS, instant, limit, database)


def forget_confirming(instant: datetime, limit: int, database: sa.Connection) -> int:
    return _forget(_OLD_CONFIRMATIONS, instant, limit, database)


def _forget(which: sa.Select[RunId], instant: datetime, limit: int, database: sa.Connection) -> int:
    ids: list[RunId] = [*database.scalars(which, {"instant": instant, "limit": limit})]
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = {"ids": ids[start : start + _IDS_AT_ONCE]}
        database.execute(_FORGET_BOOKINGS, some)
        database.execute(_FORGET_RUNS, some)
    return len(ids)
