"""Integrations: the connection of an organization to its destination, connecting and disconnecting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.errors import DomainError, NotConfirmed, NotConnected, NotFound
from core.domain.ids import MAX_ID_LENGTH
from core.domain.runs.messages import started
from core.domain.tenancy.organizations import Connection
from core.usecases.mappings.get_health import GetHealth
from core.usecases.mappings.queries import ListMappings
from core.usecases.organizations.change_connection import ChangeConnection
from core.usecases.organizations.connect import DEFAULT_DESTINATION, Connect
from core.usecases.organizations.count_lost_by_disconnecting import CountLostByDisconnecting
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.organizations.queries import FindConnection
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
from entrypoints.http.pages.settings.access_forms import (
    access_inputs,
    entered_token,
    entered_values,
    field_of,
    find_destination,
    stored_values,
)
from entrypoints.http.pages.settings.navigation import (
    integrations_breadcrumbs,
    integrations_url,
    mappings_url,
)
from entrypoints.http.problems import problem_of
from entrypoints.http.starting import start_sync
from entrypoints.plugins import PluginGroup
from ports.destination import DestinationError, DestinationMissing
from ports.plugins import DestinationPlugin

routes = APIRouter(prefix="/organizations/{organization_id}/integrations")
SECTION = "integrations"
DestinationQuery = Annotated[str, Query(max_length=MAX_ID_LENGTH)]


async def integrations_context(container: Container, ctx: OrganizationContext) -> dict[str, Any]:
    """Return the template variables of the card, which is also shown behind every drawer."""
    overview = await container.resolve(GetHealth)(ctx.organization.id)
    return {
        "ctx": ctx,
        "section": SECTION,
        "connection": overview.connection,
        "destination_names": [plugin.display_name for plugin in usable_destinations(container)],
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
async def show_connect_form(
    request: Request, container: Wired, ctx: ReadOrganization, destination: DestinationQuery = ""
) -> Response:
    if destination and find_destination(container, destination) is None:
        raise NotFound("destination", destination)
    return await _drawer(request, container, ctx, Entered(destination))


@routes.post("/connect")
async def connect(request: Request, container: Wired, ctx: ManageOrganization, form: SentForm) -> Response:
    destination = text(form, "destination") or DEFAULT_DESTINATION
    plugin = find_destination(container, destination)
    entered = Entered(
        destination,
        text(form, "url").strip(),
        entered_values(form, plugin),
        continuous=is_on(form, "continuous_sync"),
    )
    try:
        connection = await container.resolve(Connect)(
            ctx.organization.id,
            entered_token(form),
            destination=destination,
            url=entered.url,
            fields=entered.fields,
            continuous_sync=entered.continuous,
            actor=ctx.actor,
        )
    except (DomainError, DestinationError) as error:
        return await _drawer(request, container, ctx, entered, error)
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
    connection = await container.resolve(FindConnection)(ctx.organization.id)
    plugin = find_destination(container, connection.destination.identifier) if connection else None
    fields = entered_values(form, plugin)
    try:
        token = entered_token(form)
        renewed = await container.resolve(ReplaceDestinationToken)(
            ctx.organization.id, token, fields=fields, actor=ctx.actor
        )
    except (DomainError, DestinationError) as error:
        return await _drawer(request, container, ctx, Entered(fields=fields), error)
    what = "API token" if token else "access"
    flash(request, f"The {renewed.destination} {what} was replaced.")
    return redirect_to(f"{mappings_url(ctx.organization)}?replaced=true")


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered before, or chosen; never a secret that is shown."""

    destination: str = ""
    url: str = ""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    continuous: bool = False


async def _drawer(
    request: Request,
    container: Container,
    ctx: OrganizationContext,
    entered: Entered,
    error: Exception | None = None,
) -> Response:
    context = await integrations_context(container, ctx)
    connection: Connection | None = context["connection"]
    identifier = (
        connection.destination.identifier if connection else entered.destination or DEFAULT_DESTINATION
    )
    plugin = find_destination(container, identifier)
    if connection is None and plugin is not None:
        context["destination"] = plugin.display_name
    where = field_of(error, plugin) if error else ""
    values = dict(entered.fields)
    if connection and not error and ctx.may_manage:
        values = stored_values(container, plugin, connection.fields)
    inputs = access_inputs(
        plugin,
        values,
        {where: str(error)} if error else {},
        stored=connection is not None,
        failed=error is not None,
    )
    is_placed = where == "url" or any(each["error"] for each in inputs)
    return render(
        request,
        "integrations_connect.html",
        status=_status(error),
        crumbs=integrations_breadcrumbs(ctx, crumb("Connections")),
        error=str(error) if error and not is_placed else "",
        url_error=str(error) if error and where == "url" else "",
        entered=entered,
        plugin=plugin,
        needs_token=plugin is None or plugin.needs_token,
        needs_url=needs_url(container, identifier),
        inputs=inputs,
        destinations=_tabs(container, ctx, identifier),
        **context,
    )


def needs_url(container: Container, identifier: str) -> bool:
    """Check whether an admin enters the URL of a destination."""
    try:
        return container.destinations().named(identifier).requirements.needs_url
    except DestinationMissing:
        return False


def _tabs(container: Container, ctx: OrganizationContext, current: str) -> Sequence[Mapping[str, Any]]:
    """Return links to the forms of all destinations."""
    return [
        {
            "label": plugin.display_name,
            "url": f"{integrations_url(ctx.organization)}/connect?destination={quote(plugin.identifier)}",
            "current": plugin.identifier == current,
        }
        for plugin in usable_destinations(container)
    ]


def usable_destinations(container: Container) -> Sequence[DestinationPlugin]:
    """List the destinations that are installed and were not refused."""
    names = container.plugins().installed[PluginGroup.DESTINATIONS]
    found = (find_destination(container, name) for name in names)
    return [plugin for plugin in found if plugin is not None]


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
