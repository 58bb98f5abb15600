"""Syncs of a mapping: what one would do, starting one, those there were."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from core.domain.ids import RunId
from core.domain.records.search import RecordSearch
from core.usecases.runs.queries import ListRuns
from core.usecases.runs.request_sync import MAX_IDEMPOTENCY_KEY_LENGTH, RequestSync, SyncRequest
from core.usecases.sync.preview import expected_outcome
from entrypoints import shapes
from entrypoints.http.api import schemas
from entrypoints.http.api.dependencies import (
    IdCursor,
    Limit,
    ReadMapping,
    SyncMapping,
    located,
    offset,
    problems,
)
from entrypoints.http.dependencies import Wired
from entrypoints.http.snapshots import PreviewsOf

routes = APIRouter(prefix="/mappings/{mapping_id}")
RequestKey = Annotated[
    str | None, Header(min_length=1, max_length=MAX_IDEMPOTENCY_KEY_LENGTH, pattern="^[!-~]([ -~]*[!-~])?$")
]
"""What headers can carry, whatever is between."""


@routes.post(
    "/preview",
    response_model=schemas.PreviewResponse,
    responses=problems(409, 429, 502),
    tags=["sync"],
)
async def preview(
    asked: schemas.PreviewQuery, here: ReadMapping, container: Wired, previews: PreviewsOf
) -> dict[str, Any]:
    """Say for each record what a sync would do; nothing is written.

    Both sides are read anew where no cursor is given; with one, the answer goes on with what was read then.
    """
    start, reading = _place(asked.cursor)
    taken = await previews.get(container, here.mapping, asked.scope, reading)
    sought = RecordSearch(asked.search)
    steps = [
        step
        for step in taken.plan.steps
        if (not asked.outcome or expected_outcome(step) in asked.outcome)
        and (not asked.kind or step.record.kind.name in asked.kind)
        and sought.fits(step.record.label, step.record.email, step.record.source_id)
    ]
    end = start + asked.limit
    return {
        "read_at": taken.read_at,
        "counts": shapes.counts(taken.plan.counts),
        "shortfalls": list(taken.plan.shortfalls),
        "items": [shapes.step(each) for each in steps[start:end]],
        "next": f"{end}-{taken.id}" if len(steps) > end else None,
    }


def _place(given: str | None) -> tuple[int, str | None]:
    number, _, reading = (given or "").partition("-")
    return offset(number or None), reading or None


@routes.post(
    "/runs",
    status_code=HTTPStatus.ACCEPTED,
    response_model=schemas.RunResponse,
    responses=problems(409) | located(202, "the run"),
    tags=["sync"],
)
async def start(
    new: schemas.NewRunRequest,
    here: SyncMapping,
    container: Wired,
    response: Response,
    idempotency_key: RequestKey = None,
) -> dict[str, Any]:
    """Start a sync; during one, exactly one more is booked.

    With the same `Idempotency-Key`, no second one is; for another scope, such a request is refused.
    """
    run = await container.resolve(RequestSync)(
        SyncRequest(
            here.mapping.id, new.scope, actor=here.actor.name, key=idempotency_key, client_id=here.actor.id
        )
    )
    container.jobs().start(run.id)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return shapes.run(run)


@routes.get(
    "/runs",
    response_model=schemas.Listed[schemas.RunResponse],
    responses=problems(),
    tags=["sync"],
)
async def list_runs(
    here: ReadMapping,
    container: Wired,
    limit: Limit = 50,
    cursor_: IdCursor = None,
) -> dict[str, Any]:
    """List the mapping's runs, newest first."""
    before = RunId(cursor_) if cursor_ else None
    runs = await container.resolve(ListRuns)(here.mapping.id, limit + 1, before)
    more = runs[limit - 1].id if len(runs) > limit else None
    return {"items": [shapes.run(each) for each in runs[:limit]], "next": more}
