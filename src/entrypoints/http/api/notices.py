"""The recipient of an organization's notifications."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter

from core.usecases.notifications.choose_recipient import ChooseRecipient
from core.usecases.notifications.queries import FindRecipient
from core.usecases.notifications.remove_recipient import RemoveRecipient
from entrypoints import shapes
from entrypoints.http.api import schemas
from entrypoints.http.api.dependencies import ManageOrganization, problems
from entrypoints.http.dependencies import Wired

routes = APIRouter(prefix="/organizations/{organization_id}/notices", tags=["notices"])
LATEST = 20


@routes.get("", response_model=schemas.NotificationsResponse, responses=problems())
async def read(ctx: ManageOrganization, container: Wired) -> dict[str, Any]:
    """Return the recipient and the latest notifications, newest first, without the signing secret."""
    recipient, latest = await container.resolve(FindRecipient)(ctx.organization.id, LATEST)
    return shapes.recipient(recipient) | {"latest": [shapes.notice(notification) for notification in latest]}


@routes.put("", response_model=schemas.ChosenRecipientResponse, responses=problems())
async def choose(
    new: schemas.NewRecipientRequest, ctx: ManageOrganization, container: Wired
) -> dict[str, Any]:
    """Choose a webhook or an e-mail address. A webhook gets a new signing secret each time, shown only once."""
    chosen, secret = await container.resolve(ChooseRecipient)(
        ctx.organization.id, new.channel, new.address, actor=ctx.actor
    )
    return shapes.recipient(chosen) | {"secret": secret.value if secret else None}


@routes.delete("", status_code=HTTPStatus.NO_CONTENT, responses=problems())
async def remove(ctx: ManageOrganization, container: Wired) -> None:
    """Switch notifications off; undelivered ones are dropped."""
    await container.resolve(RemoveRecipient)(ctx.organization.id, actor=ctx.actor)
