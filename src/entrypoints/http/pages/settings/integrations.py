"""Settings > Integrations: whether an organization is connected to Gleanin, connecting it, disconnecting it."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.errors import DomainError, NotConfirmed, NotConnected
from core.domain.runs.messages import STARTED
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.queries import ListMappings
from core.usecases.mappings.show_health import GetHealth
from core.usecases.organizations.change_connection import ChangeConnection
from core.usecases.organizations.connect import Connect
from core.usecases.organizations.count_lost_by_disconnecting import CountLostByDisconnecting
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.organizations.replace_destination_token import ReplaceDestinationToken
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from entrypoints.container import Container
from entrypoints.http.dependencies import InOrganization, Wired
from entrypoints.http.pages.dependencies import ManageOrganization, ReadOrganization, SyncOrganization
from entrypoints.http.pages.forms import SentForm, is_on, text
from entrypoints.http.pages.rendering import Crumb, crumb, flash, go_to, render, url_of, way_in
from entrypoints.http.problems import problem_of
from ports.destination import DestinationError

routes = APIRouter(prefix="/organizations/{organization_id}/integrations")
SECTION = "integrations"


def integrations_url(organization: Organization) -> str:
    return f"{url_of(organization)}/integrations"


def way_to(here: InOrganization, *further: Crumb) -> list[Crumb]:
    """Give the breadcrumb of these pages."""
    return way_in(here, crumb("Integrations", integrations_url(here.organization)), *further)


async def shown(container: Container, here: InOrganization) -> dict[str, Any]:
    """Give what the card shows, which stands behind every drawer too."""
    fares = await container.resolve(GetHealth)(here.organization.id)
    return {
        "here": here,
        "section": SECTION,
        "connection": fares.connection,
        "health": fares.overall,
        "mappings": fares.mappings,
        "checked_at": fares.checked_at,
        "at": integrations_url(here.organization),
    }


@routes.get("")
async def show(request: Request, container: Wired, here: ReadOrganization) -> Response:
    card = await shown(container, here)
    return render(request, "integrations.html", crumbs=way_to(here), **card)


@routes.get("/connect")
async def ask_token(request: Request, container: Wired, here: ReadOrganization) -> Response:
    return await _drawer(request, container, here)


@routes.post("/connect")
async def connect(request: Request, container: Wired, here: ManageOrganization, form: SentForm) -> Response:
    continuous = is_on(form, "continuous_sync")
    try:
        token = Token(text(form, "token").strip())
        await container.resolve(Connect)(
            here.organization.id, token, continuous_sync=continuous, actor=here.actor.name
        )
    except (DomainError, DestinationError) as error:
        return await _drawer(request, container, here, error, continuous=continuous)
    flash(request, "Connected to Gleanin. Map your events next.")
    return go_to(f"{integrations_url(here.organization)}/mappings")


@routes.get("/continuous-sync")
@routes.get("/token")
async def lead_back(here: ReadOrganization) -> Response:
    """Redirect from the URL of a form that was sent, as after a reload."""
    return go_to(f"{integrations_url(here.organization)}/connect")


@routes.post("/continuous-sync")
async def choose_continuous_sync(
    request: Request, container: Wired, here: ManageOrganization, form: SentForm
) -> Response:
    chosen = is_on(form, "continuous_sync")
    await container.resolve(ChangeConnection)(
        here.organization.id, continuous_sync=chosen, actor=here.actor.name
    )
    flash(request, f"New mappings start with continuous sync {'on' if chosen else 'off'}.")
    return go_to(f"{integrations_url(here.organization)}/connect")


@routes.post("/token")
async def replace_token(
    request: Request, container: Wired, here: ManageOrganization, form: SentForm
) -> Response:
    try:
        token = Token(text(form, "token").strip())
        await container.resolve(ReplaceDestinationToken)(here.organization.id, token, actor=here.actor.name)
    except (DomainError, DestinationError) as error:
        return await _drawer(request, container, here, error)
    flash(request, "The Gleanin API token was replaced.")
    return go_to(f"{integrations_url(here.organization)}/mappings?replaced=true")


async def _drawer(
    request: Request,
    container: Container,
    here: InOrganization,
    error: Exception | None = None,
    *,
    continuous: bool = False,
) -> Response:
    return render(
        request,
        "integrations_connect.html",
        status=_status(error),
        crumbs=way_to(here, crumb("Connections")),
        error=str(error) if error else "",
        continuous=continuous,
        **await shown(container, here),
    )


@routes.post("/sync")
async def sync_all(request: Request, container: Wired, here: SyncOrganization, _: SentForm) -> Response:
    """Book a sync of every mapping, as after a token was replaced."""
    mappings = await container.resolve(ListMappings)(here.organization.id)
    for mapping in mappings:
        await container.resolve(RequestSync)(SyncRequest(mapping.id, actor=here.actor.name))
    if len(mappings) == 1:
        flash(request, STARTED)
    elif mappings:
        flash(request, f"Syncs to Gleanin have started for {len(mappings)} events.")
    return go_to(f"{integrations_url(here.organization)}/mappings")


@routes.get("/disconnect")
async def ask_to_disconnect(request: Request, container: Wired, here: ManageOrganization) -> Response:
    return await _question(request, container, here)


@routes.post("/disconnect")
async def disconnect(
    request: Request, container: Wired, here: ManageOrganization, form: SentForm
) -> Response:
    typed = text(form, "confirmation")
    try:
        await container.resolve(Disconnect)(here.organization.id, typed, actor=here.actor.name)
    except NotConfirmed as error:
        return await _question(request, container, here, typed=typed, error=error)
    flash(request, "Disconnected from Gleanin. You can connect again with the same token or another one.")
    return go_to(integrations_url(here.organization))


async def _question(
    request: Request,
    container: Container,
    here: InOrganization,
    *,
    typed: str = "",
    error: Exception | None = None,
) -> Response:
    card = await shown(container, here)
    if card["connection"] is None:
        raise NotConnected(here.organization.name)
    return render(
        request,
        "integrations_disconnect.html",
        status=_status(error),
        crumbs=way_to(here, crumb("Disconnect")),
        typed=typed,
        error=str(error) if error else "",
        lost=await container.resolve(CountLostByDisconnecting)(here.organization.id),
        **card,
    )


def _status(error: Exception | None) -> int:
    problem = problem_of(error) if error else None
    return problem.status if problem else HTTPStatus.OK
