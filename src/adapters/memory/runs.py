"""Sync runs, in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import dropwhile, islice

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.records.kinds import RecordKind, Scope
from core.domain.runs.fair_queue import OpenWork
from core.domain.runs.retention import EndedRun
from core.domain.runs.run import Progress, RunState, SyncRun, Trigger
from core.domain.runs.stop_reasons import REQUESTED_STOPS
from ports.store.errors import UniqueConstraint, UniqueViolation
from ports.store.runs import LeaseStatus

_CONSTRAINTS = {RunState.RUNNING: UniqueConstraint.RUNNING_RUN, RunState.QUEUED: UniqueConstraint.QUEUED_RUN}


class InMemoryRuns:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.runs
        self._mappings = store.mappings
        self._idempotency_keys = store.idempotency_keys
        self._store = store

    async def add(self, run: SyncRun) -> None:
        check(holds=run.id not in self._rows and run.mapping_id in self._mappings)
        self._put(run)

    async def update(self, run: SyncRun) -> None:
        check(holds=run.id in self._rows)
        self._put(run)

    def _put(self, run: SyncRun) -> None:
        for other in self._of(run.mapping_id):
            if other.id != run.id and run.is_open and other.state is run.state:
                raise UniqueViolation(_CONSTRAINTS[run.state])
        # Copy the progress: it is a dict that the caller may keep changing.
        self._rows[run.id] = replace(run, progress=dict(run.progress))

    def _of(self, mapping_id: MappingId) -> Iterable[SyncRun]:
        return (row for row in self._rows.values() if row.mapping_id == mapping_id)

    async def get(self, run_id: RunId) -> SyncRun | None:
        return self._rows.get(run_id)

    async def list_open(self, mapping_id: MappingId) -> Sequence[SyncRun]:
        open_runs = [row for row in self._of(mapping_id) if row.is_open]
        return sorted(open_runs, key=lambda row: row.state is RunState.QUEUED)

    async def list_by_mapping(
        self, mapping_id: MappingId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        return [row for row in self._newest(before) if row.mapping_id == mapping_id][:limit]

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        mapping_ids = {row.id for row in self._mappings.values() if row.organization_id == organization_id}
        return [row for row in self._newest(before) if row.mapping_id in mapping_ids][:limit]

    async def latest_ended(self, organization_id: OrganizationId | None = None) -> Sequence[SyncRun]:
        latest: dict[tuple[MappingId, Scope], SyncRun] = {}
        for row in self._newest(None):
            mapping = self._mappings[row.mapping_id]
            is_included = mapping.is_active and organization_id in (None, mapping.organization_id)
            was_requested = row.stop is not None and row.stop.code in REQUESTED_STOPS
            if is_included and not row.is_open and not was_requested:
                latest.setdefault((row.mapping_id, row.scope), row)
        return [*latest.values()]

    def _newest(self, before: RunId | None) -> Iterable[SyncRun]:
        rows = reversed(self._rows.values())
        return rows if before is None else islice(dropwhile(lambda row: row.id != before, rows), 1, None)

    async def open_work(self) -> Sequence[OpenWork]:
        mappings = self._mappings
        runs = [
            OpenWork(
                row.id,
                row.mapping_id,
                mappings[row.mapping_id].organization_id,
                row.trigger,
                row.state,
                row.requested_at,
                row.lease_until,
            )
            for row in self._rows.values()
            if row.is_open
        ]
        checks = [
            OpenWork(
                None,
                mapping.id,
                mapping.organization_id,
                Trigger.CONTINUOUS,
                RunState.RUNNING,
                self._store.schedules[mapping.id].due_at,
                self._store.checks[mapping.id][1],
            )
            for mapping in mappings.values()
            if mapping.id in self._store.checks
        ]
        return [*runs, *sorted(checks, key=lambda check: check.since)]

    async def ended_before(
        self, instant: datetime, limit: int, after: RunId | None = None
    ) -> Sequence[EndedRun]:
        latest = {(run.mapping_id, run.scope): run.id for run in self._rows.values()}
        confirmed = {row.run_id for row in self._store.unchanged_markers.values()}
        ended = [
            run for run in self._rows.values() if run.finished_at is not None and run.finished_at < instant
        ]
        ended.sort(key=lambda run: run.finished_at or instant)
        if after is not None:
            ended = [*islice(dropwhile(lambda run: run.id != after, ended), 1, None)]
        return [
            EndedRun(run.id, latest[run.mapping_id, run.scope] == run.id, run.id in confirmed)
            for run in ended[:limit]
        ]

    def _remove_links(self, run_id: RunId, limit: int) -> int:
        links = self._store.link_outcomes
        some = [position for position, (_, of_run, _) in links.items() if of_run == run_id][:limit]
        for position in some:
            del links[position]
        return len(some)

    async def remove(self, run_ids: Collection[RunId], limit: int) -> int:
        deleted, outcomes = 0, self._store.outcomes
        for run_id in run_ids:
            rows = outcomes.pop(run_id, {})
            some = min(len(rows), limit - deleted)
            deleted += some
            if some < len(rows):
                outcomes[run_id] = dict(islice(rows.items(), some, None))
            deleted += self._remove_links(run_id, limit - deleted)
        present = [run_id for run_id in run_ids if run_id in self._rows][: limit - deleted]
        for run_id in present:
            del self._rows[run_id]
        for key in [key for key, run_id in self._idempotency_keys.items() if run_id in present]:
            del self._idempotency_keys[key]
        return deleted + len(present)

    async def run_in_place_of(self, run_id: RunId) -> RunId | None:  # noqa: ARG002 - no earlier version stored anything in memory
        return None

    async def find_by_idempotency_key(self, mapping_id: MappingId, request_key: str) -> RunId | None:
        return self._idempotency_keys.get((mapping_id, request_key))

    async def save_idempotency_key(self, mapping_id: MappingId, request_key: str, run_id: RunId) -> None:
        key = (mapping_id, request_key)
        check(
            holds=key not in self._idempotency_keys and mapping_id in self._mappings and run_id in self._rows
        )
        self._idempotency_keys[key] = run_id

    async def renew(
        self,
        run_id: RunId,
        owner: str,
        until: datetime,
        progress: Mapping[RecordKind, Progress] | None = None,
    ) -> bool:
        run = self._rows.get(run_id)
        if run is None or run.owner != owner or run.state is not RunState.RUNNING:
            return False
        new_progress = run.progress if progress is None else dict(progress)
        self._rows[run_id] = replace(run, lease_until=until, progress=new_progress)
        return True

    async def lease_status(self, run_id: RunId) -> LeaseStatus | None:
        run = self._rows.get(run_id)
        return None if run is None else LeaseStatus(run.owner, run.lease_until, run.cancel_requested)
