"""Choose where notifications go."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.domain.notifications.notification import Channel, Recipient
from core.domain.tenancy.secrets import Token
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.notifications import Notifier
from ports.store.unit_of_work import UnitOfWorkFactory

RECIPIENT = "notification recipient for"
HOW_TO_CHOOSE = "Choose a webhook or an e-mail address first."


@dataclass(frozen=True, slots=True)
class ChooseRecipient:
    units: UnitOfWorkFactory
    notifier: Notifier
    cipher: TokenCipher
    ids: IdGenerator
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId, channel: Channel, address: str, *, actor: Actor
    ) -> tuple[Recipient, Token | None]:
        """Set the organization's recipient; for a webhook, also return its signing secret, only this once.

        Raises:
            NotFound
            InvalidInput: the address is invalid or not allowed, or the channel is not configured.
        """
        address = self.notifier.normalize_address(channel, address)
        secret = Token(self.ids.secret()) if channel is Channel.WEBHOOK else None
        sealed = self.cipher.seal(secret) if secret else None
        recipient = Recipient(organization_id, channel, address, sealed)
        async with self.units.write() as unit:
            require(await unit.organizations.get(organization_id), "organization", organization_id)
            await unit.recipients.save(recipient)
            entry = AuditEntry(
                self.clock.now(), actor.name, Action.RECIPIENT_CHOSEN, organization_id, recipient.label
            )
            await unit.audit.add(entry)
            await unit.commit()
        return recipient, secret
