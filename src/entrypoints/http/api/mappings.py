"""Event mappings: their settings, what a sync would do, syncs, records, share links."""

from collections.abc import AsyncIterator, Iterable, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import StreamingResponse

from core.domain.identifiers import GleaninEventId, MappingId, RunId, SessionboardEventId, SourceId
from core.usecases import change_settings, map_events
from core.usecases.look_up import PeopleAsked
from core.usecases.portal import Who
from core.usecases.request_sync import LONGEST_REQUEST_KEY, SyncRequest
from core.usecases.sync.preview import would_be
from entrypoints import shapes
from entrypoints.container import Container
from entrypoints.http.api import bodies
from entrypoints.http.api.asked import (
    Cursor,
    IdCursor,
    Limit,
    ManageMapping,
    ManageOrganization,
    ReadMapping,
    ReadOrganization,
    SyncMapping,
    cursor,
    offset,
    problems,
)
from entrypoints.http.asking import Wired
from entrypoints.http.csv import csv_response
from entrypoints.http.snapshots import PreviewsOf

routes = APIRouter()
PEOPLE_PER_PART = 500
RequestKey = Annotated[
    str | None, Header(min_length=1, max_length=LONGEST_REQUEST_KEY, pattern="^[!-~]([ -~]*[!-~])?$")
]
"""What headers can carry, whatever is between."""


