"""What became of links that were to be written back, in a table."""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import BATCH_SIZE, in_batches
from adapters.persistence.tables import link_outcomes as table
from core.domain.ids import MappingId, RunId, SourceId
from core.domain.links.link_homes import HolderType
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.reasons import Reason
from core.domain.records.search import RecordSearch
from ports.store.pages import Page

_COLUMNS = (
    table.c.kind,
    table.c.source_id,
    table.c.label,
    table.c.holder,
    table.c.outcome,
    table.c.reason_code,
    table.c.reason_sentence,
    table.c.reason_detail,
    table.c.url,
)
_INSERT = table.insert()
_FORGET_LATEST = sa.delete(table).where(
    table.c.mapping_id == sa.bindparam("of_mapping"), table.c.run_id.is_(sa.null())
)
_COUNTS = (
    sa.select(table.c.outcome, sa.func.count())
    .where(table.c.run_id == sa.bindparam("of_run"))
    .group_by(table.c.outcome)
)
_OF_RUN = (
    sa.select(table.c.position, *_COLUMNS)
    .where(table.c.run_id == sa.bindparam("of_run"), table.c.position > sa.bindparam("start"))
    .order_by(table.c.position)
)
_NEWEST = (
    sa.select(sa.func.max(table.c.position))
    .where(
        table.c.mapping_id == sa.bindparam("of_mapping"),
        table.c.source_id.in_(sa.bindparam("source_ids", expanding=True)),
    )
    .group_by(table.c.kind, table.c.source_id, table.c.holder)
)
_LATEST = sa.select(*_COLUMNS).where(table.c.position.in_(_NEWEST)).order_by(table.c.position)


class SqlLinkOutcomes:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, mapping_id: MappingId, run_id: RunId, results: Sequence[LinkResult]) -> None:
        self._add(mapping_id, run_id, results)

    async def replace_latest(self, mapping_id: MappingId, results: Sequence[LinkResult]) -> None:
        params = {"of_mapping": mapping_id}
        self._run.later(lambda database: database.execute(_FORGET_LATEST, params))
        self._add(mapping_id, None, results)

    def _add(self, mapping_id: MappingId, run_id: RunId | None, results: Sequence[LinkResult]) -> None:
        if results:
            rows = [_row(mapping_id, run_id, result) for result in results]
            self._run.later(lambda database: database.execute(_INSERT, rows))

    async def counts(self, run_id: RunId) -> LinkCounts:
        rows = await self._run(lambda database: database.execute(_COUNTS, {"of_run": run_id}).all())
        return LinkCounts({LinkOutcome(outcome): number for outcome, number in rows})

    async def page(
        self,
        run_id: RunId,
        *,
        only: Collection[LinkOutcome] = (),
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> Page[LinkResult]:
        statement, query = _OF_RUN, RecordSearch(search)
        if only:
            statement = statement.where(table.c.outcome.in_([outcome.value for outcome in only]))
        if not query:
            statement = statement.limit(limit + 1)

        def read(database: sa.Connection) -> Page[LinkResult]:
            options, params = {"yield_per": BATCH_SIZE}, {"of_run": run_id, "start": start}
            with database.execute(statement, params, execution_options=options) as rows:
                matching = (row for row in rows if not query or query.fits(row.label, None, row.source_id))
                # Read one more than requested, to see whether there is a next page.
                found = [*islice(matching, limit + 1)]
            chosen = found[:limit]
            has_next = len(found) > limit
            results = [_result(row[1:]) for row in chosen]
            return Page(results, (chosen[-1].position if chosen else start) if has_next else None)

        return await self._run(read)

    async def latest(
        self, mapping_id: MappingId, source_ids: Collection[SourceId]
    ) -> Mapping[tuple[RecordKind, SourceId], Sequence[LinkResult]]:
        def read(database: sa.Connection) -> dict[tuple[RecordKind, SourceId], list[LinkResult]]:
            found: dict[tuple[RecordKind, SourceId], list[LinkResult]] = {}
            for batch in in_batches(source_ids):
                params = {"of_mapping": mapping_id, "source_ids": batch}
                for row in database.execute(_LATEST, params):
                    result = _result(row)
                    found.setdefault((result.kind, result.source_id), []).append(result)
            return found

        return await self._run(read)


def _row(mapping_id: MappingId, run_id: RunId | None, result: LinkResult) -> dict[str, str | None]:
    reason = result.reason
    return {
        "mapping_id": mapping_id,
        "run_id": run_id,
        "kind": result.kind.name,
        "source_id": result.source_id,
        "label": result.label,
        "holder": result.holder,
        "outcome": result.outcome.value,
        "reason_code": reason.code,
        "reason_sentence": reason.sentence,
        "reason_detail": reason.detail,
        "url": result.url,
    }


def _result(row: Sequence[Any]) -> LinkResult:
    kind, source_id, label, holder, outcome, code, sentence, detail, url = row
    return LinkResult(
        KINDS.named(kind),
        source_id,
        label,
        HolderType(holder),
        LinkOutcome(outcome),
        Reason(code, sentence, detail),
        url,
    )
