"""Organizations with their connection to a destination, events, API keys and audit log."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.domain.access.authorization import Grant, Permission, Role
from core.domain.errors import InvalidInput
from core.domain.ids import MAX_ID_LENGTH, ApiKeyId
from core.domain.tenancy.organizations import Organization
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
from entrypoints.container import Container
from entrypoints.http.api import requests
from entrypoints.http.api.credentials import token_of, values_of
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
from entrypoints.http.dependencies import Wired
from entrypoints.plugins import url_of_region
from entrypoints.resources.access import ApiKeyResponse, AuditEntryResponse, CreatedApiKeyResponse
from entrypoints.resources.base import Listed
from entrypoints.resources.mappings import EventResponse, EventsResponse
from entrypoints.resources.organizations import ConnectionResponse, OrganizationResponse

routes = APIRouter(prefix="/organizations")
OTHER_SYSTEMS = problems(409, 502)


async def _with_health(container: Container, organization: Organization) -> OrganizationResponse:
    report = await container.resolve(GetHealth)(organization.id)
    return OrganizationResponse.from_domain(organization, report.connection, report.overall)


async def _connection(container: Container, organization: Organization) -> ConnectionResponse:
    report = await container.resolve(GetHealth)(organization.id)
    lost = await container.resolve(CountLostByDisconnecting)(organization.id)
    return ConnectionResponse.from_domain(report.connection, report.overall, lost)


@routes.get(
    "",
    responses=problems(),
    tags=["organizations"],
)
async def list_organizations(
    actor: Caller,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> Listed[OrganizationResponse]:
    """List the organizations that the API key may read, by name."""
    rows, more = part(await container.resolve(ListOrganizationHealth)(actor), offset(cursor_), limit)
    items = [
        OrganizationResponse.from_domain(organization, health.connection, health.overall)
        for organization, health in rows
    ]
    return Listed[OrganizationResponse](items=items, next=more)


@routes.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses=OTHER_SYSTEMS | located(201, "the organization"),
    tags=["organizations"],
)
async def add(
    new: requests.NewOrganizationRequest, actor: Caller, container: Wired, response: Response
) -> OrganizationResponse:
    """Add an organization with the access to its source; needs an API key for all organizations."""
    actor.check(Permission.MANAGE, None)
    if (new.region is None) == (new.sessionboard_url is None):
        raise InvalidInput("Send either region or sessionboard_url.")
    url = new.sessionboard_url or url_of_region(container.plugins(), new.source, new.region or "")
    command = add_organization.NewOrganization(
        new.name, url, token_of(new.token), new.source, values_of(new.access)
    )
    added = await container.resolve(AddOrganization)(command, actor=actor)
    response.headers["Location"] = f"/api/v1/organizations/{added.id}"
    return OrganizationResponse.from_domain(added, None)


@routes.get(
    "/{organization_id}",
    responses=problems(),
    tags=["organizations"],
)
async def read(ctx: ReadOrganization, container: Wired) -> OrganizationResponse:
    """Return an organization, and whether it is connected."""
    return await _with_health(container, ctx.organization)


@routes.delete(
    "/{organization_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["organizations"],
)
async def remove(
    ctx: ManageOrganization,
    container: Wired,
    confirm: Annotated[requests.SearchText | None, Query(description="The organization's name")] = None,
) -> None:
    """Remove an organization and delete its history; it must be disconnected first."""
    await container.resolve(RemoveOrganization)(ctx.organization.id, confirm, actor=ctx.actor)


@routes.put(
    "/{organization_id}/sessionboard-token",
    responses=OTHER_SYSTEMS,
    tags=["organizations"],
)
async def replace_sessionboard_token(
    new: requests.NewTokenRequest, ctx: ManageOrganization, container: Wired
) -> OrganizationResponse:
    """Replace the source's token or access fields; what is omitted stays, and an empty field is removed."""
    renewed = await container.resolve(ReplaceSourceToken)(
        ctx.organization.id, token_of(new.token), fields=values_of(new.access), actor=ctx.actor
    )
    return await _with_health(container, renewed)


@routes.get(
    "/{organization_id}/connection",
    responses=problems(),
    tags=["connection"],
)
async def read_connection(ctx: ReadOrganization, container: Wired) -> ConnectionResponse:
    """Return the organization's connection to its destination, without its token."""
    return await _connection(container, ctx.organization)


