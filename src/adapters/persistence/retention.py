"""Deletion of old runs in small steps, oldest first by the index of ended runs."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.statements import in_batches
from adapters.persistence.tables import (
    idempotency_keys,
    link_outcomes,
    outcomes,
    replaced_runs,
    runs,
    unchanged_markers,
)
from core.domain.ids import RunId
from core.domain.runs.retention import EndedRun

# Both are subqueries per run: for a join, PostgreSQL would read the whole table.
_later = runs.alias("later")
_LATEST = (
    sa.select(sa.func.max(_later.c.position))
    .where(_later.c.mapping_id == runs.c.mapping_id, _later.c.scope == runs.c.scope)
    .scalar_subquery()
)
_MARKER = (
    sa.select(unchanged_markers.c.run_id)
    .where(unchanged_markers.c.run_id == runs.c.id)
    .limit(1)
    .scalar_subquery()
)
_previous = runs.alias("previous")
_ENDED = (
    sa.select(
        runs.c.id,
        (runs.c.position == _LATEST).label("is_latest"),
        _MARKER.is_not(sa.null()).label("has_checkpoint"),
    )
    .where(runs.c.finished_at < sa.bindparam("instant"))
    .order_by(runs.c.finished_at, runs.c.position)
    .limit(sa.bindparam("limit"))
)
_ENDED_AFTER = _ENDED.where(
    sa.tuple_(runs.c.finished_at, runs.c.position)
    > sa.select(_previous.c.finished_at, _previous.c.position)
    .where(_previous.c.id == sa.bindparam("after"))
    .scalar_subquery()
)
_IDS: sa.BindParameter[RunId] = sa.bindparam("ids", expanding=True)
_SOME_OUTCOMES = (
    sa.select(outcomes.c.position).where(outcomes.c.run_id.in_(_IDS)).limit(sa.bindparam("limit"))
)
_FORGET_OUTCOMES = sa.delete(outcomes).where(outcomes.c.position.in_(_SOME_OUTCOMES))
_SOME_LINKS = (
    sa.select(link_outcomes.c.position).where(link_outcomes.c.run_id.in_(_IDS)).limit(sa.bindparam("limit"))
)
_FORGET_LINKS = sa.delete(link_outcomes).where(link_outcomes.c.position.in_(_SOME_LINKS))
_EXISTING = (
    sa.select(runs.c.id).where(runs.c.id.in_(_IDS)).order_by(runs.c.position).limit(sa.bindparam("limit"))
)
_FORGET_REFERENCES = [
    sa.delete(table).where(table.c.run_id.in_(_IDS)) for table in (idempotency_keys, replaced_runs)
]
_FORGET_RUNS = sa.delete(runs).where(runs.c.id.in_(_IDS))


def ended_before(
    instant: datetime, limit: int, after: RunId | None, database: sa.Connection
) -> Sequence[EndedRun]:
    params = {"instant": instant, "limit": limit}
    rows = (
        database.execute(_ENDED, params)
        if after is None
        else database.execute(_ENDED_AFTER, {**params, "after": after})
    )
    return [EndedRun(run_id, is_latest, has_checkpoint) for run_id, is_latest, has_checkpoint in rows]


def remove_runs(run_ids: Collection[RunId], limit: int, database: sa.Connection) -> int:
    deleted = 0
    for batch in in_batches(run_ids):
        for statement in (_FORGET_OUTCOMES, _FORGET_LINKS):
            deleted += database.execute(statement, {"ids": batch, "limit": limit - deleted}).rowcount
            if deleted == limit:
                return deleted
        existing = database.scalars(_EXISTING, {"ids": batch, "limit": limit - deleted}).all()
        for statement in _FORGET_REFERENCES:
            database.execute(statement, {"ids": existing})
        deleted += database.execute(_FORGET_RUNS, {"ids": existing}).rowcount
        if deleted == limit:
            return deleted
    return deleted
