"""Sync runs: how far one is, how it ended, what it did with each record."""

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
    "Events until the run has ended: `progress` with the run as it is, at first and whenever it went on, "
    "and `ended` with it at its end. The data of each is a `Run`, as JSON."
)


async def _seat(here: ReadRun, followers: RunWatchersOf) -> AsyncIterator[RunWatchers]:
    with followers.reserve(here):
        yield followers


@routes.get("/{run_id}", response_model=schemas.RunResponse, responses=problems(), tags=["sync"])
async def read(here: ReadRun) -> dict[str, Any]:
    """Read a run: how far it is, or how it ended.

    Under the id of a run that only confirmed another one, as an earlier version kept them, it is that other one.
    """
    return shapes.run(here.run)


@routes.get(
    "/{run_id}/progress",
    response_class=EventSourceResponse,
    responses=problems(429)
    | {200: {"description": EVENTS, "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    tags=["sync"],
)
async def follow(
    here: ReadRun, container: Wired, followers: Annotated[RunWatchers, Depends(_seat)], request: Request
) -> AsyncIterator[ServerSentEvent]:
    """Follow a run: an event `progress` with the run whenever it went on, and `ended` with it at the end."""

    async def again() -> Actor:
        return await actor_of_api_key(request, container, await bearer(request))

    async for run in followers.follow(container, here.run, again):
        yield ServerSentEvent(event="progress" if run.is_open else "ended", data=shapes.run(run))


@routes.get(
    "/{run_id}/outcomes",
    response_model=schemas.Listed[schemas.RecordOutcomeResponse],
    responses=problems(),
    tags=["results"],
)
async def list_outcomes(
    here: ReadRun,
    container: Wired,
    outcome: Annotated[list[Outcome] | None, Query(max_length=7)] = None,
    kind: Annotated[list[schemas.KindName] | None, Query(max_length=3)] = None,
    search: Annotated[
        schemas.SearchText, Query(description="In a record's name or e-mail; or its whole id in the source")
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List what the run did with each record, and why, in the order in which it happened."""
    kinds = [each for each in KINDS if each.name in (kind or ())]
    asked = OutcomesQuery(here.run, outcome or (), kinds, search, offset(cursor_), limit)
    page = await container.resolve(ListOutcomes)(asked)
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
    rows = outcome_rows(container, here.run, outcome or ())
    return csv_response("outcomes", shapes.OUTCOME_COLUMNS, rows)
