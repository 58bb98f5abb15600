"""Portal addresses of any selection of people (rule 39)."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from core.domain.ids import MappingId
from core.usecases.access.hand_out import ListPortalAddresses, MakePortalAddresses, RevokePortalAddresses
from core.usecases.access.portal_selection import HandOut, PortalSelection
from core.usecases.results.queries import ListPeople, PeopleQuery
from entrypoints.container import Container
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import Cursor, Limit, ManageMapping, cursor, offset, problems
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import Wired
from entrypoints.http.rows import mail_merge_rows
from entrypoints.resources.portal import MAIL_MERGE_COLUMNS, HandOutResponse, HandOutsResponse

routes = APIRouter(prefix="/mappings/{mapping_id}/portal-addresses", tags=["share links"])


@routes.get("", responses=problems())
async def list_portal_addresses(
    ctx: ManageMapping,
    container: Wired,
    search: Annotated[
        requests.SearchText,
        Query(description="Part of a person's name or e-mail, or the full id in the source"),
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> HandOutsResponse:
    """List the synced people with their portal addresses; each address opens its person's page."""
    query = PeopleQuery(ctx.mapping.id, search=search, start=offset(cursor_), limit=limit)
    page = await container.resolve(ListPeople)(query)
    people = await container.resolve(ListPortalAddresses).of_people(ctx.mapping, page.people)
    return HandOutsResponse(
        items=[_response(person, container) for person in people],
        next=cursor(page.next),
        total=page.total,
    )


@routes.get(
    ".csv",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def mail_merge(ctx: ManageMapping, container: Wired) -> StreamingResponse:
    """Return a row for each synced person, for a mail merge: name, e-mail, portal address and share links."""
    return csv_response("mail-merge", MAIL_MERGE_COLUMNS, mail_merge_rows(container, ctx.mapping))


@routes.post("", responses=problems(409))
async def make_portal_addresses(
    chosen: requests.PeopleSelectionRequest, ctx: ManageMapping, container: Wired
) -> HandOutsResponse:
    """Make an address for each of these people who has no valid one, and return all of them.

    If somebody was not synced, nothing is done. Each address is valid for 90 days.
    """
    selection = _selection(ctx.mapping.id, chosen)
    people = await container.resolve(MakePortalAddresses)(selection, actor=ctx.actor)
    items = [_response(person, container) for person in people]
    return HandOutsResponse(items=items, next=None, total=len(items))


@routes.post("/revoke", responses=problems())
async def revoke_portal_addresses(
    chosen: requests.PeopleSelectionRequest, ctx: ManageMapping, container: Wired
) -> HandOutsResponse:
    """Revoke all addresses that these people have so far, and return the people.

    If somebody was not synced, nothing is done.
    """
    selection = _selection(ctx.mapping.id, chosen)
    people = await container.resolve(RevokePortalAddresses)(selection, actor=ctx.actor)
    items = [_response(person, container) for person in people]
    return HandOutsResponse(items=items, next=None, total=len(items))


def _selection(mapping_id: MappingId, chosen: requests.PeopleSelectionRequest) -> PortalSelection:
    who = tuple(f"{person.kind}:{person.source_id}" for person in chosen.people)
    return PortalSelection(mapping_id, who, everybody=chosen.all)


def _response(person: HandOut, container: Container) -> HandOutResponse:
    return HandOutResponse.from_domain(person, container.settings())
