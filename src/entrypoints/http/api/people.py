"""Synced people: their share links, and the addresses of their own pages."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from core.domain.ids import SourceId
from core.usecases.access.create_portal_link import CreatePortalLink
from core.usecases.access.portal_person import PersonQuery
from core.usecases.access.revoke_portal_links import RevokePortalLinks
from core.usecases.results.queries import ListPeople, PeopleQuery
from entrypoints import shapes
from entrypoints.http.api import schemas
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

routes = APIRouter(prefix="/mappings/{mapping_id}")
Missing = Annotated[bool, Query(description="Only people who have no link yet")]


@routes.get(
    "/share-links",
    response_model=schemas.PeopleResponse,
    responses=problems(),
    tags=["share links"],
)
async def list_share_links(
    here: ReadMapping,
    container: Wired,
    missing: Missing = False,
    search: Annotated[
        schemas.SearchText, Query(description="In a person's name or e-mail; or the whole id in the source")
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the synced people with their share links, as the last sync found them in Gleanin."""
    asked = PeopleQuery(here.mapping.id, missing, search, offset(cursor_), limit)
    page = await container.resolve(ListPeople)(asked)
    return {
        "items": [shapes.person_with_links(each) for each in page.people],
        "next": cursor(page.next),
        "total": page.total,
        "without_link": page.without_link,
    }


@routes.get(
    "/share-links.csv",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    tags=["share links"],
)
async def share_links_csv(here: ReadMapping, container: Wired, missing: Missing = False) -> StreamingResponse:
    """Give all share links as CSV: a row for each link, and one for somebody who has none yet."""
    return csv_response(
        "share-links", shapes.LINK_COLUMNS, link_rows(container, here.mapping.id, missing=missing)
    )


@routes.post(
    "/people/{kind}/{source_id}/portal-address",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.PortalAddressResponse,
    responses=problems(409),
    tags=["share links"],
)
async def make_portal_address(
    kind: schemas.PersonKindName,
    source_id: Annotated[schemas.SearchText, Path()],
    here: ManageMapping,
    container: Wired,
) -> dict[str, Any]:
    """Make a person's portal address: it opens their page for 90 days."""
    made = await container.resolve(CreatePortalLink)(
        PersonQuery(here.mapping.id, kind, SourceId(source_id)), actor=here.actor.name
    )
    return {"address": container.settings().address_of(f"/portal/{made}")}


@routes.delete(
    "/people/{kind}/{source_id}/portal-address",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(),
    tags=["share links"],
)
async def revoke_portal_addresses(
    kind: schemas.PersonKindName,
    source_id: Annotated[schemas.SearchText, Path()],
    here: ManageMapping,
    container: Wired,
) -> None:
    """Revoke all addresses of a person's portal page that were made up to now."""
    await container.resolve(RevokePortalLinks)(
        PersonQuery(here.mapping.id, kind, SourceId(source_id)), actor=here.actor.name
    )
