"""Share links written back into the source: the choice of their field, a preview, and writing them now (rule 38)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from core.domain.links.link_outcomes import LinkOutcome
from core.domain.records.search import RecordSearch
from core.usecases.links.order_link_field import FieldOrder, OrderLinkField
from core.usecases.links.queries import ListLinkChoices
from core.usecases.links.write_links_back import WriteLinksBack
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import (
    Limit,
    ManageMapping,
    ReadMapping,
    parse_preview_cursor,
    problems,
)
from entrypoints.http.dependencies import Wired
from entrypoints.http.link_previews import LinkPreviewsOf
from entrypoints.resources.links import (
    LinkChoicesResponse,
    LinkCountsResponse,
    OrderedFieldResponse,
    WriteBackPreviewResponse,
    WriteBackResponse,
    link_results,
)

routes = APIRouter(prefix="/mappings/{mapping_id}")


@routes.get("/link-fields", responses=problems(409, 502), tags=["share links"])
async def list_fields(ctx: ManageMapping, container: Wired) -> LinkChoicesResponse:
    """List the fields of the source that links can be written back to, as it has them now, and the campaigns."""
    return LinkChoicesResponse.from_domain(await container.resolve(ListLinkChoices)(ctx.mapping.id))


@routes.post(
    "/link-fields",
    status_code=HTTPStatus.CREATED,
    responses=problems(409, 502)
    | {200: {"description": "There was a field of this name already", "model": OrderedFieldResponse}},
    tags=["share links"],
)
async def order_field(
    new: requests.NewLinkFieldRequest, ctx: ManageMapping, container: Wired, response: Response
) -> OrderedFieldResponse:
    """Order a field in the source for share links. It is made once: with 409 it was ordered and is not listed yet.

    To write links to it, choose it by its internal name in the settings of the mapping.
    """
    command = FieldOrder(ctx.mapping.id, new.name, new.for_companies)
    field = await container.resolve(OrderLinkField)(command, actor=ctx.actor)
    if not field.is_new:
        response.status_code = HTTPStatus.OK
    return OrderedFieldResponse.of(field)


@routes.get("/write-back", responses=problems(409, 502), tags=["share links"])
async def preview(
    ctx: ReadMapping,
    container: Wired,
    previews: LinkPreviewsOf,
    outcome: Annotated[list[LinkOutcome] | None, Query(max_length=len(LinkOutcome))] = None,
    search: Annotated[
        requests.SearchText,
        Query(description="Part of the name of a person or company, or the full id in the source"),
    ] = "",
    limit: Limit = 50,
    cursor: Annotated[
        str | None,
        Query(pattern=requests.PREVIEW_CURSOR, description="The `next` of the previous part"),
    ] = None,
) -> WriteBackPreviewResponse:
    """Return what writing the links back would do with each; nothing is written.

    Without a cursor, the source is read again. With a cursor, the response continues that preview.
    """
    start, preview_id = parse_preview_cursor(cursor)
    stored = await previews.get(container, ctx.mapping, preview_id)
    query = RecordSearch(search)
    matching = [
        result
        for result in stored.report.results
        if (not outcome or result.outcome in outcome) and query.fits(result.label, None, result.source_id)
    ]
    end = start + limit
    return WriteBackPreviewResponse(
        read_at=stored.read_at,
        counts=LinkCountsResponse.from_domain(stored.report.counts),
        problems=stored.report.problems,
        items=link_results(matching[start:end]),
        next=f"{end}-{stored.id}" if len(matching) > end else None,
    )


@routes.post("/write-back", responses=problems(409, 502), tags=["share links"])
async def write_back(ctx: ManageMapping, container: Wired) -> WriteBackResponse:
    """Write the links back into the source now, and return what became of each; the next sync would do so too."""
    report = await container.resolve(WriteLinksBack)(ctx.mapping.id, actor=ctx.actor)
    return WriteBackResponse.from_domain(report)
