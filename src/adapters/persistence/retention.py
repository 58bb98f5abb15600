"""What happened long ago, in small steps, from the oldest end of the index of ended runs."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.statements import in_parts
from adapters.persistence.tables import checkpoints, outcomes, replaced_runs, run_bookings, runs
from core.domain.ids import RunId
from core.domain.runs.retention import EndedRun

# Both are looked up for one run after the other: as a join, PostgreSQL would rather read the whole table once.
_later = runs.alias("later")
_LATEST = (
    sa.select(sa.func.max(_later.c.position))
    .where(_later.c.mapping_id == runs.c.mapping_id, _later.c.scope == runs.c.scope)
    .scalar_subquery()
)
_CHECKPOINT = (
    sa.select(checkpoints.c.run_id).where(checkpoints.c.run_id == runs.c.id).limit(1).scalar_subquery()
)
_former = runs.alias("former")
_ENDED = (
    sa.select(
        runs.c.id,
        (runs.c.position == _LATEST).label("is_latest"),
        _CHECKPOINT.is_not(sa.null()).label("has_checkpoint"),
    )
    .where(runs.c.finished_at < sa.bindparam("instant"))
    .order_by(runs.c.finished_at, runs.c.position)
    .limit(sa.bindparam("limit"))
)
_ENDED_AFTER = _ENDED.where(
    sa.tuple_(runs.c.finished_at, runs.c.position)
    > sa.select(_former.c.finished_at, _former.c.position)
    .where(_former.c.id == sa.bindparam("after"))
    .scalar_subquery()
)
_IDS: sa.BindParameter[RunId] = sa.bindparam("ids", expanding=True)
_SOME_OUTCOMES = (
    sa.select(outcomes.c.position).where(outcomes.c.run_id.in_(_IDS)).limit(sa.bindparam("limit"))
)
_FORGET_OUTCOMES = sa.delete(outcomes).where(outcomes.c.position.in_(_SOME_OUTCOMES))
_THERE = (
    sa.select(runs.c.id).where(runs.c.id.in_(_IDS)).order_by(runs.c.position).limit(sa.bindparam("limit"))
)
_FORGET_ITS = [sa.delete(each).where(each.c.run_id.in_(_IDS)) for each in (run_bookings, replaced_runs)]
_FORGET_RUNS = sa.delete(runs).where(runs.c.id.in_(_IDS))


def ended_before(
    instant: datetime, limit: int, after: RunId | None, database: sa.Connection
) -> Sequence[EndedRun]:
    asked = {"instant": instant, "limit": limit}
    rows = (
        database.execute(_ENDED, asked)
        if after is None
        else database.execute(_ENDED_AFTER, {**asked, "after": after})
    )
    return [EndedRun(run_id, is_latest, has_checkpoint) for run_id, is_latest, has_checkpoint in rows]


def forget(run_ids: Collection[RunId], limit: int, database: sa.Connection) -> int:
    gone = 0
    for part in in_parts(run_ids):
        gone += database.execute(_FORGET_OUTCOMES, {"ids": part, "limit": limit - gone}).rowcount
        if gone == limit:
            return gone
        some = database.scalars(_THERE, {"ids": part, "limit": limit - gone}).all()
        for statement in _FORGET_ITS:
            database.execute(statement, {"ids": some})
        gone += database.execute(_FORGET_RUNS, {"ids": some}).rowcount
        if gone == limit:
            return gone
    return gone
