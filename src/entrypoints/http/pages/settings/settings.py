"""An organization's settings: its access to Sessionboard, who has access to it, and its end."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.access.accounts import Account
from core.domain.access.authorization import Permission
from core.domain.errors import DomainError, InvalidInput, StillConnected
from core.domain.ids import OrganizationId
from core.domain.tenancy.secrets import Token
from core.usecases.access.queries import ListAccounts, ListApiKeys, ListMembers
from core.usecases.notifications.queries import FindRecipient
from core.usecases.organizations.queries import FindConnection
from core.usecases.organizations.remove_organization import RemoveOrganization
from core.usecases.organizations.replace_source_token import ReplaceSourceToken
from entrypoints.container import Container
from entrypoints.http.dependencies import InOrganization, Wired
from entrypoints.http.pages.dependencies import ManageOrganization, ReadOrganization
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.rendering import Crumb, crumb, flash, go_to, render, url_of, way_in
from entrypoints.http.pages.settings.integrations import integrations_url
from entrypoints.http.problems import problem_of
from ports.source import SourceError

routes = APIRouter(prefix="/organizations/{organization_id}/settings")
SECTION = "settings"


def settings_url(here: InOrganization) -> str:
    return f"{url_of(here.organization)}/settings"


def way_to(here: InOrganization, *further: Crumb) -> list[Crumb]:
    """Give the breadcrumb of these pages."""
    return way_in(here, crumb("Settings", settings_url(here)), *further)


async def shown(container: Container, here: InOrganization) -> dict[str, Any]:
    """Give what the page shows, which stands behind every dialog too."""
    organization = here.organization
    keys = await container.resolve(ListApiKeys)(organization.id) if here.may_manage else ()
    recipient, notices = (
        await container.resolve(FindRecipient)(organization.id) if here.may_manage else (None, ())
    )
    return {
        "here": here,
        "section": SECTION,
        "at": settings_url(here),
        "connection": await container.resolve(FindConnection)(organization.id),
        "members": [
            (each.email, ", ".join(_roles(each, organization.id))) for each in await _members(container, here)
        ],
        "sees_all": here.actor.may(Permission.MANAGE, None),
        "keys": [each for each in keys if each.is_valid],
        "revoked_keys": [each for each in keys if not each.is_valid],
        "token_error": "",
        "key_errors": {},
        "key_values": {},
        "recipient": recipient,
        "notices": notices,
        "notices_errors": {},
        "notices_values": {},
        "trial_error": "",
    }


async def _members(container: Container, here: InOrganization) -> Sequence[Account]:
    if not here.actor.may(Permission.MANAGE, None):
        return await container.resolve(ListMembers)(here.organization.id)
    accounts = await container.resolve(ListAccounts)()
    return [each for each in accounts if each.actor.may(Permission.READ, here.organization.id)]


def _roles(account: Account, organization_id: OrganizationId) -> list[str]:
    return sorted(
        f"{grant.role}{' of all organizations' if grant.organization_id is None else ''}"
        for grant in account.grants
        if grant.covers(organization_id)
    )


@routes.get("")
async def show(request: Request, container: Wired, here: ReadOrganization) -> Response:
    page = await shown(container, here)
    return render(request, "settings.html", crumbs=way_to(here), **page)


@routes.get("/sessionboard-token")
async def lead_back(here: ReadOrganization) -> Response:
    """Redirect from the URL of a form that was sent, as after a reload."""
    return go_to(f"{settings_url(here)}#sessionboard")


@routes.post("/sessionboard-token")
async def replace_token(
    request: Request, container: Wired, here: ManageOrganization, form: SentForm
) -> Response:
    try:
        token = Token(text(form, "token").strip())
        await container.resolve(ReplaceSourceToken)(here.organization.id, token, actor=here.actor.name)
    except (DomainError, SourceError) as error:
        problem = problem_of(error)
        page = await shown(container, here) | {"token_error": str(error)}
        status = problem.status if problem else HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=way_to(here), **page)
    flash(request, "The Sessionboard API token was replaced.")
    if here.halt:
        return go_to(f"{integrations_url(here.organization)}/mappings?replaced=true")
    return go_to(settings_url(here))


@routes.get("/remove")
async def ask_to_remove(request: Request, container: Wired, here: ManageOrganization) -> Response:
    return await _question(request, container, here)


@routes.post("/remove")
async def remove(request: Request, container: Wired, here: ManageOrganization, form: SentForm) -> Response:
    typed = text(form, "confirmation")
    try:
        await container.resolve(RemoveOrganization)(here.organization.id, typed, actor=here.actor.name)
    except (InvalidInput, StillConnected) as error:
        return await _question(request, container, here, typed=typed, error=error)
    flash(request, f"{here.organization.name} was removed.")
    return go_to("/organizations")


async def _question(
    request: Request,
    container: Container,
    here: InOrganization,
    *,
    typed: str = "",
    error: DomainError | None = None,
) -> Response:
    page = await shown(container, here)
    problem = problem_of(error) if error else None
    if page["connection"] is not None:
        error = StillConnected(here.organization.name)
    return render(
        request,
        "settings_remove.html",
        status=problem.status if problem else HTTPStatus.OK,
        crumbs=way_to(here, crumb("Remove the organization")),
        typed=typed,
        error=str(error) if error else "",
        **page,
    )
