"""Turn notifications off."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.domain.notifications.notification import Recipient
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RemoveRecipient:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, organization_id: OrganizationId, *, actor: Actor) -> Recipient | None:
        """Remove the recipient and its pending notifications; return the recipient, None if there was none.

        Raises:
            NotFound
        """
        async with self.units.write() as unit:
            require(await unit.organizations.get(organization_id), "organization", organization_id)
            recipient = await unit.recipients.get(organization_id)
            if recipient is not None:
                await unit.recipients.remove(organization_id)
                now, action = self.clock.now(), Action.RECIPIENT_REMOVED
                await unit.audit.add(AuditEntry(now, actor.name, action, organization_id, recipient.label))
                await unit.commit()
        return recipient
