"""The organizations that a person may see, and adding one."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.access.authorization import Permission
from core.domain.errors import DomainError, InvalidInput
from core.domain.tenancy.organizations import SESSIONBOARD_REGIONS
from core.domain.tenancy.secrets import Token
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.list_health import ListOrganizationHealth
from entrypoints.http.dependencies import Wired
from entrypoints.http.pages.dependencies import ReadOrganization, SignedIn
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.rendering import crumb, flash, organization_url, redirect_to, render
from entrypoints.http.pages.settings.navigation import integrations_url
from entrypoints.http.problems import STATUS_BY_CODE
from ports.source import SourceError, SourceRefused

routes = APIRouter(prefix="/organizations")


@routes.get("")
async def show_all(request: Request, container: Wired, actor: SignedIn) -> Response:
    visible = await container.resolve(ListOrganizationHealth)(actor)
    may_add = actor.may(Permission.MANAGE, None)
    if len(visible) == 1 and not may_add:
        return redirect_to(organization_url(visible[0][0]))
    return render(
        request,
        "organizations.html",
        actor=actor,
        crumbs=[crumb("Organizations")],
        rows=[
            (
                organization,
                overview,
                organization_url(organization),
                actor.may(Permission.MANAGE, organization.id),
            )
            for organization, overview in visible
        ],
        may_add=may_add,
    )


@routes.get("/new")
async def show_new_form(request: Request, actor: SignedIn) -> Response:
    actor.check(Permission.MANAGE, None)
    return render(request, "organization_new.html", actor=actor, values={}, errors={})


@routes.post("/new")
async def add(request: Request, container: Wired, actor: SignedIn, form: SentForm) -> Response:
    actor.check(Permission.MANAGE, None)
    values = {name: text(form, name) for name in ("name", "region", "sessionboard_url")}
    try:
        url = SESSIONBOARD_REGIONS.get(values["region"]) or values["sessionboard_url"].strip()
        if not url:
            message = "Choose a Sessionboard region, or enter the API address."
            raise InvalidInput(message, about="region")
        command = NewOrganization(values["name"], url, Token(text(form, "token").strip()))
        added = await container.resolve(AddOrganization)(command, actor=actor)
    except (DomainError, SourceError) as error:
        status = STATUS_BY_CODE.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
        return render(
            request,
            "organization_new.html",
            actor=actor,
            status=status,
            values=values,
            errors={_field(error, is_custom_url=not values["region"]): str(error)},
        )
    flash(request, f"{added.name} was added. Connect it to Gleanin next.")
    return redirect_to(integrations_url(added))


def _field(error: Exception, *, is_custom_url: bool) -> str:
    """Return the field that an error is about; empty if none."""
    match error:
        case DomainError(about=about) if about:
            return about
        case SourceRefused():
            return "token"
    return "sessionboard_url" if is_custom_url else ""


@routes.get("/{organization_id}")
async def show(ctx: ReadOrganization) -> Response:
    return redirect_to(f"{organization_url(ctx.organization)}/events")
