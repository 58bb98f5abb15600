"""Organizations with their connection to Gleanin, events, API keys and audit log."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from core.domain.access.authorization import Grant, Permission, Role
from core.domain.errors import InvalidInput
from core.domain.ids import ApiKeyId
from core.domain.tenancy.organizations import SESSIONBOARD_REGIONS, Organization
from core.domain.tenancy.secrets import Token
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.queries import ListApiKeys, ListAuditEntries
from core.usecases.access.revoke_api_key import RevokeApiKey
from core.usecases.mappings.get_health import GetHealth
from core.usecases.mappings.list_events import ListEvents
from core.usecases.organizations import add_organization
from core.usecases.organizations.add_organization import AddOrganization
from core.usecases.organizations.connect_or_renew import ConnectOrRenew
from core.usecases.organizations.count_lost_by_disconnecting import CountLostByDisconnecting
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.organizations.list_health import ListOrganizationHealth
from core.usecases.organizations.remove_organization import RemoveOrganization
from core.usecases.organizations.replace_source_token import ReplaceSourceToken
from entrypoints import shapes
from entrypoints.container import Container
from entrypoints.http.api import schemas
from entrypoints.http.api.dependencies import (
    Caller,
    Cursor,
    Limit,
    ManageOrganization,
    ReadOrganization,
    cursor,
    located,
    offset,
    part,
    problems,
)
from entrypoints.http.capacity import RequestCapacityOf
from entrypoints.http.dependencies import MAX_ID_LENGTH, Wired

routes = APIRouter(prefix="/organizations")
OTHER_SYSTEMS = problems(409, 502)


async def _document(container: Container, organization: Organization) -> dict[str, Any]:
    report = await container.resolve(GetHealth)(organization.id)
    return shapes.organization(organization, report.connection, report.overall)


async def _connection(container: Container, organization: Organization) -> dict[str, Any]:
    report = await container.resolve(GetHealth)(organization.id)
    lost = await container.resolve(CountLostByDisconnecting)(organization.id)
    return shapes.connection(report.connection, report.overall) | {"lost_by_disconnecting": lost or None}


@routes.get(
    "",
    response_model=schemas.Listed[schemas.OrganizationResponse],
    responses=problems(),
    tags=["organizations"],
)
async def list_organizations(
    actor: Caller,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the organizations that the API key may read, by name."""
    start = offset(cursor_)
    rows = await container.resolve(ListOrganizationHealth)(actor)
    items = [
        shapes.organization(organization, health.connection, health.overall) for organization, health in rows
    ]
    return part(items, start, limit)


@routes.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.OrganizationResponse,
    responses=OTHER_SYSTEMS | located(201, "the organization"),
    tags=["organizations"],
)
async def add(
    new: schemas.NewOrganizationRequest, actor: Caller, container: Wired, response: Response
) -> dict[str, Any]:
    """Add an organization with its Sessionboard access; needs an API key for all organizations."""
    actor.check(Permission.MANAGE, None)
    if (new.region is None) == (new.sessionboard_url is None):
        raise InvalidInput("Send either region or sessionboard_url.")
    url = SESSIONBOARD_REGIONS[new.region] if new.region else new.sessionboard_url or ""
    command = add_organization.NewOrganization(new.name, url, Token(new.token.get_secret_value()))
    added = await container.resolve(AddOrganization)(command, actor=actor)
    response.headers["Location"] = f"/api/v1/organizations/{added.id}"
    return shapes.organization(added, None)


@routes.get(
    "/{organization_id}",
    response_model=schemas.OrganizationResponse,
    responses=problems(),
    tags=["organizations"],
)
async def read(ctx: ReadOrganization, container: Wired) -> dict[str, Any]:
    """Return an organization, and whether it is connected."""
    return await _document(container, ctx.organization)


@routes.delete(
    "/{organization_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["organizations"],
)
async def remove(
    ctx: ManageOrganization,
    container: Wired,
    confirm: Annotated[schemas.SearchText | None, Query(description="The organization's name")] = None,
) -> None:
    """Remove an organization and delete its history; it must be disconnected first."""
    await container.resolve(RemoveOrganization)(ctx.organization.id, confirm, actor=ctx.actor)


@routes.put(
    "/{organization_id}/sessionboard-token",
    response_model=schemas.OrganizationResponse,
    responses=OTHER_SYSTEMS,
    tags=["organizations"],
)
async def replace_sessionboard_token(
    new: schemas.NewTokenRequest, ctx: ManageOrganization, container: Wired
) -> dict[str, Any]:
    """Replace the Sessionboard token."""
    renewed = await container.resolve(ReplaceSourceToken)(
        ctx.organization.id, Token(new.token.get_secret_value()), actor=ctx.actor
    )
    return await _document(container, renewed)


