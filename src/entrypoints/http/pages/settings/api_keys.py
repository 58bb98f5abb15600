"""An organization's API keys: making one, which is shown once, and revoking one."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from core.domain.access.authorization import Grant, Role
from core.domain.errors import InvalidInput, require
from core.domain.ids import ApiKeyId
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.revoke_api_key import RevokeApiKey
from entrypoints.http.dependencies import LONGEST_ID, Wired
from entrypoints.http.pages.dependencies import ManageOrganization
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.rendering import crumb, flash, go_to, render
from entrypoints.http.pages.settings.settings import settings_url, shown, way_to

routes = APIRouter(prefix="/organizations/{organization_id}/settings/api-keys")
ROLES = {role.value: role for role in (Role.VIEWER, Role.ADMIN, Role.HOOK)}
KeyId = Annotated[str, Path(max_length=LONGEST_ID)]


@routes.get("")
async def show(here: ManageOrganization) -> Response:
    """Lead back from the address of a form that was sent, as when somebody reloads."""
    return go_to(f"{settings_url(here)}#api-keys")


@routes.post("")
async def make(request: Request, container: Wired, here: ManageOrganization, form: SentForm) -> Response:
    values = {name: text(form, name) for name in ("name", "role")}
    try:
        grant = Grant(_role(values["role"]), here.organization.id)
        key, secret = await container.resolve(CreateApiKey)(values["name"], grant, actor=here.actor.name)
    except InvalidInput as refusal:
        page = await shown(container, here) | {
            "key_errors": {refusal.about or "name": str(refusal)},
            "key_values": values,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=way_to(here), **page)
    return render(
        request,
        "settings_api_key.html",
        here=here,
        section="settings",
        status=HTTPStatus.CREATED,
        crumbs=way_to(here, crumb("API key")),
        at=settings_url(here),
        key=key,
        secret=secret,
    )


def _role(given: str) -> Role:
    if given not in ROLES:
        raise InvalidInput("Choose a role.", about="role")
    return ROLES[given]


@routes.get("/{key_id}/revoke")
async def ask_to_revoke(
    request: Request, container: Wired, here: ManageOrganization, key_id: KeyId
) -> Response:
    page = await shown(container, here)
    key = require(next((each for each in page["keys"] if each.id == key_id), None), "API key", key_id)
    crumbs = way_to(here, crumb("Revoke an API key"))
    return render(request, "settings_revoke.html", crumbs=crumbs, key=key, **page)


@routes.post("/{key_id}/revoke")
async def revoke(
    request: Request, container: Wired, here: ManageOrganization, key_id: KeyId, _: SentForm
) -> Response:
    revoked = await container.resolve(RevokeApiKey)(
        here.organization.id, ApiKeyId(key_id), actor=here.actor.name
    )
    flash(request, f"The API key {revoked.name} was revoked.")
    return go_to(f"{settings_url(here)}#api-keys")
