"""Sync runs, in a table."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.open_runs import is_in_state, open_work
from adapters.persistence.retention import ended_before, remove_runs
from adapters.persistence.statements import from_json, key_of, replace_row, to_json
from adapters.persistence.tables import idempotency_keys, mappings, replaced_runs, runs
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome
from core.domain.records.kinds import KINDS, RecordKind, Scope
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
# Only positions, which the index has; full rows are read only for those that are returned.
_POSITIONS = (
    sa.select(runs.c.position)
    .join(mappings, mappings.c.id == runs.c.mapping_id)
    .where(mappings.c.organization_id == sa.bindparam("organization_id"))
    .order_by(runs.c.position.desc())
    .limit(sa.bindparam("limit"))
)


def _latest_ended(scope: Scope) -> sa.ScalarSelect[int]:
    """Select the position of a mapping's last ended run of one scope."""
    return (
        sa.select(runs.c.position)
        .where(
            runs.c.mapping_id == mappings.c.id,
            runs.c.scope == str(scope),
            runs.c.state.not_in([state.value for state in OPEN_STATES]),
            sa.func.coalesce(runs.c.stop_code, "").not_in(REQUESTED_STOPS),
        )
        .order_by(runs.c.position.desc())
        .limit(1)
        .correlate(mappings)
        .scalar_subquery()
    )


_OPEN = sa.union_all(
    *(
        _RUNS.where(is_in_state(state), runs.c.mapping_id == sa.bindparam("mapping_id"))
        for state in (RunState.RUNNING, RunState.QUEUED)
    )
)
_REPLACED = sa.select(replaced_runs.c.run_id).where(replaced_runs.c.id == sa.bindparam("id"))
_IDEMPOTENCY_KEY = sa.select(idempotency_keys.c.run_id).where(
    idempotency_keys.c.mapping_id == sa.bindparam("mapping_id"),
    idempotency_keys.c.request_key == sa.bindparam("request_key"),
)
_LEASE_STATUS = sa.select(runs.c.owner, runs.c.lease_until, runs.c.stop_asked).where(
    runs.c.id == sa.bindparam("run_id")
)
_RENEWAL = (
    sa.update(runs)
    .where(
        runs.c.id == sa.bindparam("run_id"),
        runs.c.owner == sa.bindparam("of_owner"),
        runs.c.state == RunState.RUNNING.value,
    )
    .values(lease_until=sa.bindparam("until"))
)
_RENEWAL_WITH_PROGRESS = _RENEWAL.values(progress=sa.bindparam("new_progress"))


EnqueueStatements = Callable[[SyncRun], Sequence[tuple[str, Mapping[str, object]]]]
"""Returns the statements that enqueue a waiting run in a job queue in the same database."""


