"""Where an organization's notices go."""

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
async def read(here: ManageOrganization, container: Wired) -> dict[str, Any]:
    """Read where notices go, and what became of the latest ones, newest first; never the signing secret."""
    recipient, latest = await container.resolve(FindRecipient)(here.organization.id, LATEST)
    return shapes.recipient(recipient) | {"latest": [shapes.notice(each) for each in latest]}


@routes.put("", response_model=schemas.ChosenRecipientResponse, responses=problems())
async def choose(
    new: schemas.NewRecipientRequest, here: ManageOrganization, container: Wired
) -> dict[str, Any]:
    """Choose a webhook or an e-mail address; a webhook gets a new signing secret each time, shown this once."""
    chosen, secret = await container.resolve(ChooseRecipient)(
        here.organization.id, new.channel, new.address, actor=here.actor.name
    )
    return shapes.recipient(chosen) | {"secret": secret.value if secret else None}


@routes.delete("", status_code=HTTPStatus.NO_CONTENT, responses=problems())
async def remove(here: ManageOrganization, container: Wired) -> None:
    """Let notices go nowhere any more; what waits is dropped."""
    await container.resolve(RemoveRecipient)(here.organization.id, actor=here.actor.name)
