"""Where an organization's notices go: choosing a webhook or an e-mail address, trying it, and ending it."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.errors import InvalidInput, NotFound
from core.domain.notifications.notification import Channel
from core.usecases.notifications.choose_recipient import ChooseRecipient
from core.usecases.notifications.remove_recipient import RemoveRecipient
from core.usecases.notifications.send_test import SendTestNotification
from entrypoints.http.dependencies import Wired
from entrypoints.http.pages.dependencies import ManageOrganization
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.rendering import crumb, flash, go_to, render
from entrypoints.http.pages.settings.settings import settings_url, shown, way_to
from entrypoints.http.problems import problem_of
from ports.cipher import DecryptionFailed
from ports.notifications import NotDelivered

routes = APIRouter(prefix="/organizations/{organization_id}/settings/notices")
CHANNELS = {channel.value: channel for channel in Channel}


@routes.get("")
@routes.get("/try")
async def show(here: ManageOrganization) -> Response:
    """Lead back from the address of a form that was sent, as when somebody reloads."""
    return go_to(f"{settings_url(here)}#notices")


@routes.post("")
async def choose(request: Request, container: Wired, here: ManageOrganization, form: SentForm) -> Response:
    values = {name: text(form, name) for name in ("channel", "address")}
    try:
        channel = _channel(values["channel"])
        recipient, secret = await container.resolve(ChooseRecipient)(
            here.organization.id, channel, values["address"], actor=here.actor.name
        )
    except InvalidInput as refusal:
        page = await shown(container, here) | {
            "notices_errors": {refusal.about or "address": str(refusal)},
            "notices_values": values,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=way_to(here), **page)
    if secret is None:
        flash(request, f"Notifications are now sent to {recipient.address}.")
        return go_to(f"{settings_url(here)}#notices")
    return render(
        request,
        "settings_notices.html",
        here=here,
        section="settings",
        status=HTTPStatus.CREATED,
        crumbs=way_to(here, crumb("Notifications")),
        at=settings_url(here),
        recipient=recipient,
        secret=secret.value,
    )


def _channel(given: str) -> Channel:
    if given not in CHANNELS:
        raise InvalidInput("Choose a webhook or an e-mail address.", about="channel")
    return CHANNELS[given]


@routes.post("/try")
async def send_trial(request: Request, container: Wired, here: ManageOrganization, _: SentForm) -> Response:
    try:
        await container.resolve(SendTestNotification)(here.organization.id, actor=here.actor.name)
    except (NotDelivered, NotFound, DecryptionFailed) as error:
        problem = problem_of(error)
        page = await shown(container, here) | {"trial_error": str(error)}
        status = problem.status if problem else HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=way_to(here), **page)
    flash(request, "The test notification was delivered.")
    return go_to(f"{settings_url(here)}#notices")


@routes.post("/remove")
async def remove(request: Request, container: Wired, here: ManageOrganization, _: SentForm) -> Response:
    await container.resolve(RemoveRecipient)(here.organization.id, actor=here.actor.name)
    flash(request, "Notifications are off.")
    return go_to(f"{settings_url(here)}#notices")
