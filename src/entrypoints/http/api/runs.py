"""Sync runs: progress, result, and what a run did with each record."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from core.domain.access.authorization import Actor
from core.domain.links.link_outcomes import LinkOutcome
from core.domain.records.kinds import KINDS
from core.domain.records.outcomes import Outcome
from core.usecases.links.queries import LinkOutcomesQuery, ListLinkOutcomes
from core.usecases.results.queries import ListOutcomes, OutcomesQuery
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import Cursor, Limit, ReadRun, cursor, offset, problems
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import Wired, actor_of_api_key, bearer
from entrypoints.http.rows import outcome_rows
from entrypoints.http.run_watchers import RunWatchers, RunWatchersOf
from entrypoints.resources.base import Listed
from entrypoints.resources.kind_names import KindName
from entrypoints.resources.links import LinkCountsResponse, RunLinksResponse, link_results
from entrypoints.resources.results import OUTCOME_COLUMNS, RecordOutcomeResponse
from entrypoints.resources.runs import RunResponse

routes = APIRouter(prefix="/runs")
EVENTS = (
    "Events until the run has ended: `progress` first and after each change, `ended` at the end. "
    "The data of each event is a `RunResponse`, as JSON."
)


async def _reserve(ctx: ReadRun, watchers: RunWatchersOf) -> AsyncIterator[RunWatchers]:
    with watchers.reserve(ctx):
        yield watchers


@routes.get("/{run_id}", responses=problems(), tags=["sync"])
async def read(ctx: ReadRun) -> RunResponse:
    """Return a run: its progress, or its result.

    The id of a run that only confirmed another one, as earlier versions stored them, returns that other run.
    """
    return RunResponse.from_domain(ctx.run)


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
        document = RunResponse.from_domain(run).document()
        yield ServerSentEvent(event="progress" if run.is_open else "ended", data=document)


@routes.get(
    "/{run_id}/outcomes",
    responses=problems(),
    tags=["results"],
)
async def list_outcomes(
    ctx: ReadRun,
    container: Wired,
    outcome: Annotated[list[Outcome] | None, Query(max_length=len(Outcome))] = None,
    kind: Annotated[list[KindName] | None, Query(max_length=100)] = None,
    search: Annotated[
        requests.SearchText,
        Query(description="Part of a record's name or e-mail, or its full id in the source"),
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> Listed[RecordOutcomeResponse]:
    """List what the run did with each record, and why, in order."""
    kinds = [known_kind for known_kind in KINDS if known_kind.name in (kind or ())]
    query = OutcomesQuery(ctx.run, outcome or (), kinds, search, offset(cursor_), limit)
    page = await container.resolve(ListOutcomes)(query)
    return Listed[RecordOutcomeResponse](
        items=[RecordOutcomeResponse.from_domain(result) for result in page.items], next=cursor(page.next)
    )


@routes.get(
    "/{run_id}/outcomes.csv",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    tags=["results"],
)
async def outcomes_csv(
    ctx: ReadRun,
    container: Wired,
    outcome: Annotated[list[Outcome] | None, Query(max_length=len(Outcome))] = None,
) -> StreamingResponse:
    """Return all outcomes as CSV."""
    rows = outcome_rows(container, ctx.run, outcome or ())
    return csv_response("outcomes", OUTCOME_COLUMNS, rows)


@routes.get("/{run_id}/links", responses=problems(), tags=["share links"])
async def list_links(
    ctx: ReadRun,
    container: Wired,
    outcome: Annotated[list[LinkOutcome] | None, Query(max_length=len(LinkOutcome))] = None,
    search: Annotated[
        requests.SearchText,
        Query(description="Part of the name of a person or company, or the full id in the source"),
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> RunLinksResponse:
    """List the share links that the run wrote back into the source or had to leave, and why, in order."""
    query = LinkOutcomesQuery(ctx.run, outcome or (), search, offset(cursor_), limit)
    page = await container.resolve(ListLinkOutcomes)(query)
    return RunLinksResponse(
        counts=LinkCountsResponse.from_domain(ctx.run.links),
        items=link_results(page.items),
        next=cursor(page.next),
    )