@routes.put(
    "/{organization_id}/connection",
    responses=OTHER_SYSTEMS | {201: {"model": ConnectionResponse, "description": "Connected"}},
    tags=["connection"],
)
async def connect(
    new: requests.NewConnectionRequest, ctx: ManageOrganization, container: Wired, response: Response
) -> ConnectionResponse:
    """Connect to a destination; an open connection continues with the new token and access fields."""
    _, is_new = await container.resolve(ConnectOrRenew)(
        ctx.organization.id,
        token_of(new.token),
        destination=new.destination,
        url=new.url or "",
        fields=values_of(new.access),
        continuous_sync=new.continuous_sync,
        actor=ctx.actor,
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
    confirm: Annotated[requests.SearchText | None, Query(description="The organization's name")] = None,
) -> None:
    """Disconnect: ends all mappings. Synced records cannot be synced to the same events of the destination again."""
    await container.resolve(Disconnect)(ctx.organization.id, confirm, actor=ctx.actor)


@routes.get(
    "/{organization_id}/events",
    responses=OTHER_SYSTEMS | problems(429),
    tags=["mappings"],
)
async def list_events(
    ctx: ReadOrganization,
    container: Wired,
    capacity: RequestCapacityOf,
    search: Annotated[
        requests.SearchText, Query(description="Only events whose name or id contains this")
    ] = "",
    limit: Limit = 200,
    cursor_: Cursor = None,
) -> EventsResponse:
    """List the events in the source and the destination, read live, and which can be mapped; `limit` applies to each system."""
    start, term = offset(cursor_), search.casefold()
    async with capacity.slot(ctx.organization.id):
        lists = await container.resolve(ListEvents)(ctx.organization.id)
    source, destination = (
        [event for event in events if term in event.name.casefold() or term in event.id.casefold()]
        for events in (lists.source, lists.destination)
    )
    end = start + limit
    return EventsResponse(
        sessionboard=[EventResponse.from_domain(event) for event in source[start:end]],
        gleanin=[EventResponse.from_domain(event) for event in destination[start:end]],
        next=cursor(end if max(len(source), len(destination)) > end else None),
    )


@routes.get(
    "/{organization_id}/api-keys",
    responses=problems(),
    tags=["access"],
)
async def list_api_keys(
    ctx: ManageOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> Listed[ApiKeyResponse]:
    """List the organization's API keys: valid ones first, then revoked ones, newest first."""
    keys, more = part(await container.resolve(ListApiKeys)(ctx.organization.id), offset(cursor_), limit)
    return Listed[ApiKeyResponse](items=[ApiKeyResponse.from_domain(key) for key in keys], next=more)


@routes.post(
    "/{organization_id}/api-keys",
    status_code=HTTPStatus.CREATED,
    responses=problems(),
    tags=["access"],
    operation_id="organizations_make_api_key",
)
async def create_api_key(
    new: requests.NewApiKeyRequest, ctx: ManageOrganization, container: Wired
) -> CreatedApiKeyResponse:
    """Create an API key for the organization; its secret is shown only once."""
    grant = Grant(Role(new.role), ctx.organization.id)
    key, secret = await container.resolve(CreateApiKey)(new.name, grant, actor=ctx.actor)
    return CreatedApiKeyResponse.from_domain(key, secret)


@routes.delete(
    "/{organization_id}/api-keys/{key_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(),
    tags=["access"],
)
async def revoke_api_key(
    key_id: Annotated[requests.SearchText, Path(max_length=MAX_ID_LENGTH)],
    ctx: ManageOrganization,
    container: Wired,
) -> None:
    """Revoke an API key; it stops working immediately."""
    await container.resolve(RevokeApiKey)(ctx.organization.id, ApiKeyId(key_id), actor=ctx.actor)


@routes.get(
    "/{organization_id}/audit-log",
    responses=problems(),
    tags=["access"],
)
async def read_audit_log(
    ctx: ReadOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> Listed[AuditEntryResponse]:
    """Return the organization's audit log, newest first."""
    entries = await container.resolve(ListAuditEntries)(
        ctx.organization.id, offset(cursor_) or None, limit + 1
    )
    more = entries[limit - 1].position if len(entries) > limit else None
    return Listed[AuditEntryResponse](
        items=[AuditEntryResponse.from_domain(entry) for entry in entries[:limit]], next=cursor(more)
    )
