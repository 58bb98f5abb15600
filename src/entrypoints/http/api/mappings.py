"""Event mappings and their settings."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from core.domain.ids import DestinationEventId, SourceEventId
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings import map_events
from core.usecases.mappings.change_settings import ChangeSettings
from core.usecases.mappings.count_lost_by_mapping import CountLostByMapping
from core.usecases.mappings.get_health import GetHealth
from core.usecases.mappings.map_events import MapEvents
from core.usecases.mappings.remove_mapping import RemoveMapping
from entrypoints.container import Container
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import (
    Cursor,
    Limit,
    ManageMapping,
    ManageOrganization,
    ReadMapping,
    ReadOrganization,
    located,
    offset,
    part,
    problems,
)
from entrypoints.http.dependencies import Wired
from entrypoints.resources.base import Listed
from entrypoints.resources.mappings import CreatedMappingResponse, MappingResponse

routes = APIRouter()


async def _with_health(container: Container, mapping: EventMapping) -> MappingResponse:
    report = await container.resolve(GetHealth)(mapping.organization_id)
    return MappingResponse.from_domain(mapping, report.of(mapping.id), report.checked_at(mapping.id))


@routes.get(
    "/organizations/{organization_id}/mappings",
    responses=problems(),
    tags=["mappings"],
)
async def list_mappings(
    ctx: ReadOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> Listed[MappingResponse]:
    """List the organization's mappings, oldest first."""
    report = await container.resolve(GetHealth)(ctx.organization.id)
    mappings, more = part(report.mappings, offset(cursor_), limit)
    items = [
        MappingResponse.from_domain(mapping, health, report.checked_at(mapping.id))
        for mapping, health in mappings
    ]
    return Listed[MappingResponse](items=items, next=more)


@routes.post(
    "/organizations/{organization_id}/mappings",
    status_code=HTTPStatus.CREATED,
    responses=problems(409, 502) | located(201, "the mapping"),
    tags=["mappings"],
)
async def add(
    new: requests.NewMappingRequest, ctx: ManageOrganization, container: Wired, response: Response
) -> CreatedMappingResponse:
    """Map two events to each other."""
    command = map_events.NewMapping(
        ctx.organization.id,
        SourceEventId(new.sessionboard_event),
        DestinationEventId(new.gleanin_event),
        new.confirm_time_zone,
    )
    lost = await container.resolve(CountLostByMapping)(ctx.organization.id, command.destination_event)
    mapping = await container.resolve(MapEvents)(command, actor=ctx.actor)
    response.headers["Location"] = f"/api/v1/mappings/{mapping.id}"
    mismatch = mapping.known_mismatch(container.clock().now())
    warnings = [warning for warning in (mismatch, lost) if warning]
    report = await container.resolve(GetHealth)(mapping.organization_id)
    return CreatedMappingResponse.from_domain(
        mapping, report.of(mapping.id), report.checked_at(mapping.id), warnings
    )


@routes.get("/mappings/{mapping_id}", responses=problems(), tags=["mappings"])
async def read(ctx: ReadMapping, container: Wired) -> MappingResponse:
    """Read a mapping with its settings."""
    return await _with_health(container, ctx.mapping)


@routes.patch(
    "/mappings/{mapping_id}",
    responses=problems(409, 502),
    tags=["mappings"],
)
async def change(
    new: requests.SettingsChangeRequest, ctx: ManageMapping, container: Wired
) -> MappingResponse:
    """Change what is synced and when; the next sync resends only what the new settings affect."""
    changed = await container.resolve(ChangeSettings)(new.command(ctx.mapping.id), actor=ctx.actor)
    return await _with_health(container, changed)


@routes.delete(
    "/mappings/{mapping_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["mappings"],
)
async def remove(ctx: ManageMapping, container: Wired) -> None:
    """Remove the mapping; the connection and its other mappings are not affected."""
    await container.resolve(RemoveMapping)(ctx.mapping.id, actor=ctx.actor)
