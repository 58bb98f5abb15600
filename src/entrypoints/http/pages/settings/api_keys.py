"""An organization's API keys: creating one, which is shown once, and revoking one."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from core.domain.access.authorization import Grant, Role
from core.domain.errors import InvalidInput, require
from core.domain.ids import MAX_ID_LENGTH, ApiKeyId
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.revoke_api_key import RevokeApiKey
from entrypoints.http.dependencies import Wired
from entrypoints.http.pages.dependencies import ManageOrganization
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.rendering import crumb, flash, redirect_to, render
from entrypoints.http.pages.settings.navigation import settings_breadcrumbs, settings_url
from entrypoints.http.pages.settings.settings import settings_context
from entrypoints.webhook_help import webhook_help

routes = APIRouter(prefix="/organizations/{organization_id}/settings/api-keys")
ROLES = {role.value: role for role in (Role.VIEWER, Role.ADMIN, Role.HOOK)}
KeyId = Annotated[str, Path(max_length=MAX_ID_LENGTH)]


@routes.get("")
async def show(ctx: ManageOrganization) -> Response:
    """Redirect from the URL of a form that was sent, as after a reload."""
    return redirect_to(f"{settings_url(ctx.organization)}#api-keys")


@routes.post("")
async def create(request: Request, container: Wired, ctx: ManageOrganization, form: SentForm) -> Response:
    values = {name: text(form, name) for name in ("name", "role")}
    try:
        grant = Grant(_role(values["role"]), ctx.organization.id)
        key, secret = await container.resolve(CreateApiKey)(values["name"], grant, actor=ctx.actor)
    except InvalidInput as error:
        page = await settings_context(container, ctx) | {
            "key_errors": {error.about or "name": str(error)},
            "key_values": values,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=settings_breadcrumbs(ctx), **page)
    return render(
        request,
        "settings_api_key.html",
        ctx=ctx,
        section="settings",
        status=HTTPStatus.CREATED,
        crumbs=settings_breadcrumbs(ctx, crumb("API key")),
        at=settings_url(ctx.organization),
        key=key,
        secret=secret,
        webhooks=webhook_help(container.plugins(), ctx.organization) if key.grant.role is Role.HOOK else None,
    )


def _role(value: str) -> Role:
    if value not in ROLES:
        raise InvalidInput("Choose a role.", about="role")
    return ROLES[value]


@routes.get("/{key_id}/revoke")
async def show_revoke_form(
    request: Request, container: Wired, ctx: ManageOrganization, key_id: KeyId
) -> Response:
    page = await settings_context(container, ctx)
    key = require(next((key for key in page["keys"] if key.id == key_id), None), "API key", key_id)
    crumbs = settings_breadcrumbs(ctx, crumb("Revoke an API key"))
    return render(request, "settings_revoke.html", crumbs=crumbs, key=key, **page)


@routes.post("/{key_id}/revoke")
async def revoke(
    request: Request, container: Wired, ctx: ManageOrganization, key_id: KeyId, _: SentForm
) -> Response:
    revoked = await container.resolve(RevokeApiKey)(ctx.organization.id, ApiKeyId(key_id), actor=ctx.actor)
    flash(request, f"The API key {revoked.name} was revoked.")
    return redirect_to(f"{settings_url(ctx.organization)}#api-keys")
