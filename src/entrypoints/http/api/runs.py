"""Sync runs: progress, result, and what a run did with each record."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from core.domain.access.authorization import Actor
from core.domain.records.kinds import KINDS
from core.domain.records.outcomes import Outcome
from core.usecases.results.queries import ListOutcomes, OutcomesQuery
from entrypoints import shapes
from entrypoints.http.api import schemas
from entrypoints.http.api.dependencies import Cursor, Limit, ReadRun, cursor, offset, problems
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import Wired, actor_of_api_key, bearer
from entrypoints.http.rows import outcome_rows
from entrypoints.http.run_watchers import RunWatchers, RunWatchersOf

routes = APIRouter(prefix="/runs")
EVENTS = (
    "Events until the run has ended: `progress` first and after each change, `ended` at the end. "
    "The data of each event is a `RunResponse`, as JSON."
)


async def _reserve(ctx: ReadRun, watchers: RunWatchersOf) -> AsyncIterator[RunWatchers]:
    with watchers.reserve(ctx):
        yield watchers


@routes.get("/{run_id}", response_model=schemas.RunResponse, responses=problems(), tags=["sync"])
async def read(ctx: ReadRun) -> dict[str, Any]:
    """Return a run: its progress, or its result.

    The id of a run that only confirmed another one, as earlier versions stored them, returns that other run.
    """
    return shapes.run(ctx.run)


@routes.get(
    "/{run_id}/progress",
    response_class=EventSourceResponse,
    responses=problems(429)
    | {200: {"description": EVENTS, "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    tags=["sync"],
)
async def follow(
    ctx: ReadRun, container: Wired, watchers: Annotated[RunWatchers, Depends(_reserve)], request: Request
) -> AsyncIterator[ServerSentEvent]:
    """Follow a run: an event `progress` after each change, and `ended` at the end."""

    async def reauthenticate() -> Actor:
        return await actor_of_api_key(request, container, await bearer(request))

    async for run in watchers.follow(container, ctx.run, reauthenticate):
        yield ServerSentEvent(event="progress" if run.is_open else "ended", data=shapes.run(run))


@routes.get(
    "/{run_id}/outcomes",
    response_model=schemas.Listed[schemas.RecordOutcomeResponse],
    responses=problems(),
    tags=["results"],
)
async def list_outcomes(
    ctx: ReadRun,
    container: Wired,
    outcome: Annotated[list[Outcome] | None, Query(max_length=7)] = None,
    kind: Annotated[list[schemas.KindName] | None, Query(max_length=3)] = None,
    search: Annotated[
        schemas.SearchText,
        Query(description="Part of a record's name or e-mail, or its full id in the source"),
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List what the run did with each record, and why, in order."""
    kinds = [known_kind for known_kind in KINDS if known_kind.name in (kind or ())]
    query = OutcomesQuery(ctx.run, outcome or (), kinds, search, offset(cursor_), limit)
    page = await container.resolve(ListOutcomes)(query)
    return {"items": [shapes.outcome(outcome) for outcome in page.items], "next": cursor(page.next)}


@routes.get(
    "/{run_id}/outcomes.csv",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    tags=["results"],
)
async def outcomes_csv(
    ctx: ReadRun, container: Wired, outcome: Annotated[list[Outcome] | None, Query(max_length=7)] = None
) -> StreamingResponse:
    """Return all outcomes as CSV."""
    rows = outcome_rows(container, ctx.run, outcome or ())
    return csv_response("outcomes", shapes.OUTCOME_COLUMNS, rows)
