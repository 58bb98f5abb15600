"""The history of one record in all runs of a mapping: "why is this person not in the destination?"."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator

from core.domain.errors import InvalidInput, NotFound
from core.domain.ids import MAX_ID_LENGTH
from core.domain.links.link_outcomes import LinkResult
from core.usecases.links.queries import ListLatestLinks
from core.usecases.mappings.queries import ListMappings
from core.usecases.results.get_record_history import GetRecordHistory
from entrypoints.container import Container
from entrypoints.http.dependencies import MappingContext, Wired
from entrypoints.http.pages.dependencies import ReadMapping, ReadOrganization
from entrypoints.http.pages.events.event_page import event_url
from entrypoints.http.pages.lists import PER_PAGE, clean_search_text, with_query
from entrypoints.http.pages.rendering import crumb, organization_url, redirect_to, render
from ports.store.results import HistoryEntry

routes = APIRouter()
RecordQuery = Annotated[str, Query(alias="who"), AfterValidator(clean_search_text)]
Before = Annotated[int, Query(alias="before", ge=0, le=2**62)]


@routes.get("/organizations/{organization_id}/records")
async def redirect_to_records(
    container: Wired,
    ctx: ReadOrganization,
    who: RecordQuery = "",
    mapping: Annotated[str, Query(max_length=MAX_ID_LENGTH)] = "",
) -> Response:
    """Redirect to a mapping's records: without JavaScript a form cannot choose its URL."""
    mappings = await container.resolve(ListMappings)(ctx.organization.id, ended=True)
    mapping_id = next((each.id for each in mappings if each.id == mapping), None)
    if mapping_id is None:
        return redirect_to(f"{organization_url(ctx.organization)}/history")
    return redirect_to(with_query(f"/mappings/{mapping_id}/records", {"who": who}))


@routes.get("/mappings/{mapping_id}/records")
async def show_history(
    request: Request, container: Wired, ctx: ReadMapping, who: RecordQuery = "", before: Before = 0
) -> Response:
    mapping, url = ctx.mapping, f"/mappings/{ctx.mapping.id}/records"
    entries, is_unknown, several = list[HistoryEntry](), False, ""
    if who:
        try:
            entries = [
                *await container.resolve(GetRecordHistory)(
                    mapping.id, who, PER_PAGE + 1, before or None, mapping=mapping
                )
            ]
        except NotFound:
            is_unknown = True
        except InvalidInput as error:
            several = str(error)
    page_entries = entries[-PER_PAGE:][::-1]
    links = await _links(container, ctx, entries)
    labels = dict.fromkeys(entry.outcome.record.label for entry in page_entries)
    return render(
        request,
        "record_history.html",
        ctx=ctx,
        section="history",
        status=HTTPStatus.NOT_FOUND if is_unknown else HTTPStatus.OK,
        crumbs=[crumb("History", f"{organization_url(ctx.organization)}/history"), crumb("Records")],
        url=url,
        event_url=event_url(ctx.organization, mapping.events.source_id),
        who=who,
        name=next(iter(labels), ""),
        entries=page_entries,
        links=links,
        is_unknown=is_unknown,
        several=several,
        first_url=with_query(url, {"who": who}) if before else "",
        next_url=with_query(url, {"who": who, "before": page_entries[-1].position})
        if len(entries) > PER_PAGE
        else "",
    )


async def _links(
    container: Container, ctx: MappingContext, entries: Sequence[HistoryEntry]
) -> Sequence[LinkResult] | None:
    """Return what became of the record's share link in the source last; None if links are not written there."""
    records = [entry.outcome.record for entry in entries]
    ids = {record.source_id for record in records if record.kind.is_person}
    if not ids or not ctx.mapping.settings.links.is_on:
        return None
    latest = await container.resolve(ListLatestLinks)(ctx.mapping.id, ids)
    return [result for results in latest.values() for result in results]
