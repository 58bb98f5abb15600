"""Organizations, their connection to Gleanin, their events, keys and audit log."""

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
from core.usecases.mappings.list_events import ListEvents
from core.usecases.mappings.show_health import GetHealth
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
    Asking,
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


async def _told(container: Container, organization: Organization) -> dict[str, Any]:
    fares = await container.resolve(GetHealth)(organization.id)
    return shapes.organization(organization, fares.connection, fares.overall)


async def _connection(container: Container, organization: Organization) -> dict[str, Any]:
    fares = await container.resolve(GetHealth)(organization.id)
    lost = await container.resolve(CountLostByDisconnecting)(organization.id)
    return shapes.connection(fares.connection, fares.overall) | {"lost_by_disconnecting": lost or None}


@routes.get(
    "",
    response_model=schemas.Listed[schemas.OrganizationResponse],
    responses=problems(),
    tags=["organizations"],
)
async def list_organizations(
    actor: Asking,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the organizations that the API key may read, by name."""
    start = offset(cursor_)
    rows = await container.resolve(ListOrganizationHealth)(actor)
    own = [shapes.organization(each, fares.connection, fares.overall) for each, fares in rows]
    return part(own, start, limit)


@routes.post(
    "",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.OrganizationResponse,
    responses=OTHER_SYSTEMS | located(201, "the organization"),
    tags=["organizations"],
)
async def add(
    new: schemas.NewOrganizationRequest, actor: Asking, container: Wired, response: Response
) -> dict[str, Any]:
    """Add an organization with its Sessionboard access; for an API key that is for all organizations."""
    actor.check(Permission.MANAGE, None)
    if (new.region is None) == (new.sessionboard_url is None):
        raise InvalidInput("Give one of the two: region or sessionboard_url.")
    url = SESSIONBOARD_REGIONS[new.region] if new.region else new.sessionboard_url or ""
    command = add_organization.NewOrganization(new.name, url, Token(new.token.get_secret_value()))
    added = await container.resolve(AddOrganization)(command, actor=actor.name)
    response.headers["Location"] = f"/api/v1/organizations/{added.id}"
    return shapes.organization(added, None)


@routes.get(
    "/{organization_id}",
    response_model=schemas.OrganizationResponse,
    responses=problems(),
    tags=["organizations"],
)
async def read(here: ReadOrganization, container: Wired) -> dict[str, Any]:
    """Read an organization, and whether it is connected."""
    return await _told(container, here.organization)


@routes.delete(
    "/{organization_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["organizations"],
)
async def remove(
    here: ManageOrganization,
    container: Wired,
    confirm: Annotated[schemas.SearchText | None, Query(description="The organization's name")] = None,
) -> None:
    """Remove an organization and erase its history; it must be disconnected first."""
    await container.resolve(RemoveOrganization)(here.organization.id, confirm, actor=here.actor.name)


@routes.put(
    "/{organization_id}/sessionboard-token",
    response_model=schemas.OrganizationResponse,
    responses=OTHER_SYSTEMS,
    tags=["organizations"],
)
async def replace_sessionboard_token(
    new: schemas.NewTokenRequest, here: ManageOrganization, container: Wired
) -> dict[str, Any]:
    """Replace a Sessionboard token that was renewed."""
    renewed = await container.resolve(ReplaceSourceToken)(
        here.organization.id, Token(new.token.get_secret_value()), actor=here.actor.name
    )
    return await _told(container, renewed)


@routes.get(
    "/{organization_id}/connection",
    response_model=schemas.ConnectionResponse,
    responses=problems(),
    tags=["connection"],
)
async def read_connection(here: ReadOrganization, container: Wired) -> dict[str, Any]:
    """Read the organization's connection to Gleanin; never its token."""
    return await _connection(container, here.organization)


@routes.put(
    "/{organization_id}/connection",
    response_model=schemas.ConnectionResponse,
    responses=OTHER_SYSTEMS | {201: {"model": schemas.ConnectionResponse, "description": "Connected"}},
    tags=["connection"],
)
async def connect(
    new: schemas.NewConnectionRequest, here: ManageOrganization, container: Wired, response: Response
) -> dict[str, Any]:
    """Connect to Gleanin; where there is an open connection, it goes on with the new token."""
    token, by = Token(new.token.get_secret_value()), here.actor.name
    _, is_new = await container.resolve(ConnectOrRenew)(
        here.organization.id, token, continuous_sync=new.continuous_sync, actor=by
    )
    response.status_code = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return await _connection(container, here.organization)


@routes.delete(
    "/{organization_id}/connection",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(409),
    tags=["connection"],
)
async def disconnect(
    here: ManageOrganization,
    container: Wired,
    confirm: Annotated[schemas.SearchText | None, Query(description="The organization's name")] = None,
) -> None:
    """Disconnect: ends all mappings; what was synced cannot be synced again to the same Gleanin events."""
    await container.resolve(Disconnect)(here.organization.id, confirm, actor=here.actor.name)


@routes.get(
    "/{organization_id}/events",
    response_model=schemas.EventsResponse,
    responses=OTHER_SYSTEMS | problems(429),
    tags=["mappings"],
)
async def list_events(
    here: ReadOrganization,
    container: Wired,
    places: RequestCapacityOf,
    search: Annotated[
        schemas.SearchText, Query(description="Only events whose name or id has this in it")
    ] = "",
    limit: Limit = 200,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List both sides' events, read live, and which of them can be mapped; a part has at most `limit` of each side."""
    start, sought = offset(cursor_), search.casefold()
    async with places.slot(here.organization.id):
        lists = await container.resolve(ListEvents)(here.organization.id)
    sides = {
        side: [each for each in events if sought in each.name.casefold() or sought in each.id.casefold()]
        for side, events in (("sessionboard", lists.sessionboard), ("gleanin", lists.gleanin))
    }
    parts = {
        side: [shapes.event(each) for each in found[start : start + limit]] for side, found in sides.items()
    }
    more = any(len(found) > start + limit for found in sides.values())
    return parts | {"next": cursor(start + limit if more else None)}


@routes.get(
    "/{organization_id}/api-keys",
    response_model=schemas.Listed[schemas.ApiKeyResponse],
    responses=problems(),
    tags=["access"],
)
async def list_api_keys(
    here: ManageOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """List the organization's API keys, newest first; revoked ones come after all that are valid."""
    keys = await container.resolve(ListApiKeys)(here.organization.id)
    return part([shapes.api_key(each) for each in keys], offset(cursor_), limit)


@routes.post(
    "/{organization_id}/api-keys",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.CreatedApiKeyResponse,
    responses=problems(),
    tags=["access"],
)
async def make_api_key(
    new: schemas.NewApiKeyRequest, here: ManageOrganization, container: Wired
) -> dict[str, Any]:
    """Make an API key for the organization; its secret is shown this once."""
    grant = Grant(Role(new.role), here.organization.id)
    key, secret = await container.resolve(CreateApiKey)(new.name, grant, actor=here.actor.name)
    return shapes.api_key(key) | {"secret": secret}


@routes.delete(
    "/{organization_id}/api-keys/{key_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(),
    tags=["access"],
)
async def revoke_api_key(
    key_id: Annotated[schemas.SearchText, Path(max_length=MAX_ID_LENGTH)],
    here: ManageOrganization,
    container: Wired,
) -> None:
    """Revoke an API key; from now on it opens nothing."""
    await container.resolve(RevokeApiKey)(here.organization.id, ApiKeyId(key_id), actor=here.actor.name)


@routes.get(
    "/{organization_id}/audit-log",
    response_model=schemas.Listed[schemas.AuditEntryResponse],
    responses=problems(),
    tags=["access"],
)
async def read_audit_log(
    here: ReadOrganization,
    container: Wired,
    limit: Limit = 50,
    cursor_: Cursor = None,
) -> dict[str, Any]:
    """Tell who did what in the organization, newest first."""
    entries = await container.resolve(ListAuditEntries)(
        here.organization.id, offset(cursor_) or None, limit + 1
    )
    more = entries[limit - 1].position if len(entries) > limit else None
    return {"items": [shapes.audit_entry(each) for each in entries[:limit]], "next": cursor(more)}
