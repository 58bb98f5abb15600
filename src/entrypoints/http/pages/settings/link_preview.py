"""A preview of writing share links into the source with a choice that is not saved yet (rule 38)."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.errors import InvalidInput, Overloaded
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.records.search import RecordSearch
from core.usecases.runs.queries import ListRuns
from core.usecases.shared.write_back import LinkReport
from entrypoints.http.capacity import RequestCapacityOf
from entrypoints.http.dependencies import Wired
from entrypoints.http.link_change_previews import LinkChangePreviewsOf
from entrypoints.http.pages.lists import (
    LinkOutcomeFilter,
    PageNumber,
    SearchText,
    link_outcome_tabs,
    paginate,
    with_query,
)
from entrypoints.http.pages.rendering import FLASHES, crumb, redirect_to, render
from entrypoints.http.pages.settings.event_mappings import READ_FAILED
from entrypoints.http.pages.settings.link_choices import EnteredInQuery, stored_links
from entrypoints.http.pages.settings.mapping_settings import ManagedMapping
from entrypoints.http.pages.settings.write_back import (
    show_choice,
    write_back_context,
    write_back_crumbs,
    write_back_url,
)

routes = APIRouter(
    prefix="/organizations/{organization_id}/integrations/mappings/{mapping_id}/write-back/preview"
)
COUNTED = {
    LinkOutcome.WRITTEN: "would be written",
    LinkOutcome.UNCHANGED: "unchanged",
    LinkOutcome.KEPT: "kept, because somebody else entered a value",
    LinkOutcome.FAILED: "cannot be written",
}
"""What a preview calls each outcome."""


@routes.get("")
async def show(
    request: Request,
    container: Wired,
    ctx: ManagedMapping,
    places: RequestCapacityOf,
    previews: LinkChangePreviewsOf,
    entered: EnteredInQuery,
    search_text: SearchText = "",
    outcome: LinkOutcomeFilter = None,
    number: PageNumber = 1,
) -> Response:
    start_url = write_back_url(ctx, ctx.mapping)
    if not entered.field:
        return redirect_to(with_query(start_url, entered.query))
    is_poll = "hx-request" in request.headers
    runs = await container.resolve(ListRuns)(ctx.mapping.id, 2)
    synced_at = max((run.finished_at for run in runs if run.finished_at), default=None)
    try:
        stored = await previews.get(container, ctx.mapping, entered.settings, synced_at=synced_at)
    except InvalidInput as error:
        return await show_choice(request, container, ctx, places, entered, error=error)
    except (*READ_FAILED, Overloaded) as error:
        return await show_choice(request, container, ctx, places, entered, read_error=error)
    if stored is None and is_poll:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    url, query = f"{start_url}/preview", {**entered.query, "outcome": outcome or "", "q": search_text}
    flashes = request.session.get(FLASHES) if is_poll else None
    report = stored.preview.report if stored else LinkReport()
    rows = _chosen(report.results, outcome, search_text)
    response = render(
        request,
        "integrations_mapping_links_preview.html",
        crumbs=write_back_crumbs(ctx, crumb("Preview")),
        entered=entered,
        chosen=ctx.mapping.settings.links,
        is_saved=entered == stored_links(ctx.mapping.settings.links),
        own_url=with_query(url, {**query, "page": number if number > 1 else ""}),
        preview_url=url,
        change_url=with_query(start_url, {**entered.query, "change": "true"}),
        stored=stored,
        report=report,
        counts=[(word, report.counts[key]) for key, word in COUNTED.items()],
        list=paginate(rows, number, url, query),
        tabs=link_outcome_tabs(url, query, report.counts.numbers, outcome),
        search_text=search_text,
        query=query,
        **write_back_context(container, ctx),
    )
    if flashes:  # a polling request takes only a part of the page
        request.session[FLASHES] = flashes
    return response


def _chosen(
    results: Sequence[LinkResult], outcome: LinkOutcome | None, search_text: str
) -> Sequence[LinkResult]:
    search = RecordSearch(search_text)
    return [
        result
        for result in results
        if (outcome is None or result.outcome is outcome)
        and search.fits(result.label, None, result.source_id)
    ]
