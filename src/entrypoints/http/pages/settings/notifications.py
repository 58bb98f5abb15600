"""The destination of an organization's notifications: choosing, testing and removing it."""

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
from entrypoints.http.pages.rendering import crumb, flash, redirect_to, render
from entrypoints.http.pages.settings.navigation import settings_breadcrumbs, settings_url
from entrypoints.http.pages.settings.settings import settings_context
from entrypoints.http.problems import problem_of
from ports.cipher import DecryptionFailed
from ports.notifications import NotDelivered

routes = APIRouter(prefix="/organizations/{organization_id}/settings/notices")
CHANNELS = {channel.value: channel for channel in Channel}


@routes.get("")
@routes.get("/try")
async def show(ctx: ManageOrganization) -> Response:
    """Redirect from the URL of a form that was sent, as after a reload."""
    return redirect_to(f"{settings_url(ctx.organization)}#notices")


@routes.post("")
async def choose(request: Request, container: Wired, ctx: ManageOrganization, form: SentForm) -> Response:
    values = {name: text(form, name) for name in ("channel", "address")}
    try:
        channel = _channel(values["channel"])
        recipient, secret = await container.resolve(ChooseRecipient)(
            ctx.organization.id, channel, values["address"], actor=ctx.actor
        )
    except InvalidInput as error:
        page = await settings_context(container, ctx) | {
            "notices_errors": {error.about or "address": str(error)},
            "notices_values": values,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=settings_breadcrumbs(ctx), **page)
    if secret is None:
        flash(request, f"Notifications are now sent to {recipient.address}.")
        return redirect_to(f"{settings_url(ctx.organization)}#notices")
    return render(
        request,
        "settings_notices.html",
        ctx=ctx,
        section="settings",
        status=HTTPStatus.CREATED,
        crumbs=settings_breadcrumbs(ctx, crumb("Notifications")),
        at=settings_url(ctx.organization),
        recipient=recipient,
        secret=secret.value,
    )


def _channel(value: str) -> Channel:
    if value not in CHANNELS:
        raise InvalidInput("Choose a webhook or an e-mail address.", about="channel")
    return CHANNELS[value]


@routes.post("/try")
async def send_test(request: Request, container: Wired, ctx: ManageOrganization, _: SentForm) -> Response:
    try:
        await container.resolve(SendTestNotification)(ctx.organization.id, actor=ctx.actor)
    except (NotDelivered, NotFound, DecryptionFailed) as error:
        problem = problem_of(error)
        page = await settings_context(container, ctx) | {"test_error": str(error)}
        status = problem.status if problem else HTTPStatus.UNPROCESSABLE_ENTITY
        return render(request, "settings.html", status=status, crumbs=settings_breadcrumbs(ctx), **page)
    flash(request, "The test notification was delivered.")
    return redirect_to(f"{settings_url(ctx.organization)}#notices")


@routes.post("/remove")
async def remove(request: Request, container: Wired, ctx: ManageOrganization, _: SentForm) -> Response:
    await container.resolve(RemoveRecipient)(ctx.organization.id, actor=ctx.actor)
    flash(request, "Notifications are off.")
    return redirect_to(f"{settings_url(ctx.organization)}#notices")
