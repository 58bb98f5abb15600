"""The recipient of an organization's notifications."""

from http import HTTPStatus

from fastapi import APIRouter

from core.usecases.notifications.choose_recipient import ChooseRecipient
from core.usecases.notifications.queries import FindRecipient
from core.usecases.notifications.remove_recipient import RemoveRecipient
from entrypoints.http.api import requests
from entrypoints.http.api.dependencies import ManageOrganization, problems
from entrypoints.http.dependencies import Wired
from entrypoints.resources.notifications import ChosenRecipientResponse, NotificationsResponse

routes = APIRouter(prefix="/organizations/{organization_id}/notices", tags=["notices"])
LATEST = 20


@routes.get("", responses=problems())
async def read(ctx: ManageOrganization, container: Wired) -> NotificationsResponse:
    """Return the recipient and the latest notifications, newest first, without the signing secret."""
    recipient, latest = await container.resolve(FindRecipient)(ctx.organization.id, LATEST)
    return NotificationsResponse.from_domain(recipient, latest)


@routes.put("", responses=problems())
async def choose(
    new: requests.NewRecipientRequest, ctx: ManageOrganization, container: Wired
) -> ChosenRecipientResponse:
    """Choose a webhook or an e-mail address. A webhook gets a new signing secret each time, shown only once."""
    chosen, secret = await container.resolve(ChooseRecipient)(
        ctx.organization.id, new.channel, new.address, actor=ctx.actor
    )
    return ChosenRecipientResponse.from_domain(chosen, secret)


@routes.delete("", status_code=HTTPStatus.NO_CONTENT, responses=problems())
async def remove(ctx: ManageOrganization, container: Wired) -> None:
    """Switch notifications off; undelivered ones are dropped."""
    await container.resolve(RemoveRecipient)(ctx.organization.id, actor=ctx.actor)
