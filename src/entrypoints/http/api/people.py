"""Synced people: their share links and portal addresses."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from core.domain.ids import SourceId
from core.usecases.access.create_portal_link import CreatePortalLink
from core.usecases.access.portal_person import PersonQuery
from core.usecases.access.revoke_portal_links import RevokePortalLinks
from core.usecases.links.queries import ListLatestLinks
from core.usecases.results.queries import ListPeople, PeopleQuery
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import (
    Cursor,
    Limit,
    ManageMapping,
    ReadMapping,
    cursor,
    offset,
    problems,
)
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import Wired
from entrypoints.http.rows import link_rows
from entrypoints.resources.access import PortalAddressResponse
from entrypoints.resources.kind_names import PersonKindName
from entrypoints.resources.results import LINK_COLUMNS, PeopleResponse, SyncedPersonResponse

routes = APIRouter(prefix="/mappings/{mapping_id}")
Missing = Annotated[bool, Query(description="Only people who have no link yet")]


@routes.get(
    "/share-links",
    responses=problems(),
    tags=["share links"],
)
async def list_share_links(
    ctx: ReadMapping,
    container: Wired,
    missing: Missing = False,
    search: Annotated[
        requests.SearchText,
        Query(description="Part of a person's name or e-mail, or the full id in the source"),
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> PeopleResponse:
    """List the synced people with their share links, as of the last sync."""
    query = PeopleQuery(ctx.mapping.id, missing, search, offset(cursor_), limit)
    page = await container.resolve(ListPeople)(query)
    ids = [person.source_id for person in page.people]
    latest = await container.resolve(ListLatestLinks)(ctx.mapping.id, ids)
    return PeopleResponse(
        items=[SyncedPersonResponse.of(person, latest) for person in page.people],
        next=cursor(page.next),
        total=page.total,
        without_link=page.without_link,
    )


@routes.get(
    "/share-links.csv",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    tags=["share links"],
)
async def share_links_csv(ctx: ReadMapping, container: Wired, missing: Missing = False) -> StreamingResponse:
    """Return all share links as CSV: a row for each link, and a row for each person without one."""
    return csv_response("share-links", LINK_COLUMNS, link_rows(container, ctx.mapping.id, missing=missing))


@routes.post(
    "/people/{kind}/{source_id}/portal-address",
    status_code=HTTPStatus.CREATED,
    responses=problems(409),
    tags=["share links"],
    operation_id="people_make_portal_address",
)
async def create_portal_address(
    kind: PersonKindName,
    source_id: Annotated[requests.SearchText, Path()],
    ctx: ManageMapping,
    container: Wired,
) -> PortalAddressResponse:
    """Create a portal address, which opens the person's page for 90 days."""
    link_token = await container.resolve(CreatePortalLink)(
        PersonQuery(ctx.mapping.id, kind, SourceId(source_id)), actor=ctx.actor
    )
    return PortalAddressResponse(address=container.settings().address_of(f"/portal/{link_token}"))


@routes.delete(
    "/people/{kind}/{source_id}/portal-address",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(),
    tags=["share links"],
)
async def revoke_portal_addresses(
    kind: PersonKindName,
    source_id: Annotated[requests.SearchText, Path()],
    ctx: ManageMapping,
    container: Wired,
) -> None:
    """Revoke all portal addresses that the person has so far."""
    await container.resolve(RevokePortalLinks)(
        PersonQuery(ctx.mapping.id, kind, SourceId(source_id)), actor=ctx.actor
    )
