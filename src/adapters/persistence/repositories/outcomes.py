"""Outcomes of records, in a table: exactly one per record and run."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import BATCH_SIZE, in_batches
from adapters.persistence.tables import outcomes, runs
from core.domain.email import normalize_email
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Causes, Counts, Outcome, RecordOutcome, RecordRef, Tally
from core.domain.records.reasons import Reason
from core.domain.records.search import RecordSearch, is_called
from ports.store.pages import Page
from ports.store.results import HistoryEntry

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_COLUMNS = (
    outcomes.c.kind,
    outcomes.c.source_id,
    outcomes.c.label,
    outcomes.c.email,
    outcomes.c.outcome,
    outcomes.c.reason_code,
    outcomes.c.reason_sentence,
    outcomes.c.reason_detail,
    outcomes.c.destination_id,
)
_OF_RUN = (
    sa.select(*_COLUMNS).where(outcomes.c.run_id == sa.bindparam("run_id")).order_by(outcomes.c.position)
)
_COUNTS = (
    sa.select(outcomes.c.kind, outcomes.c.outcome, sa.func.count())
    .where(outcomes.c.run_id == sa.bindparam("run_id"))
    .group_by(outcomes.c.kind, outcomes.c.outcome)
)
_CAUSES = (
    sa.select(outcomes.c.kind, outcomes.c.reason_code, sa.func.count())
    .where(outcomes.c.run_id == sa.bindparam("run_id"))
    .group_by(outcomes.c.kind, outcomes.c.reason_code)
)
_ONLY = _OF_RUN.where(outcomes.c.outcome.in_(sa.bindparam("only", expanding=True)))
# One query per index: for three conditions joined by OR, SQLite would scan all outcomes of the mapping.
_MATCHING = sa.union(
    sa.select(outcomes.c.position).where(outcomes.c.source_id == sa.bindparam("id_or_email")),
    sa.select(outcomes.c.position).where(outcomes.c.destination_id == sa.bindparam("id_or_email")),
    sa.select(outcomes.c.position).where(outcomes.c.mailbox == sa.bindparam("normalized_email")),
)
_HISTORY = (
    sa.select(outcomes.c.run_id, runs.c.started_at, runs.c.requested_at, outcomes.c.position, *_COLUMNS)
    .join(runs, runs.c.id == outcomes.c.run_id)
    .where(outcomes.c.position.in_(_MATCHING), runs.c.mapping_id == sa.bindparam("mapping_id"))
    .order_by(outcomes.c.position.desc())
)
_LATEST_RUNS = (
    sa.select(runs.c.id, runs.c.position)
    .where(runs.c.mapping_id == sa.bindparam("mapping_id"))
    .order_by(runs.c.position.desc())
    .limit(sa.bindparam("max_runs"))
    .subquery()
)
_LABELS = (
    sa.select(outcomes.c.run_id, outcomes.c.kind, outcomes.c.source_id, outcomes.c.label, outcomes.c.email)
    .join(_LATEST_RUNS, _LATEST_RUNS.c.id == outcomes.c.run_id)
    .order_by(_LATEST_RUNS.c.position.desc(), outcomes.c.position)
)
# The columns that are searched; the others are read only for the rows that are returned.
_LIGHT = (
    sa.select(outcomes.c.position, outcomes.c.label, outcomes.c.email, outcomes.c.source_id)
    .where(outcomes.c.run_id == sa.bindparam("run_id"), outcomes.c.position > sa.bindparam("start"))
    .order_by(outcomes.c.position)
)
_AT = (
    sa.select(*_COLUMNS)
    .where(outcomes.c.position.in_(sa.bindparam("positions", expanding=True)))
    .order_by(outcomes.c.position)
)


class SqlOutcomes:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, run_id: RunId, outcomes: Sequence[RecordOutcome]) -> None:
        if outcomes:
            rows = [_row(run_id, outcome) for outcome in outcomes]
            self._run.later(lambda database: database.execute(_INSERT, rows))

    async def list_by_run(self, run_id: RunId, only: Collection[Outcome] = ()) -> Sequence[RecordOutcome]:
        statement, params = _OF_RUN, dict[str, object](run_id=run_id)
        if only:
            statement, params["only"] = _ONLY, [outcome.value for outcome in only]
        return await self._run(
            lambda database: [_outcome(tuple(row)) for row in database.execute(statement, params)]
        )

    async def page(
        self,
        run_id: RunId,
        *,
        only: Collection[Outcome] = (),
        kinds: Collection[RecordKind] = (),
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> Page[RecordOutcome]:
        statement = _LIGHT
        if only:
            statement = statement.where(outcomes.c.outcome.in_([outcome.value for outcome in only]))
        if kinds:
            statement = statement.where(outcomes.c.kind.in_([kind.name for kind in kinds]))
        query = RecordSearch(search)
        if not query:
            statement = statement.limit(limit + 1)
        params = {"run_id": run_id, "start": start}

        def read(database: sa.Connection) -> Page[RecordOutcome]:
            options = {"yield_per": BATCH_SIZE}
            with database.execute(statement, params, execution_options=options) as rows:
                # Read one more than requested, to see whether there is a next page.
                positions = [*islice(_matching(query, rows), limit + 1)]
            chosen = positions[:limit]
            has_next = len(positions) > limit
            return Page(_at(database, chosen), (chosen[-1] if chosen else start) if has_next else None)

        return await self._run(read)

    async def counts(self, run_id: RunId) -> Counts:
        rows = await self._run(lambda database: database.execute(_COUNTS, {"run_id": run_id}).all())
        numbers: dict[str, dict[Outcome, int]] = {}
        for kind, outcome, number in rows:
            numbers.setdefault(kind, {})[_OUTCOMES[outcome]] = number
        return Counts({KINDS.named(name): Tally(tally) for name, tally in numbers.items()})

    async def causes(self, run_id: RunId) -> Causes:
        rows = await self._run(lambda database: database.execute(_CAUSES, {"run_id": run_id}).all())
        return {(KINDS.named(name), code): number for name, code, number in rows}

    async def find_named(self, mapping_id: MappingId, name: str, max_runs: int) -> Sequence[RecordRef]:
        params = {"mapping_id": mapping_id, "max_runs": max_runs}

        def read(database: sa.Connection) -> list[RecordRef]:
            options = {"yield_per": BATCH_SIZE}
            found: list[RecordRef] = []
            found_in = None
            with database.execute(_LABELS, params, execution_options=options) as rows:
                for run, kind, source_id, label, email in rows:
                    if found and run != found_in:
                        break  # the newest run that has one decides
                    if is_called(label, name):
                        found_in = run
                        found.append(RecordRef(KINDS.named(kind), source_id, label, email))
            return found

        return await self._run(read)

    async def history(
        self, mapping_id: MappingId, id_or_email: str, limit: int | None = None, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        statement = _HISTORY.limit(limit)
        if before is not None:
            statement = statement.where(outcomes.c.position < before)
        params = {
            "mapping_id": mapping_id,
            "id_or_email": id_or_email,
            "normalized_email": normalize_email(id_or_email),
        }
        rows = await self._run(lambda database: database.execute(statement, params).all())
        return [
            HistoryEntry(run_id, started_at or requested_at, _outcome(row), position)
            for run_id, started_at, requested_at, position, *row in reversed(rows)
        ]


def _matching(query: RecordSearch, rows: Iterable[sa.Row[*tuple[Any, ...]]]) -> Iterator[int]:
    """Yield the positions of the rows that match."""
    for position, label, email, source_id in rows:
        if not query or query.fits(label, email, source_id):
            yield position


def _at(database: sa.Connection, positions: Iterable[int]) -> list[RecordOutcome]:
    found: list[RecordOutcome] = []
    for batch in in_batches(positions):
        found.extend(_outcome(tuple(row)) for row in database.execute(_AT, {"positions": batch}))
    return found


_INSERT = outcomes.insert()


def _row(run_id: RunId, outcome: RecordOutcome) -> dict[str, str | None]:
    record, reason = outcome.record, outcome.reason
    return {
        "run_id": run_id,
        "kind": record.kind.name,
        "source_id": record.source_id,
        "label": record.label,
        "email": record.email,
        "mailbox": normalize_email(record.email) if record.email else None,
        "outcome": outcome.outcome.value,
        "reason_code": reason.code,
        "reason_sentence": reason.sentence,
        "reason_detail": reason.detail,
        "destination_id": outcome.destination_id,
    }


def _outcome(row: Sequence[Any]) -> RecordOutcome:
    kind, source_id, label, email, outcome, code, sentence, detail, destination_id = row
    return RecordOutcome(
        RecordRef(KINDS.named(kind), source_id, label, email),
        _OUTCOMES[outcome],
        Reason(code, sentence, detail),
        destination_id,
    )