@routes.get(
    "/organizations/{organization_id}/mappings",
    response_model=bodies.Listed[bodies.Mapping],
    responses=problems(),
    tags=["mappings"],
)
async def list_mappings(
    here: ReadOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the organization's mappings, oldest first."""
    start = offset(cursor_)
    mappings = await container.list_mappings()(here.organization.id)
    more = start + limit if len(mappings) > start + limit else None
    return {
        "items": [shapes.mapping(each) for each in mappings[start : start + limit]],
        "next": cursor(more),
    }


@routes.post(
    "/organizations/{organization_id}/mappings",
    status_code=HTTPStatus.CREATED,
    response_model=bodies.Mapping,
    responses=problems(409, 502),
    tags=["mappings"],
)
async def add(
    new: bodies.NewMapping, here: ManageOrganization, container: Wired, response: Response
) -> dict[str, Any]:
    """Map two events to each other."""
    command = map_events.NewMapping(
        here.organization.id,
        SessionboardEventId(new.sessionboard_event),
        GleaninEventId(new.gleanin_event),
        new.confirm_time_zone,
    )
    mapping = await container.map_events()(command, here.actor.name)
    response.headers["Location"] = f"/api/v1/mappings/{mapping.id}"
    return shapes.mapping(mapping)


@routes.get("/mappings/{mapping_id}", response_model=bodies.Mapping, responses=problems(), tags=["mappings"])
async def read(here: ReadMapping) -> dict[str, Any]:
    return shapes.mapping(here.mapping)


@routes.patch(
    "/mappings/{mapping_id}", response_model=bodies.Mapping, responses=problems(409, 502), tags=["mappings"]
)
async def change(new: bodies.SettingsChange, here: ManageMapping, container: Wired) -> dict[str, Any]:
    """Change what is synced and when; the next sync re-sends just what that changes."""
    command = change_settings.SettingsChange(here.mapping.id, **new.model_dump())
    return shapes.mapping(await container.change_settings()(command, here.actor.name))


@routes.delete(
    "/mappings/{mapping_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["mappings"],
)
async def remove(here: ManageMapping, container: Wired) -> None:
    """Remove the mapping; the connection and its other mappings go on."""
    await container.remove_mapping()(here.mapping.id, here.actor.name)


@routes.post(
    "/mappings/{mapping_id}/preview",
    response_model=bodies.Preview,
    responses=problems(409, 502),
    tags=["sync"],
)
async def preview(
    asked: bodies.PreviewAsked, here: ReadMapping, container: Wired, previews: PreviewsOf
) -> dict[str, Any]:
    """Say for each record what a sync would do; nothing is written.

    Both sides are read anew where no cursor is given; with one, the answer goes on with what was read then.
    """
    start, reading = _place(asked.cursor)
    taken = await previews.get(container, here.mapping.id, asked.scope, reading)
    sought = asked.search.casefold()
    steps = [
        step
        for step in taken.plan.steps
        if (not asked.outcome or would_be(step) in asked.outcome)
        and (not asked.kind or step.record.kind.name in asked.kind)
        and (sought in step.record.label.casefold() or sought in (step.record.email or "").casefold())
    ]
    end = start + asked.limit
    return {
        "read_at": taken.read_at,
        "counts": shapes.counts(taken.plan.counts),
        "items": [shapes.step(each) for each in steps[start:end]],
        "next": f"{end}-{taken.id}" if len(steps) > end else None,
    }


def _place(given: str | None) -> tuple[int, str | None]:
    number, _, reading = (given or "").partition("-")
    return offset(number or None), reading or None


@routes.post(
    "/mappings/{mapping_id}/runs",
    status_code=HTTPStatus.ACCEPTED,
    response_model=bodies.Run,
    responses=problems(409),
    tags=["sync"],
)
async def start(
    new: bodies.NewRun,
    here: SyncMapping,
    container: Wired,
    response: Response,
    idempotency_key: RequestKey = None,
) -> dict[str, Any]:
    """Start a sync; during one, exactly one more is booked. With the same `Idempotency-Key`, no second one is."""
    run = await container.request_sync()(
        SyncRequest(here.mapping.id, new.scope, by=here.actor.name, key=idempotency_key, asker=here.actor.id)
    )
    container.jobs().start(run.id)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return shapes.run(run)


@routes.get(
    "/mappings/{mapping_id}/runs",
    response_model=bodies.Listed[bodies.Run],
    responses=problems(),
    tags=["sync"],
)
async def list_runs(
    here: ReadMapping,
    container: Wired,
    limit: Limit = 50,
    cursor_: IdCursor = None,
) -> dict[str, Any]:
    """List the mapping's runs, newest first."""
    before = RunId(cursor_) if cursor_ else None
    runs = await container.list_runs()(here.mapping.id, limit + 1, before)
    more = runs[limit - 1].id if len(runs) > limit else None
    return {"items": [shapes.run(each) for each in runs[:limit]], "next": more}


@routes.get(
    "/mappings/{mapping_id}/records/{record_id}",
    response_model=bodies.Listed[bodies.HistoryEntry],
    responses=problems(),
    tags=["results"],
)
async def tell_history(
    record_id: Annotated[bodies.Sought, Path(description="Its id in Sessionboard or Gleanin, or an e-mail")],
    here: ReadMapping,
    container: Wired,
    limit: Limit = 100,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """Tell all that ever happened to one record, oldest first; parts go back in time."""
    before = offset(cursor_) or None
    entries = await container.tell_history()(here.mapping.id, record_id, limit + 1, before)
    shown = entries[-limit:]
    more = shown[0].position if len(entries) > limit else None
    return {"items": [shapes.history_entry(each) for each in shown], "next": cursor(more)}


Missing = Annotated[bool, Query(description="Only people who have no link yet")]


@routes.get(
    "/mappings/{mapping_id}/share-links",
    response_model=bodies.People,
    responses=problems(),
    tags=["share links"],
)
async def list_share_links(
    here: ReadMapping,
    container: Wired,
    missing: Missing = False,
    search: Annotated[
        bodies.Sought, Query(description="Only people whose name or e-mail has this in it")
    ] = "",
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the synced people with their share links, as the last sync found them in Gleanin."""
    asked = PeopleAsked(here.mapping.id, missing, search, offset(cursor_), limit)
    page = await container.page_share_links()(asked)
    return {
        "items": [shapes.person_with_links(each) for each in page.people],
        "next": cursor(page.next),
        "total": page.total,
        "without_link": page.without_link,
    }


@routes.get(
    "/mappings/{mapping_id}/share-links.csv",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    tags=["share links"],
)
async def share_links_csv(here: ReadMapping, container: Wired, missing: Missing = False) -> StreamingResponse:
    """Give all share links as CSV: a row for each link, and one for somebody who has none yet."""
    return csv_response(
        "share-links", shapes.LINK_COLUMNS, link_rows(container, here.mapping.id, missing=missing)
    )


async def link_rows(
    container: Container, mapping_id: MappingId, *, missing: bool
) -> AsyncIterator[Iterable[Sequence[str | None]]]:
    start: int | None = 0
    while start is not None:
        asked = PeopleAsked(mapping_id, missing, start=start, limit=PEOPLE_PER_PART)
        page = await container.page_share_links()(asked)
        yield [row for each in page.people for row in shapes.link_rows(each)]
        start = page.next


@routes.post(
    "/mappings/{mapping_id}/people/{kind}/{source_id}/portal-address",
    status_code=HTTPStatus.CREATED,
    response_model=bodies.PortalAddress,
    responses=problems(),
    tags=["share links"],
)
async def make_portal_address(
    kind: bodies.PersonKindName,
    source_id: Annotated[bodies.Sought, Path()],
    here: ManageMapping,
    container: Wired,
) -> dict[str, Any]:
    """Make a person's portal address: it opens their page for 90 days."""
    made = await container.make_portal_address()(
        Who(here.mapping.id, kind, SourceId(source_id)), here.actor.name
    )
    return {"address": container.settings().address_of(f"/portal/{made}")}


@routes.delete(
    "/mappings/{mapping_id}/people/{kind}/{source_id}/portal-address",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(),
    tags=["share links"],
)
async def revoke_portal_addresses(
    kind: bodies.PersonKindName,
    source_id: Annotated[bodies.Sought, Path()],
    here: ManageMapping,
    container: Wired,
) -> None:
    """Revoke all addresses of a person's portal page that were made up to now."""
    await container.revoke_portal_addresses()(
        Who(here.mapping.id, kind, SourceId(source_id)), here.actor.name
    )
