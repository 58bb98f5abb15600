"""Share links: the links of each person, people without a link, and portal addresses (rules 30 and 31)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from core.domain.errors import NotFound
from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, MAX_ID_LENGTH, SourceId
from core.domain.links.link_outcomes import LinkResult
from core.domain.records.kinds import RecordKind
from core.domain.records.synced_records import SyncedRecord, presentable
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.create_portal_link import CreatePortalLink
from core.usecases.access.hand_out import ListPortalAddresses
from core.usecases.access.portal_person import PersonQuery
from core.usecases.access.revoke_portal_links import RevokePortalLinks
from core.usecases.links.queries import ListLatestLinks
from core.usecases.results.queries import ListMappingsWithPeople, ListPeople, PeopleQuery
from entrypoints.container import Container
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import MappingContext, OrganizationContext, Wired
from entrypoints.http.pages.dependencies import ManageMapping, ReadOrganization
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.lists import PER_PAGE, PageNumber, SearchText, page_slice, with_query
from entrypoints.http.pages.rendering import crumb, flash, fragment, organization_url, redirect_to, render
from entrypoints.http.rows import link_rows
from entrypoints.resources.results import LINK_COLUMNS
from entrypoints.text import shortened

routes = APIRouter()
Missing = Annotated[bool, Query(alias="missing")]
MappingFilter = Annotated[str, Query(alias="mapping", max_length=MAX_ID_LENGTH)]
MAX_PERSON_LENGTH = MAX_ID_LENGTH + len(":") + MAX_EXTERNAL_ID_LENGTH
OfPerson = Annotated[str, Query(max_length=MAX_PERSON_LENGTH)]
"""The name of the kind and the id in the source, with a colon between them."""
LatestLinks = Mapping[tuple[RecordKind, SourceId], Sequence[LinkResult]]


@routes.get("/organizations/{organization_id}/share-links")
async def show(
    request: Request,
    container: Wired,
    ctx: ReadOrganization,
    mapping_id: MappingFilter = "",
    missing: Missing = False,
    search_text: SearchText = "",
    number: PageNumber = 1,
    revoke: OfPerson = "",
) -> Response:
    url, mappings = (
        f"{organization_url(ctx.organization)}/share-links",
        await container.resolve(ListMappingsWithPeople)(ctx.organization.id),
    )
    mapping = next(
        (mapping for mapping in mappings if mapping.id == mapping_id), mappings[0] if mappings else None
    )
    crumbs = [crumb("Share links")]
    if mapping is None:
        return render(request, "share_links_none.html", ctx=ctx, section="share-links", crumbs=crumbs)
    mapping_query = {"mapping": mapping.id if len(mappings) > 1 else ""}
    query = {**mapping_query, "missing": "true" if missing else "", "q": search_text}
    start = (number - 1) * PER_PAGE
    page = await container.resolve(ListPeople)(PeopleQuery(mapping.id, missing, search_text, start, PER_PAGE))
    if start and not page.people:
        return redirect_to(with_query(url, query))
    current_url = with_query(url, {**query, "page": number if number > 1 else ""})
    return render(
        request,
        "share_links.html",
        ctx=ctx,
        section="share-links",
        crumbs=crumbs,
        url=url,
        current_url=current_url,
        mapping=mapping,
        mappings=mappings,
        tabs=[
            {
                "label": "Everyone",
                "url": with_query(url, {**mapping_query, "q": search_text}),
                "current": not missing,
            },
            {
                "label": "Without a link",
                "url": with_query(url, {**mapping_query, "q": search_text, "missing": "true"}),
                "count": f"{page.without_link:,}",
                "current": missing,
            },
        ],
        people=[(person, presentable(person.links)) for person in page.people],
        places=await _places(container, mapping, page.people),
        list=page_slice(page.people, start, page.total, url, query),
        search_text=search_text,
        query=query,
        csv_url=with_query(f"{url}.csv", {"mapping": mapping.id, "missing": query["missing"]}),
        to_revoke=_find_person(revoke, page.people) if ctx.may_manage else None,
        revoke_url=lambda person: with_query(url, {**query, "page": number, "revoke": ref_of(person)}),
        ref_of=ref_of,
        expiries=await _expiries(container, mapping, page.people) if ctx.may_manage else (),
        total=f"{page.total:,}",
    )


async def _expiries(
    container: Container, mapping: EventMapping, people: Sequence[SyncedRecord]
) -> list[datetime | None]:
    """Return until when the portal address of each person is valid; None if there is none."""
    handed_out = await container.resolve(ListPortalAddresses).of_people(mapping, people)
    return [each.address.expires_at if each.address else None for each in handed_out]


async def _places(
    container: Container, mapping: EventMapping, people: Sequence[SyncedRecord]
) -> LatestLinks | None:
    """Return what became of these people's links in the source; None if links are not written there."""
    if not mapping.settings.links.is_on:
        return None
    return await container.resolve(ListLatestLinks)(mapping.id, {person.source_id for person in people})


def ref_of(person: SyncedRecord) -> str:
    return f"{person.kind.name}:{person.source_id}"


def _find_person(ref: str, people: Sequence[SyncedRecord]) -> SyncedRecord | None:
    return next((person for person in people if ref_of(person) == ref), None)


@routes.get("/organizations/{organization_id}/share-links.csv")
async def share_links_csv(
    container: Wired, ctx: ReadOrganization, mapping_id: MappingFilter = "", missing: Missing = False
) -> Response:
    mapping = await _mapping(container, ctx, mapping_id)
    rows = link_rows(container, mapping.id, missing=missing)
    return csv_response("share-links", LINK_COLUMNS, rows)


async def _mapping(container: Container, ctx: OrganizationContext, mapping_id: str) -> EventMapping:
    mappings = await container.resolve(ListMappingsWithPeople)(ctx.organization.id)
    mapping = next((mapping for mapping in mappings if mapping.id == mapping_id), None)
    if mapping is None:
        raise NotFound("mapping", mapping_id)
    return mapping


@routes.post("/mappings/{mapping_id}/portal-address")
async def create_portal_address(
    request: Request, container: Wired, ctx: ManageMapping, form: SentForm
) -> Response:
    person = _person(ctx.mapping, form)
    token = await container.resolve(CreatePortalLink)(person, actor=ctx.actor)
    portal = container.settings().address_of(f"/portal/{token}")
    name = shortened(text(form, "name"), 200)
    if "hx-request" in request.headers:
        return HTMLResponse(fragment("parts/portal_address.html", portal=portal, name=name))
    return render(
        request,
        "portal_address.html",
        ctx=ctx,
        section="share-links",
        crumbs=[crumb("Share links", _back(ctx)), crumb("Portal address")],
        portal=portal,
        name=name,
        back=_back(ctx),
    )


@routes.post("/mappings/{mapping_id}/portal-address/revoke")
async def revoke_portal_addresses(
    request: Request, container: Wired, ctx: ManageMapping, form: SentForm
) -> Response:
    await container.resolve(RevokePortalLinks)(_person(ctx.mapping, form), actor=ctx.actor)
    flash(request, f"The portal addresses of {shortened(text(form, 'name'), 200)} were revoked.")
    return redirect_to(_back(ctx))


def _person(mapping: EventMapping, form: FormData) -> PersonQuery:
    kind, _, source_id = text(form, "person")[:MAX_PERSON_LENGTH].partition(":")
    return PersonQuery(mapping.id, kind, SourceId(source_id))


def _back(ctx: MappingContext) -> str:
    return with_query(f"{organization_url(ctx.organization)}/share-links", {"mapping": ctx.mapping.id})
