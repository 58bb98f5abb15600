"""One record's story through all runs of a mapping: "why is this person not in Gleanin?"."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator

from core.domain.errors import NotFound
from core.usecases.mappings.queries import ListMappings
from core.usecases.results.get_record_history import GetRecordHistory
from entrypoints.http.dependencies import LONGEST_ID, Wired
from entrypoints.http.pages.dependencies import ReadMapping, ReadOrganization
from entrypoints.http.pages.events.event_page import url_of_event
from entrypoints.http.pages.lists import PER_PAGE, address, tidied
from entrypoints.http.pages.rendering import crumb, go_to, render, url_of
from ports.store.results import HistoryEntry

routes = APIRouter()
PersonQuery = Annotated[str, Query(alias="who"), AfterValidator(tidied)]
Before = Annotated[int, Query(alias="before", ge=0, le=2**62)]


@routes.get("/organizations/{organization_id}/records")
async def ask(
    container: Wired,
    here: ReadOrganization,
    who: PersonQuery = "",
    mapping: Annotated[str, Query(max_length=LONGEST_ID)] = "",
) -> Response:
    """Lead to a mapping's records: a form without JavaScript cannot choose its own address."""
    mappings = await container.resolve(ListMappings)(here.organization.id, ended=True)
    chosen = next((each.id for each in mappings if each.id == mapping), None)
    if chosen is None:
        return go_to(f"{url_of(here.organization)}/history")
    return go_to(address(f"/mappings/{chosen}/records", {"who": who}))


@routes.get("/mappings/{mapping_id}/records")
async def tell(
    request: Request, container: Wired, here: ReadMapping, who: PersonQuery = "", before: Before = 0
) -> Response:
    mapping, url = here.mapping, f"/mappings/{here.mapping.id}/records"
    entries, is_unknown = list[HistoryEntry](), False
    if who:
        try:
            entries = [
                *await container.resolve(GetRecordHistory)(mapping.id, who, PER_PAGE + 1, before or None)
            ]
        except NotFound:
            is_unknown = True
    shown = entries[-PER_PAGE:][::-1]
    labels = dict.fromkeys(entry.outcome.record.label for entry in shown)
    return render(
        request,
        "records.html",
        here=here,
        section="history",
        status=HTTPStatus.NOT_FOUND if is_unknown else HTTPStatus.OK,
        crumbs=[crumb("History", f"{url_of(here.organization)}/history"), crumb("Records")],
        url=url,
        event_url=url_of_event(here.organization, mapping.events.sessionboard_id),
        who=who,
        name=next(iter(labels), ""),
        entries=shown,
        is_unknown=is_unknown,
        first_url=address(url, {"who": who}) if before else "",
        next_url=address(url, {"who": who, "before": shown[-1].position}) if len(entries) > PER_PAGE else "",
    )
