"""Read the recipient and its latest notifications."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.ids import OrganizationId
from core.domain.notifications.notification import Notification, Recipient
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class FindRecipient:
    units: UnitOfWorkFactory

    async def __call__(
        self, organization_id: OrganizationId, limit: int = 5
    ) -> tuple[Recipient | None, Sequence[Notification]]:
        """Return the organization's recipient and its latest notifications."""
        async with self.units.read() as unit:
            recipient = await unit.recipients.get(organization_id)
            return recipient, await unit.notifications.list_by_organization(organization_id, limit)