class SqlRuns:
    def __init__(self, run: UnitExecutor, enqueue_statements: EnqueueStatements | None = None) -> None:
        self._run = run
        self._enqueue_statements = enqueue_statements

    async def add(self, run: SyncRun) -> None:
        await self._run(lambda database: database.execute(runs.insert(), _row(run)))
        await self._enqueue(run)

    async def update(self, run: SyncRun) -> None:
        await self._run(lambda database: replace_row(database, runs, _row(run)))
        await self._enqueue(run)

    async def _enqueue(self, run: SyncRun) -> None:
        if self._enqueue_statements is None or run.state is not RunState.QUEUED:
            return
        statements = self._enqueue_statements(run)

        def execute(database: sa.Connection) -> None:
            with suppress(sa.exc.IntegrityError), database.begin_nested():
                for statement, values in statements:
                    database.exec_driver_sql(statement, dict(values))
            # On a conflict, a polling worker has enqueued the run meanwhile, which is enough.

        await self._run(execute)

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
        statement, params = _OF_MAPPING, dict[str, object](mapping_id=mapping_id, limit=limit)
        if before is not None:
            statement, params["before"] = statement.where(_BEFORE), before
        rows = await self._run(lambda database: database.execute(statement, params).all())
        return [_sync_run(row) for row in rows]

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        positions, params = _POSITIONS, dict[str, object](organization_id=organization_id, limit=limit)
        if before is not None:
            positions, params["before"] = positions.where(_BEFORE), before
        statement = _NEWEST.where(runs.c.position.in_(positions))
        rows = await self._run(lambda database: database.execute(statement, params).all())
        return [_sync_run(row) for row in rows]

    async def latest_ended(self, organization_id: OrganizationId | None = None) -> Sequence[SyncRun]:
        conditions: list[sa.ColumnElement[bool]] = [mappings.c.removed_at.is_(None)]
        if organization_id is not None:
            conditions.append(mappings.c.organization_id == organization_id)
        positions = sa.union_all(
            *(sa.select(latest).where(*conditions) for latest in map(_latest_ended, KINDS.scopes))
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

    async def remove(self, run_ids: Collection[RunId], limit: int) -> int:
        return await self._run(partial(remove_runs, run_ids, limit))

    async def run_in_place_of(self, run_id: RunId) -> RunId | None:
        return await self._run(lambda database: database.execute(_REPLACED, {"id": run_id}).scalar())

    async def find_by_idempotency_key(self, mapping_id: MappingId, request_key: str) -> RunId | None:
        params = {"mapping_id": mapping_id, "request_key": key_of(request_key)}
        return await self._run(lambda database: database.execute(_IDEMPOTENCY_KEY, params).scalar())

    async def save_idempotency_key(self, mapping_id: MappingId, request_key: str, run_id: RunId) -> None:
        row = {"mapping_id": mapping_id, "request_key": key_of(request_key), "run_id": run_id}
        await self._run(lambda database: database.execute(idempotency_keys.insert(), row))

    async def renew(
        self,
        run_id: RunId,
        owner: str,
        until: datetime,
        progress: Mapping[RecordKind, Progress] | None = None,
    ) -> bool:
        statement, params = _RENEWAL, dict[str, object](run_id=run_id, of_owner=owner, until=until)
        if progress is not None:
            statement, params["new_progress"] = _RENEWAL_WITH_PROGRESS, _progress_text(progress)
        return await self._run(lambda database: database.execute(statement, params).rowcount == 1)

    async def lease_status(self, run_id: RunId) -> LeaseStatus | None:
        params = {"run_id": run_id}
        row = await self._run(lambda database: database.execute(_LEASE_STATUS, params).first(), is_short=True)
        return None if row is None else LeaseStatus(*row)


def _row(run: SyncRun) -> dict[str, object]:
    return {
        "id": run.id,
        "mapping_id": run.mapping_id,
        "trigger": run.trigger.value,
        "scope": str(run.scope),
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
        "counts": to_json({kind.name: dict(tally.numbers) for kind, tally in run.counts.tallies.items()}),
        "progress": _progress_text(run.progress),
        "requested_by": run.requested_by,
        "link_counts": to_json(dict(run.links.numbers)),
    }


def _progress_text(progress: Mapping[RecordKind, Progress]) -> str:
    return to_json({kind.plural: [count.done, count.total] for kind, count in progress.items()})


def _sync_run(row: sa.Row[*tuple[Any, ...]]) -> SyncRun:
    return SyncRun(
        id=row.id,
        mapping_id=row.mapping_id,
        trigger=Trigger(row.trigger),
        scope=Scope(row.scope),
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        links=LinkCounts({LinkOutcome(name): number for name, number in from_json(row.link_counts).items()}),
        state=RunState(row.state),
        owner=row.owner,
        lease_until=row.lease_until,
        cancel_requested=row.stop_asked,
        started_at=row.started_at,
        finished_at=row.finished_at,
        stop=StopReason(row.stop_code, StopCause(row.stop_by), row.stop_sentence) if row.stop_code else None,
        message=row.message,
        counts=_counts(from_json(row.counts)),
        progress={
            KINDS.with_plural(plural): Progress(*numbers)
            for plural, numbers in from_json(row.progress).items()
        },
    )


def _counts(stored: Mapping[str, Mapping[str, int]]) -> Counts:
    return Counts(
        {
            KINDS.named(name): Tally({Outcome(outcome): number for outcome, number in numbers.items()})
            for name, numbers in stored.items()
        }
    )
