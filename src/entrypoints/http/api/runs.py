"""Sync runs: how far one is, how it ended, what it did with each record."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from core.domain.identifiers import RunId
from core.domain.kinds import KINDS
from core.domain.outcomes import Outcome
from core.usecases.look_up import OutcomesAsked
from entrypoints import shapes
from entrypoints.container import Container
from entrypoints.http.api import bodies
from entrypoints.http.api.asked import Cursor, Limit, ReadRun, cursor, offset, problems
from entrypoints.http.asking import Wired
from entrypoints.http.csv import csv_response
from entrypoints.http.progress import followed

routes = APIRouter(prefix="/runs")
ROWS_PER_PART = 1000


@routes.get("/{run_id}", response_model=bodies.Run, responses=problems(), tags=["sync"])
async def read(here: ReadRun) -> dict[str, Any]:
    return shapes.run(here.run)


@routes.get(
    "/{run_id}/progress",
    response_class=EventSourceResponse,
    responses=problems(),
    tags=["sync"],
)
async def follow(here: ReadRun, container: Wired) -> AsyncIterator[ServerSentEvent]:
    """Follow a run: an event `progress` with the run whenever it went on, and `ended` with it at the end."""
    async for run in followed(container, here.run):
        yield ServerSentEvent(event="progress" if run.is_open else "ended", data=shapes.run(run))


@routes.get(
    "/{run_id}/outcomes",
    response_model=bodies.Listed[bodies.RecordOutcome],
    responses=problems(),
    tags=["results"],
)
async def list_outcomes(
    here: ReadRun,
    container: Wired,
    outcome: Annotated[list[Outcome] | None, Query(max_length=7)] = None,
    kind: Annotated[list[bodies.KindName] | None, Query(max_length=3)] = None,
    search: Annotated[bodies.Sought, Query(description="In a record's name or e-mail; or its whole id")] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List what the run did with each record, and why, in the order in which it happened."""
    kinds = [each for each in KINDS if each.name in (kind or ())]
    asked = OutcomesAsked(here.run.id, outcome or (), kinds, search, offset(cursor_), limit)
    page = await container.page_outcomes()(asked)
    return {"items": [shapes.outcome(each) for each in page.items], "next": cursor(page.next)}


@routes.get(
    "/{run_id}/outcomes.csv",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    tags=["results"],
)
async def outcomes_csv(
    here: ReadRun, container: Wired, outcome: Annotated[list[Outcome] | None, Query(max_length=7)] = None
) -> StreamingResponse:
    """Give all outcomes as CSV."""
    rows = outcome_rows(container, here.run.id, outcome or ())
    return csv_response("outcomes", shapes.OUTCOME_COLUMNS, rows)


async def outcome_rows(
    container: Container, run_id: RunId, only: Sequence[Outcome] = ()
) -> AsyncIterator[Iterable[Sequence[str | None]]]:
    start: int | None = 0
    while start is not None:
        page = await container.page_outcomes()(OutcomesAsked(run_id, only, start=start, limit=ROWS_PER_PART))
        yield map(shapes.outcome_row, page.items)
        start = page.next
