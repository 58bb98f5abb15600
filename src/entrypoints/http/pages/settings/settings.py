"""An organization's settings: its access to the source, its members, and removing it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.access.accounts import Account
from core.domain.access.authorization import Permission
from core.domain.errors import DomainError, InvalidInput, StillConnected
from core.domain.ids import OrganizationId
from core.usecases.access.queries import ListAccounts, ListApiKeys, ListMembers
from core.usecases.notifications.queries import FindRecipient
from core.usecases.organizations.queries import FindConnection
from core.usecases.organizations.remove_organization import RemoveOrganization
from core.usecases.organizations.replace_source_token import ReplaceSourceToken
from entrypoints.container import Container
from entrypoints.http.dependencies import OrganizationContext, Wired
from entrypoints.http.pages.dependencies import ManageOrganization, ReadOrganization
from entrypoints.http.pages.forms import SentForm, text
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
    find_source,
    stored_values,
)
from entrypoints.http.pages.settings.navigation import mappings_url, settings_breadcrumbs, settings_url
from entrypoints.http.problems import problem_of
from ports.source import SourceError

routes = APIRouter(prefix="/organizations/{organization_id}/settings")
SECTION = "settings"


async def settings_context(container: Container, ctx: OrganizationContext) -> dict[str, Any]:
    """Return the template variables of the page, which is also shown behind every dialog."""
    organization = ctx.organization
    source = find_source(container, organization.source.identifier)
    stored = stored_values(container, source, organization.source_fields) if ctx.may_manage else {}
    keys = await container.resolve(ListApiKeys)(organization.id) if ctx.may_manage else ()
    recipient, notices = (
        await container.resolve(FindRecipient)(organization.id) if ctx.may_manage else (None, ())
    )
    return {
        "ctx": ctx,
        "section": SECTION,
        "at": settings_url(ctx.organization),
        "access_help": source.access_help if source else "",
        "needs_token": source is None or source.needs_token,
        "inputs": access_inputs(source, stored, {}, stored=True),
        "connection": await container.resolve(FindConnection)(organization.id),
        "members": [
            (account.email, ", ".join(_roles(account, organization.id)))
            for account in await _members(container, ctx)
        ],
        "sees_all": ctx.actor.may(Permission.MANAGE, None),
        "keys": [key for key in keys if key.is_valid],
        "revoked_keys": [key for key in keys if not key.is_valid],
        "token_error": "",
        "key_errors": {},
        "key_values": {},
        "recipient": recipient,
        "notices": notices,
        "notices_errors": {},
        "notices_values": {},
        "test_error": "",
    }


async def _members(container: Container, ctx: OrganizationContext) -> Sequence[Account]:
    if not ctx.actor.may(Permission.MANAGE, None):
        return await container.resolve(ListMembers)(ctx.organization.id)
    accounts = await container.resolve(ListAccounts)()
    return [account for account in accounts if account.actor.may(Permission.READ, ctx.organization.id)]


def _roles(account: Account, organization_id: OrganizationId) -> list[str]:
    return sorted(
        f"{grant.role}{' of all organizations' if grant.organization_id is None else ''}"
        for grant in account.grants
        if grant.covers(organization_id)
    )


@routes.get("")
async def show(request: Request, container: Wired, ctx: ReadOrganization) -> Response:
    page = await settings_context(container, ctx)
    return render(request, "settings.html", crumbs=settings_breadcrumbs(ctx), **page)


@routes.get("/sessionboard-token")
async def redirect_back(ctx: ReadOrganization) -> Response:
    """Redirect from the URL of a form that was sent, as after a reload."""
    return redirect_to(f"{settings_url(ctx.organization)}#sessionboard")


@routes.post("/sessionboard-token")
async def replace_token(
    request: Request, container: Wired, ctx: ManageOrganization, form: SentForm
) -> Response:
    source = find_source(container, ctx.organization.source.identifier)
    fields = entered_values(form, source)
    try:
        token = entered_token(form)
        await container.resolve(ReplaceSourceToken)(
            ctx.organization.id, token, fields=fields, actor=ctx.actor
        )
    except (DomainError, SourceError) as error:
        problem = problem_of(error)
        errors = {field_of(error, source): str(error)}
        inputs = access_inputs(source, fields, errors, stored=True)
        shown_there = any(each["error"] for each in inputs)
        page = await settings_context(container, ctx) | {
            "inputs": inputs,
            "token_error": "" if shown_there else str(error),
        }
        status = problem.status if problem else HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=settings_breadcrumbs(ctx), **page)
    what = "API token" if token else "access"
    flash(request, f"The {ctx.organization.source} {what} was replaced.")
    if ctx.halt:
        return redirect_to(f"{mappings_url(ctx.organization)}?replaced=true")
    return redirect_to(settings_url(ctx.organization))


@routes.get("/remove")
async def show_remove_form(request: Request, container: Wired, ctx: ManageOrganization) -> Response:
    return await _confirmation(request, container, ctx)


@routes.post("/remove")
async def remove(request: Request, container: Wired, ctx: ManageOrganization, form: SentForm) -> Response:
    typed = text(form, "confirmation")
    try:
        await container.resolve(RemoveOrganization)(ctx.organization.id, typed, actor=ctx.actor)
    except (InvalidInput, StillConnected) as error:
        return await _confirmation(request, container, ctx, typed=typed, error=error)
    flash(request, f"{ctx.organization.name} was removed.")
    return redirect_to("/organizations")


async def _confirmation(
    request: Request,
    container: Container,
    ctx: OrganizationContext,
    *,
    typed: str = "",
    error: DomainError | None = None,
) -> Response:
    page = await settings_context(container, ctx)
    problem = problem_of(error) if error else None
    if page["connection"] is not None:
        error = StillConnected(ctx.organization.name)
    return render(
        request,
        "settings_remove.html",
        status=problem.status if problem else HTTPStatus.OK,
        crumbs=settings_breadcrumbs(ctx, crumb("Remove the organization")),
        typed=typed,
        error=str(error) if error else "",
        **page,
    )
