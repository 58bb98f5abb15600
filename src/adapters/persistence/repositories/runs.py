"""Sync runs, in a table."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.open_runs import is_in_state, open_work
from adapters.persistence.retention import ended_before, forget
from adapters.persistence.statements import from_json, key_of, replace_row, to_json
from adapters.persistence.tables import mappings, replaced_runs, run_bookings, runs
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.records.kinds import Scope
from core.domain.records.outcomes import Counts, Outcome, Tally
from core.domain.runs.fair_queue import OpenWork
from core.domain.runs.retention import EndedRun
from core.domain.runs.run import OPEN_STATES, Progress, RunState, SyncRun, Trigger
from core.domain.runs.stop_reasons import REQUESTED_STOPS, StopCause, StopReason
from ports.store.runs import LeaseStatus

_RUNS = sa.select(runs)
_OF_ID = _RUNS.where(runs.c.id == sa.bindparam("run_id"))
_NEWEST = _RUNS.order_by(runs.c.position.desc())
_OF_MAPPING = _NEWEST.where(runs.c.mapping_id == sa.bindparam("mapping_id")).limit(sa.bindparam("limit"))
_BEFORE = runs.c.position < (
    sa.select(runs.c.position).where(runs.c.id == sa.bindparam("before")).scalar_subquery()
)
# Only positions, which the index has: rows are read of those alone that are given.
_POSITIONS = (
    sa.select(runs.c.position)
    .join(mappings, mappings.c.id == runs.c.mapping_id)
    .where(mappings.c.organization_id == sa.bindparam("organization_id"))
    .order_by(runs.c.position.desc())
    .limit(sa.bindparam("limit"))
)
_LATEST_ENDED = [
    sa.select(runs.c.position)
    .where(
        runs.c.mapping_id == mappings.c.id,
        runs.c.scope == scope.value,
        runs.c.state.not_in([state.value for state in OPEN_STATES]),
        sa.func.coalesce(runs.c.stop_code, "").not_in(REQUESTED_STOPS),
    )
    .order_by(runs.c.position.desc())
    .limit(1)
    .correlate(mappings)
    .scalar_subquery()
    for scope in Scope
]
_OPEN = sa.union_all(
    *(
        _RUNS.where(is_in_state(state), runs.c.mapping_id == sa.bindparam("mapping_id"))
        for state in (RunState.RUNNING, RunState.QUEUED)
    )
)
_REPLACED = sa.select(replaced_runs.c.run_id).where(replaced_runs.c.id == sa.bindparam("id"))
_BOOKED = sa.select(run_bookings.c.run_id).where(
    run_bookings.c.mapping_id == sa.bindparam("mapping_id"),
    run_bookings.c.request_key == sa.bindparam("request_key"),
)
_STANDING = sa.select(runs.c.owner, runs.c.lease_until, runs.c.stop_asked).where(
    runs.c.id == sa.bindparam("run_id")
)
_RENEWAL = (
    sa.update(runs)
    .where(
        runs.c.id == sa.bindparam("run_id"),
        runs.c.owner == sa.bindparam("holder"),
        runs.c.state == RunState.RUNNING.value,
    )
    .values(lease_until=sa.bindparam("until"))
)
_RENEWAL_WITH_PROGRESS = _RENEWAL.values(progress=sa.bindparam("new_progress"))


Deferring = Callable[[SyncRun], Sequence[tuple[str, Mapping[str, object]]]]
"""Gives the statements that tell a queue, in the same database, of a run that waits."""


class SqlRuns:
    def __init__(self, run: UnitExecutor, deferring: Deferring | None = None) -> None:
        self._run = run
        self._deferring = deferring

    async def add(self, run: SyncRun) -> None:
        await self._run(lambda database: database.execute(runs.insert(), _row(run)))
        await self._defer(run)

    async def update(self, run: SyncRun) -> None:
        await self._run(lambda database: replace_row(database, runs, _row(run)))
        await self._defer(run)

    async def _defer(self, run: SyncRun) -> None:
        if self._deferring is None or run.state is not RunState.QUEUED:
            return
        statements = self._deferring(run)

        def defer(database: sa.Connection) -> None:
            with suppress(sa.exc.IntegrityError), database.begin_nested():
                for statement, values in statements:
                    database.exec_driver_sql(statement, dict(values))
            # A worker that looks at what waits has told the queue of it in the same moment: that one serves.

        await self._run(defer)

    async def get(self, run_id: RunId) -> SyncRun | None:
        row = await self._run(lambda database: database.execute(_OF_ID, {"run_id": run_id}).first())
        return None if row is None else _sync_run(row)

    async def list_open(self, mapping_id: MappingId) -> Sequence[SyncRun]:
        rows = await self._run(lambda database: database.execute(_OPEN, {"mapping_id": mapping_id}).all())
        running_first = sorted(rows, key=lambda row: row.state == RunState.QUEUED)
        return [_sync_run(row) for row in running_first]

    async def list_by_mapping(
        self, mapping_id: MappingId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        statement, asked = _OF_MAPPING, dict[str, object](mapping_id=mapping_id, limit=limit)
        if before is not None:
            statement, asked["before"] = statement.where(_BEFORE), before
        rows = await self._run(lambda database: database.execute(statement, asked).all())
        return [_sync_run(row) for row in rows]

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        positions, asked = _POSITIONS, dict[str, object](organization_id=organization_id, limit=limit)
        if before is not None:
            positions, asked["before"] = positions.where(_BEFORE), before
        statement = _NEWEST.where(runs.c.position.in_(positions))
        rows = await self._run(lambda database: database.execute(statement, asked).all())
        return [_sync_run(row) for row in rows]

    async def latest_ended(self, organization_id: OrganizationId | None = None) -> Sequence[SyncRun]:
        own = [] if organization_id is None else [mappings.c.organization_id == organization_id]
        positions = sa.union_all(
            *(sa.select(each).where(mappings.c.removed_at.is_(None), *own) for each in _LATEST_ENDED)
        )
        statement = _NEWEST.where(runs.c.position.in_(positions))
        rows = await self._run(lambda database: database.execute(statement).all())
        return [_sync_run(row) for row in rows]

    async def open_work(self) -> Sequence[OpenWork]:
        return await self._run(open_work)

    async def ended_before(
        self, instant: datetime, limit: int, after: RunId | None = None
    ) -> Sequence[EndedRun]:
        return await self._run(partial(ended_before, instant, limit, after))

    async def forget(self, run_ids: Collection[RunId], limit: int) -> int:
        return await self._run(partial(forget, run_ids, limit))

    async def run_in_place_of(self, run_id: RunId) -> RunId | None:
        return await self._run(lambda database: database.execute(_REPLACED, {"id": run_id}).scalar())

    async def find_by_idempotency_key(self, mapping_id: MappingId, request_key: str) -> RunId | None:
        asked = {"mapping_id": mapping_id, "request_key": key_of(request_key)}
        return await self._run(lambda database: database.execute(_BOOKED, asked).scalar())

    async def save_idempotency_key(self, mapping_id: MappingId, request_key: str, run_id: RunId) -> None:
        row = {"mapping_id": mapping_id, "request_key": key_of(request_key), "run_id": run_id}
        await self._run(lambda database: database.execute(run_bookings.insert(), row))

    async def renew(
        self, run_id: RunId, owner: str, until: datetime, progress: Mapping[str, Progress] | None = None
    ) -> bool:
        statement, asked = _RENEWAL, dict[str, object](run_id=run_id, holder=owner, until=until)
        if progress is not None:
            statement, asked["new_progress"] = _RENEWAL_WITH_PROGRESS, _progress_text(progress)
        return await self._run(lambda database: database.execute(statement, asked).rowcount == 1)

    async def lease_status(self, run_id: RunId) -> LeaseStatus | None:
        asked = {"run_id": run_id}
        row = await self._run(lambda database: database.execute(_STANDING, asked).first(), is_short=True)
        return None if row is None else LeaseStatus(*row)


def _row(run: SyncRun) -> dict[str, object]:
    return {
        "id": run.id,
        "mapping_id": run.mapping_id,
        "trigger": run.trigger.value,
        "scope": run.scope.value,
        "requested_at": run.requested_at,
        "state": run.state.value,
        "owner": run.owner,
        "lease_until": run.lease_until,
        "stop_asked": run.cancel_requested,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "stop_code": run.stop.code if run.stop else None,
        "stop_by": run.stop.by.value if run.stop else None,
        "stop_sentence": run.stop.sentence if run.stop else None,
        "message": run.message,
        "counts": to_json({name: dict(tally.numbers) for name, tally in run.counts.tallies.items()}),
        "progress": _progress_text(run.progress),
        "requested_by": run.requested_by,
    }


def _progress_text(progress: Mapping[str, Progress]) -> str:
    return to_json({name: [at.done, at.total] for name, at in progress.items()})


def _sync_run(row: sa.Row[*tuple[Any, ...]]) -> SyncRun:
    return SyncRun(
        id=row.id,
        mapping_id=row.mapping_id,
        trigger=Trigger(row.trigger),
        scope=Scope(row.scope),
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        state=RunState(row.state),
        owner=row.owner,
        lease_until=row.lease_until,
        cancel_requested=row.stop_asked,
        started_at=row.started_at,
        finished_at=row.finished_at,
        stop=StopReason(row.stop_code, StopCause(row.stop_by), row.stop_sentence) if row.stop_code else None,
        message=row.message,
        counts=_counts(from_json(row.counts)),
        progress={name: Progress(*numbers) for name, numbers in from_json(row.progress).items()},
    )


def _counts(stored: Mapping[str, Mapping[str, int]]) -> Counts:
    return Counts(
        {
            name: Tally({Outcome(outcome): number for outcome, number in numbers.items()})
            for name, numbers in stored.items()
        }
    )
