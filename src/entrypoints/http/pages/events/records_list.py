"""The lists of an event's records, and their exports."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from core.domain.errors import NotFound
from core.domain.records.kinds import AGENDA
from entrypoints.http.csv import csv_response
from entrypoints.http.pages.events.agenda import AGENDA_PAGE
from entrypoints.http.pages.events.event_page import RequestedEventPage, event_breadcrumbs, show
from entrypoints.http.pages.events.exhibitors import EXHIBITORS_PAGE
from entrypoints.http.pages.events.record_page import RECORD_PAGES, RecordPage, counted, outcome_of
from entrypoints.http.pages.lists import OutcomeFilter, PageNumber, SearchText, outcome_tabs, paginate
from entrypoints.http.pages.rendering import crumb, redirect_to

RECORD_PAGES.register(AGENDA_PAGE)
RECORD_PAGES.register(EXHIBITORS_PAGE)
routes = APIRouter(prefix="/organizations/{organization_id}/events/{event_id}")


def _record_page(part: Annotated[str, Path(max_length=100)]) -> RecordPage[Any]:
    if found := RECORD_PAGES.get(part):
        return found
    raise NotFound("page of an event", part)


RequestedRecordPage = Annotated[RecordPage[Any], Depends(_record_page)]


@routes.get("")
async def start(page: RequestedEventPage) -> Response:
    return redirect_to(f"{page.url}/{AGENDA}")


@routes.get("/{part}.csv")
async def export(page: RequestedEventPage, records: RequestedRecordPage) -> Response:
    if page.view is None:
        return redirect_to(f"{page.url}/{records.scope}")  # the page shows the problem or waits
    if records.csv is None:
        raise NotFound("export", records.scope)
    return csv_response(records.scope, records.csv.columns, records.csv_rows(page.view))


@routes.get("/{part}")
async def show_records(
    request: Request,
    page: RequestedEventPage,
    records: RequestedRecordPage,
    search_text: SearchText = "",
    outcome: OutcomeFilter = None,
    number: PageNumber = 1,
) -> Response:
    url = f"{page.url}/{records.scope}"
    query = {"q": search_text, "outcome": outcome.value if outcome else ""}
    within = () if records.what == records.label else (crumb(records.what, url),)
    crumbs = event_breadcrumbs(page, *within, crumb(records.label))
    template, part = "event_records.html", records.scope
    if page.view is None:
        return show(request, page, template, part, crumbs=crumbs)
    rows = [*records.rows(page.view)]
    chosen = records.chosen(rows, search_text, outcome)
    shown = paginate(chosen, number, url, query)
    columns, problems = records.shown_columns(shown.items, page.ctx.organization.source, page.zone)
    return show(
        request,
        page,
        template,
        part,
        crumbs=crumbs,
        records=records,
        columns=columns,
        problems=problems,
        url=url,
        list=shown,
        tabs=outcome_tabs(url, query, counted(rows), outcome) if page.view.plan else (),
        is_empty=not rows,
        empty=records.empty(page.ctx.organization.source),
        may_have_records=bool(rows) or records.is_read_from(page.ctx.organization.source),
        outcome_of=outcome_of,
        search_text=search_text,
        query=query,
    )