@routes.get(
    "/{organization_id}/connection",
    response_model=schemas.ConnectionResponse,
    responses=problems(),
    tags=["connection"],
)
async def read_connection(ctx: ReadOrganization, container: Wired) -> dict[str, Any]:
    """Return the organization's connection to Gleanin, without its token."""
    return await _connection(container, ctx.organization)


@routes.put(
    "/{organization_id}/connection",
    response_model=schemas.ConnectionResponse,
    responses=OTHER_SYSTEMS | {201: {"model": schemas.ConnectionResponse, "description": "Connected"}},
    tags=["connection"],
)
async def connect(
    new: schemas.NewConnectionRequest, ctx: ManageOrganization, container: Wired, response: Response
) -> dict[str, Any]:
    """Connect to Gleanin; an open connection continues with the new token."""
    token = Token(new.token.get_secret_value())
    _, is_new = await container.resolve(ConnectOrRenew)(
        ctx.organization.id, token, continuous_sync=new.continuous_sync, actor=ctx.actor
    )
    response.status_code = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return await _connection(container, ctx.organization)


@routes.delete(
    "/{organization_id}/connection",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["connection"],
)
async def disconnect(
    ctx: ManageOrganization,
    container: Wired,
    confirm: Annotated[schemas.SearchText | None, Query(description="The organization's name")] = None,
) -> None:
    """Disconnect: ends all mappings. Synced records cannot be synced to the same Gleanin events again."""
    await container.resolve(Disconnect)(ctx.organization.id, confirm, actor=ctx.actor)


@routes.get(
    "/{organization_id}/events",
    response_model=schemas.EventsResponse,
    responses=OTHER_SYSTEMS | problems(429),
    tags=["mappings"],
)
async def list_events(
    ctx: ReadOrganization,
    container: Wired,
    capacity: RequestCapacityOf,
    search: Annotated[
        schemas.SearchText, Query(description="Only events whose name or id contains this")
    ] = "",
    limit: Limit = 200,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the events in Sessionboard and Gleanin, read live, and which can be mapped; `limit` applies to each system."""
    start, term = offset(cursor_), search.casefold()
    async with capacity.slot(ctx.organization.id):
        lists = await container.resolve(ListEvents)(ctx.organization.id)
    matches = {
        system: [event for event in events if term in event.name.casefold() or term in event.id.casefold()]
        for system, events in (("sessionboard", lists.source), ("gleanin", lists.destination))
    }
    parts = {
        system: [shapes.event(event) for event in events[start : start + limit]]
        for system, events in matches.items()
    }
    more = any(len(events) > start + limit for events in matches.values())
    return parts | {"next": cursor(start + limit if more else None)}


@routes.get(
    "/{organization_id}/api-keys",
    response_model=schemas.Listed[schemas.ApiKeyResponse],
    responses=problems(),
    tags=["access"],
)
async def list_api_keys(
    ctx: ManageOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the organization's API keys: valid ones first, then revoked ones, newest first."""
    keys = await container.resolve(ListApiKeys)(ctx.organization.id)
    return part([shapes.api_key(key) for key in keys], offset(cursor_), limit)


@routes.post(
    "/{organization_id}/api-keys",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.CreatedApiKeyResponse,
    responses=problems(),
    tags=["access"],
    operation_id="organizations_make_api_key",
)
async def create_api_key(
    new: schemas.NewApiKeyRequest, ctx: ManageOrganization, container: Wired
) -> dict[str, Any]:
    """Create an API key for the organization; its secret is shown only once."""
    grant = Grant(Role(new.role), ctx.organization.id)
    key, secret = await container.resolve(CreateApiKey)(new.name, grant, actor=ctx.actor)
    return shapes.api_key(key) | {"secret": secret}


@routes.delete(
    "/{organization_id}/api-keys/{key_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(),
    tags=["access"],
)
async def revoke_api_key(
    key_id: Annotated[schemas.SearchText, Path(max_length=MAX_ID_LENGTH)],
    ctx: ManageOrganization,
    container: Wired,
) -> None:
    """Revoke an API key; it stops working immediately."""
    await container.resolve(RevokeApiKey)(ctx.organization.id, ApiKeyId(key_id), actor=ctx.actor)


@routes.get(
    "/{organization_id}/audit-log",
    response_model=schemas.Listed[schemas.AuditEntryResponse],
    responses=problems(),
    tags=["access"],
)
async def read_audit_log(
    ctx: ReadOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """Return the organization's audit log, newest first."""
    entries = await container.resolve(ListAuditEntries)(
        ctx.organization.id, offset(cursor_) or None, limit + 1
    )
    more = entries[limit - 1].position if len(entries) > limit else None
    return {"items": [shapes.audit_entry(entry) for entry in entries[:limit]], "next": cursor(more)}
