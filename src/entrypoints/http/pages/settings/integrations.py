"""Integrations: the connection of an organization to its destination, connecting and disconnecting."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.errors import DomainError, NotConfirmed, NotConnected
from core.domain.runs.messages import started
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.get_health import GetHealth
from core.usecases.mappings.queries import ListMappings
from core.usecases.organizations.change_connection import ChangeConnection
from core.usecases.organizations.connect import Connect
from core.usecases.organizations.count_lost_by_disconnecting import CountLostByDisconnecting
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.organizations.replace_destination_token import ReplaceDestinationToken
from core.usecases.runs.request_sync import SyncRequest
from entrypoints.container import Container
from entrypoints.http.dependencies import OrganizationContext, Wired
from entrypoints.http.pages.dependencies import ManageOrganization, ReadOrganization, SyncOrganization
from entrypoints.http.pages.forms import SentForm, is_on, text
from entrypoints.http.pages.rendering import (
    crumb,
    flash,
    redirect_to,
    render,
)
from entrypoints.http.pages.settings.navigation import (
    integrations_breadcrumbs,
    integrations_url,
    mappings_url,
)
from entrypoints.http.problems import problem_of
from entrypoints.http.starting import start_sync
from ports.destination import DestinationError

routes = APIRouter(prefix="/organizations/{organization_id}/integrations")
SECTION = "integrations"


async def integrations_context(container: Container, ctx: OrganizationContext) -> dict[str, Any]:
    """Return the template variables of the card, which is also shown behind every drawer."""
    overview = await container.resolve(GetHealth)(ctx.organization.id)
    return {
        "ctx": ctx,
        "section": SECTION,
        "connection": overview.connection,
        "health": overview.overall,
        "mappings": overview.mappings,
        "checked_at": overview.checked_at,
        "at": integrations_url(ctx.organization),
    }


@routes.get("")
async def show(request: Request, container: Wired, ctx: ReadOrganization) -> Response:
    context = await integrations_context(container, ctx)
    return render(request, "integrations.html", crumbs=integrations_breadcrumbs(ctx), **context)


@routes.get("/connect")
async def show_connect_form(request: Request, container: Wired, ctx: ReadOrganization) -> Response:
    return await _drawer(request, container, ctx)


@routes.post("/connect")
async def connect(request: Request, container: Wired, ctx: ManageOrganization, form: SentForm) -> Response:
    continuous = is_on(form, "continuous_sync")
    try:
        token = Token(text(form, "token").strip())
        connection = await container.resolve(Connect)(
            ctx.organization.id, token, continuous_sync=continuous, actor=ctx.actor
        )
    except (DomainError, DestinationError) as error:
        return await _drawer(request, container, ctx, error, continuous=continuous)
    flash(request, f"Connected to {connection.destination}. Map your events next.")
    return redirect_to(mappings_url(ctx.organization))


@routes.get("/continuous-sync")
@routes.get("/token")
async def redirect_back(ctx: ReadOrganization) -> Response:
    """Redirect from the URL of a form that was sent, as after a reload."""
    return redirect_to(f"{integrations_url(ctx.organization)}/connect")


@routes.post("/continuous-sync")
async def choose_continuous_sync(
    request: Request, container: Wired, ctx: ManageOrganization, form: SentForm
) -> Response:
    chosen = is_on(form, "continuous_sync")
    await container.resolve(ChangeConnection)(ctx.organization.id, continuous_sync=chosen, actor=ctx.actor)
    flash(request, f"New mappings start with continuous sync {'on' if chosen else 'off'}.")
    return redirect_to(f"{integrations_url(ctx.organization)}/connect")


@routes.post("/token")
async def replace_token(
    request: Request, container: Wired, ctx: ManageOrganization, form: SentForm
) -> Response:
    try:
        token = Token(text(form, "token").strip())
        renewed = await container.resolve(ReplaceDestinationToken)(
            ctx.organization.id, token, actor=ctx.actor
        )
    except (DomainError, DestinationError) as error:
        return await _drawer(request, container, ctx, error)
    flash(request, f"The {renewed.destination} API token was replaced.")
    return redirect_to(f"{mappings_url(ctx.organization)}?replaced=true")


async def _drawer(
    request: Request,
    container: Container,
    ctx: OrganizationContext,
    error: Exception | None = None,
    *,
    continuous: bool = False,
) -> Response:
    return render(
        request,
        "integrations_connect.html",
        status=_status(error),
        crumbs=integrations_breadcrumbs(ctx, crumb("Connections")),
        error=str(error) if error else "",
        continuous=continuous,
        **await integrations_context(container, ctx),
    )


@routes.post("/sync")
async def sync_all(request: Request, container: Wired, ctx: SyncOrganization, _: SentForm) -> Response:
    """Request a sync of every mapping, as after a token was replaced."""
    mappings = await container.resolve(ListMappings)(ctx.organization.id)
    for mapping in mappings:
        await start_sync(container, SyncRequest(mapping.id, actor=ctx.actor))
    if len(mappings) == 1:
        flash(request, started(mappings[0].systems))
    elif mappings:
        flash(request, f"Syncs to {mappings[0].systems.destination} have started for {len(mappings)} events.")
    return redirect_to(mappings_url(ctx.organization))


@routes.get("/disconnect")
async def show_disconnect_form(request: Request, container: Wired, ctx: ManageOrganization) -> Response:
    return await _confirmation(request, container, ctx)


@routes.post("/disconnect")
async def disconnect(request: Request, container: Wired, ctx: ManageOrganization, form: SentForm) -> Response:
    typed = text(form, "confirmation")
    try:
        ended = await container.resolve(Disconnect)(ctx.organization.id, typed, actor=ctx.actor)
    except NotConfirmed as error:
        return await _confirmation(request, container, ctx, typed=typed, error=error)
    flash(
        request,
        f"Disconnected from {ended.destination}. You can connect again with the same token or another one.",
    )
    return redirect_to(integrations_url(ctx.organization))


async def _confirmation(
    request: Request,
    container: Container,
    ctx: OrganizationContext,
    *,
    typed: str = "",
    error: Exception | None = None,
) -> Response:
    context = await integrations_context(container, ctx)
    if context["connection"] is None:
        raise NotConnected(ctx.organization.name)
    return render(
        request,
        "integrations_disconnect.html",
        status=_status(error),
        crumbs=integrations_breadcrumbs(ctx, crumb("Disconnect")),
        typed=typed,
        error=str(error) if error else "",
        lost=await container.resolve(CountLostByDisconnecting)(ctx.organization.id),
        **context,
    )


def _status(error: Exception | None) -> int:
    problem = problem_of(error) if error else None
    return problem.status if problem else HTTPStatus.OK
