"""Send a test notification."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require
from core.domain.ids import NotificationId, OrganizationId
from core.domain.notifications.messages import build_test_message
from core.domain.notifications.notification import Recipient
from core.usecases.notifications.choose_recipient import HOW_TO_CHOOSE, RECIPIENT
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.notifications import Notifier
from ports.public_urls import PublicUrls
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SendTestNotification:
    units: UnitOfWorkFactory
    notifier: Notifier
    cipher: TokenCipher
    public_urls: PublicUrls
    ids: IdGenerator
    clock: Clock

    async def __call__(self, organization_id: OrganizationId, *, actor: Actor) -> Recipient:
        """Send a test notification immediately, and return its recipient.

        Raises:
            NotFound: the organization does not exist or has no recipient.
            NotDelivered
            DecryptionFailed: the signing secret is unreadable; choosing the webhook again creates a new one.
        """
        now = self.clock.now()
        async with self.units.write() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            recipient = require(
                await unit.recipients.get(organization_id), RECIPIENT, organization.name, hint=HOW_TO_CHOOSE
            )
            what = recipient.label
            await unit.audit.add(AuditEntry(now, actor.name, Action.RECIPIENT_TRIED, organization_id, what))
            await unit.commit()
        secret = self.cipher.unseal(recipient.secret) if recipient.secret else None
        message = build_test_message(
            NotificationId(self.ids.new()), now, organization, self.public_urls.home()
        )
        await self.notifier.deliver(message, recipient, secret)
        return recipient
