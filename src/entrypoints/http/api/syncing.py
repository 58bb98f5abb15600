"""Syncs of a mapping: preview, start, and list the runs."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Response

from core.domain.ids import RunId
from core.domain.records.search import RecordSearch
from core.usecases.runs.queries import ListRuns
from core.usecases.runs.request_sync import MAX_IDEMPOTENCY_KEY_LENGTH, SyncRequest
from core.usecases.sync.preview import expected_outcome
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import (
    IdCursor,
    Limit,
    ReadMapping,
    SyncMapping,
    located,
    parse_preview_cursor,
    problems,
)
from entrypoints.http.dependencies import Wired
from entrypoints.http.snapshots import PreviewsOf
from entrypoints.http.starting import start_sync
from entrypoints.resources.base import Listed
from entrypoints.resources.runs import CountsResponse, RunResponse
from entrypoints.resources.sync import PreviewResponse, StepResponse

routes = APIRouter(prefix="/mappings/{mapping_id}")
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=MAX_IDEMPOTENCY_KEY_LENGTH, pattern="^[!-~]([ -~]*[!-~])?$")
]
"""Printable ASCII, as headers allow; spaces only in the middle."""


@routes.post(
    "/preview",
    responses=problems(409, 429, 502),
    tags=["sync"],
)
async def preview(
    query: requests.PreviewQuery, ctx: ReadMapping, container: Wired, previews: PreviewsOf
) -> PreviewResponse:
    """Return what a sync would do with each record; nothing is written.

    Without a cursor, the source and the destination are read again. With a cursor, the response continues that preview.
    """
    start, preview_id = parse_preview_cursor(query.cursor)
    stored = await previews.get(container, ctx.mapping, query.scope, preview_id)
    search = RecordSearch(query.search)
    steps = [
        step
        for step in stored.plan.steps
        if (not query.outcome or expected_outcome(step) in query.outcome)
        and (not query.kind or step.record.kind.name in query.kind)
        and search.fits(step.record.label, step.record.email, step.record.source_id)
    ]
    end = start + query.limit
    return PreviewResponse(
        read_at=stored.read_at,
        counts=CountsResponse.from_domain(stored.plan.counts),
        shortfalls=list(stored.plan.shortfalls),
        items=[StepResponse.from_domain(step) for step in steps[start:end]],
        next=f"{end}-{stored.id}" if len(steps) > end else None,
    )


@routes.post(
    "/runs",
    status_code=HTTPStatus.ACCEPTED,
    responses=problems(409) | located(202, "the run"),
    tags=["sync"],
)
async def start(
    new: requests.NewRunRequest,
    ctx: SyncMapping,
    container: Wired,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunResponse:
    """Start a sync. While one is running, exactly one more is queued.

    A repeated `Idempotency-Key` starts no second sync; with a different scope, the request is refused.
    """
    command = SyncRequest(ctx.mapping.id, new.scope, actor=ctx.actor, key=idempotency_key)
    run = await start_sync(container, command)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return RunResponse.from_domain(run)


@routes.get(
    "/runs",
    responses=problems(),
    tags=["sync"],
)
async def list_runs(
    ctx: ReadMapping,
    container: Wired,
    limit: Limit = 50,
    cursor_: IdCursor = None,
) -> Listed[RunResponse]:
    """List the mapping's runs, newest first."""
    before = RunId(cursor_) if cursor_ else None
    runs = await container.resolve(ListRuns)(ctx.mapping.id, limit + 1, before)
    more = runs[limit - 1].id if len(runs) > limit else None
    return Listed[RunResponse](items=[RunResponse.from_domain(run) for run in runs[:limit]], next=more)
