"""Event mappings and their settings."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from core.domain.ids import DestinationEventId, SourceEventId
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings import change_settings, map_events
from core.usecases.mappings.change_settings import ChangeSettings
from core.usecases.mappings.count_lost_by_mapping import CountLostByMapping
from core.usecases.mappings.get_health import GetHealth
from core.usecases.mappings.map_events import MapEvents
from core.usecases.mappings.remove_mapping import RemoveMapping
from entrypoints import shapes
from entrypoints.container import Container
from entrypoints.http.api import schemas
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

routes = APIRouter()


async def _document(container: Container, mapping: EventMapping) -> dict[str, Any]:
    report = await container.resolve(GetHealth)(mapping.organization_id)
    return shapes.mapping_with_health(mapping, report.of(mapping.id), report.checked_at(mapping.id))


@routes.get(
    "/organizations/{organization_id}/mappings",
    response_model=schemas.Listed[schemas.MappingResponse],
    responses=problems(),
    tags=["mappings"],
)
async def list_mappings(
    ctx: ReadOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the organization's mappings, oldest first."""
    start = offset(cursor_)
    report = await container.resolve(GetHealth)(ctx.organization.id)
    items = [
        shapes.mapping_with_health(mapping, health, report.checked_at(mapping.id))
        for mapping, health in report.mappings
    ]
    return part(items, start, limit)


@routes.post(
    "/organizations/{organization_id}/mappings",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.CreatedMappingResponse,
    responses=problems(409, 502) | located(201, "the mapping"),
    tags=["mappings"],
)
async def add(
    new: schemas.NewMappingRequest, ctx: ManageOrganization, container: Wired, response: Response
) -> dict[str, Any]:
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
    return {**await _document(container, mapping), "warnings": warnings}


@routes.get(
    "/mappings/{mapping_id}", response_model=schemas.MappingResponse, responses=problems(), tags=["mappings"]
)
async def read(ctx: ReadMapping, container: Wired) -> dict[str, Any]:
    """Read a mapping with its settings."""
    return await _document(container, ctx.mapping)


@routes.patch(
    "/mappings/{mapping_id}",
    response_model=schemas.MappingResponse,
    responses=problems(409, 502),
    tags=["mappings"],
)
async def change(new: schemas.SettingsChangeRequest, ctx: ManageMapping, container: Wired) -> dict[str, Any]:
    """Change what is synced and when; the next sync resends only what the new settings affect."""
    command = change_settings.SettingsChange(ctx.mapping.id, **new.model_dump())
    return await _document(container, await container.resolve(ChangeSettings)(command, actor=ctx.actor))


@routes.delete(
    "/mappings/{mapping_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["mappings"],
)
async def remove(ctx: ManageMapping, container: Wired) -> None:
    """Remove the mapping; the connection and its other mappings are not affected."""
    await container.resolve(RemoveMapping)(ctx.mapping.id, actor=ctx.actor)
