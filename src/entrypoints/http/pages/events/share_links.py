"""Share links: who has which, who has none yet, and the addresses of people's own pages (rules 30 and 31)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from core.domain.errors import NotFound
from core.domain.ids import SourceId
from core.domain.records.synced_records import SyncedRecord, presentable
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.create_portal_link import CreatePortalLink
from core.usecases.access.portal_person import PersonQuery
from core.usecases.access.revoke_portal_links import RevokePortalLinks
from core.usecases.results.queries import ListMappingsWithPeople, ListPeople, PeopleQuery
from entrypoints import shapes
from entrypoints.container import Container
from entrypoints.http.csv import csv_response
from entrypoints.http.dependencies import LONGEST_ID, InMapping, InOrganization, Wired
from entrypoints.http.pages.dependencies import ManageMapping, ReadOrganization
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.lists import PER_PAGE, Number, Sought, address, part_at
from entrypoints.http.pages.rendering import crumb, flash, fragment, go_to, render, url_of
from entrypoints.http.rows import link_rows
from entrypoints.text import shortened

routes = APIRouter()
Missing = Annotated[bool, Query(alias="missing")]
Chosen = Annotated[str, Query(alias="mapping", max_length=LONGEST_ID)]
LONGEST_SOURCE_ID = 500
OfPerson = Annotated[str, Query(max_length=LONGEST_SOURCE_ID)]


@routes.get("/organizations/{organization_id}/share-links")
async def show(
    request: Request,
    container: Wired,
    here: ReadOrganization,
    chosen: Chosen = "",
    missing: Missing = False,
    sought: Sought = "",
    number: Number = 1,
    revoke: OfPerson = "",
) -> Response:
    url, mappings = (
        f"{url_of(here.organization)}/share-links",
        await container.resolve(ListMappingsWithPeople)(here.organization.id),
    )
    mapping = next((each for each in mappings if each.id == chosen), mappings[0] if mappings else None)
    crumbs = [crumb("Share links")]
    if mapping is None:
        return render(request, "share_links_none.html", here=here, section="share-links", crumbs=crumbs)
    own = {"mapping": mapping.id if len(mappings) > 1 else ""}
    asked = {**own, "missing": "true" if missing else "", "q": sought}
    start = (number - 1) * PER_PAGE
    page = await container.resolve(ListPeople)(PeopleQuery(mapping.id, missing, sought, start, PER_PAGE))
    if start and not page.people:
        return go_to(address(url, asked))
    here_url = address(url, {**asked, "page": number if number > 1 else ""})
    return render(
        request,
        "share_links.html",
        here=here,
        section="share-links",
        crumbs=crumbs,
        url=url,
        here_url=here_url,
        mapping=mapping,
        mappings=mappings,
        tabs=[
            {"label": "Everyone", "url": address(url, {**own, "q": sought}), "current": not missing},
            {
                "label": "Without a link",
                "url": address(url, {**own, "q": sought, "missing": "true"}),
                "count": f"{page.without_link:,}",
                "current": missing,
            },
        ],
        people=[(each, presentable(each.links)) for each in page.people],
        list=part_at(page.people, start, page.total, url, asked),
        sought=sought,
        asked=asked,
        csv_url=address(f"{url}.csv", {"mapping": mapping.id, "missing": asked["missing"]}),
        to_revoke=_named(revoke, page.people) if here.may_manage else None,
        revoke_url=lambda person: address(url, {**asked, "page": number, "revoke": ref_of(person)}),
        ref_of=ref_of,
    )


def ref_of(person: SyncedRecord) -> str:
    return f"{person.kind.name}:{person.source_id}"


def _named(ref: str, people: Sequence[SyncedRecord]) -> SyncedRecord | None:
    return next((each for each in people if ref_of(each) == ref), None)


@routes.get("/organizations/{organization_id}/share-links.csv")
async def share_links_csv(
    container: Wired, here: ReadOrganization, chosen: Chosen = "", missing: Missing = False
) -> Response:
    mapping = await _mapping(container, here, chosen)
    rows = link_rows(container, mapping.id, missing=missing)
    return csv_response("share-links", shapes.LINK_COLUMNS, rows)


async def _mapping(container: Container, here: InOrganization, chosen: str) -> EventMapping:
    mappings = await container.resolve(ListMappingsWithPeople)(here.organization.id)
    found = next((each for each in mappings if each.id == chosen), None)
    if found is None:
        raise NotFound("mapping", chosen)
    return found


@routes.post("/mappings/{mapping_id}/portal-address")
async def make_portal_address(
    request: Request, container: Wired, here: ManageMapping, form: SentForm
) -> Response:
    who = _who(here.mapping, form)
    made = await container.resolve(CreatePortalLink)(who, actor=here.actor.name)
    portal = container.settings().address_of(f"/portal/{made}")
    name = shortened(text(form, "name"), 200)
    if "hx-request" in request.headers:
        return HTMLResponse(fragment("parts/portal_address.html", portal=portal, name=name))
    return render(
        request,
        "portal_address.html",
        here=here,
        section="share-links",
        crumbs=[crumb("Share links", _back(here)), crumb("Portal address")],
        portal=portal,
        name=name,
        back=_back(here),
    )


@routes.post("/mappings/{mapping_id}/portal-address/revoke")
async def revoke_portal_addresses(
    request: Request, container: Wired, here: ManageMapping, form: SentForm
) -> Response:
    await container.resolve(RevokePortalLinks)(_who(here.mapping, form), actor=here.actor.name)
    flash(request, f"The portal addresses of {shortened(text(form, 'name'), 200)} were revoked.")
    return go_to(_back(here))


def _who(mapping: EventMapping, form: FormData) -> PersonQuery:
    kind, _, source_id = text(form, "person")[:LONGEST_SOURCE_ID].partition(":")
    return PersonQuery(mapping.id, kind, SourceId(source_id))


def _back(here: InMapping) -> str:
    return address(f"{url_of(here.organization)}/share-links", {"mapping": here.mapping.id})
