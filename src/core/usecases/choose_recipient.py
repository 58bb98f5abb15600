"""Say where an organization's notices go, see it, and try it."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.errors import found
from core.domain.ids import NoticeId, OrganizationId
from core.domain.notifications.messages import trial
from core.domain.notifications.notification import Channel, Notice, Recipient
from core.domain.tenancy.secrets import Token
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.links import Links
from ports.names import Names
from ports.notices import Messenger
from ports.persistence import Units

_WHAT = "recipient of notices for"
_HINT = "Choose a webhook or an e-mail first."


@dataclass(frozen=True, slots=True)
class ChooseRecipient:
    units: Units
    messenger: Messenger
    cipher: TokenCipher
    names: Names
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId, channel: Channel, address: str, *, by: str
    ) -> tuple[Recipient, Token | None]:
        """Let notices go there from now on; for a webhook, give the secret that they are signed with, this once.

        Raises:
            NotFound
            BadInput: the address cannot be one, or nothing can go this way until something is set up.
        """
        address = self.messenger.checked(channel, address)
        secret = Token(self.names.secret()) if channel is Channel.WEBHOOK else None
        sealed = self.cipher.seal(secret) if secret else None
        recipient = Recipient(organization_id, channel, address, sealed)
        async with self.units.writing() as unit:
            found(await unit.organizations.get(organization_id), "organization", organization_id)
            await unit.recipients.save(recipient)
            entry = AuditEntry(
                self.clock.now(), by, Action.RECIPIENT_CHOSEN, organization_id, recipient.label
            )
            await unit.audit.add(entry)
            await unit.commit()
        return recipient, secret


@dataclass(frozen=True, slots=True)
class RemoveRecipient:
    units: Units
    clock: Clock

    async def __call__(self, organization_id: OrganizationId, *, by: str) -> Recipient | None:
        """Tell nobody anything any more, not what waits either; give whom it was told until now.

        Raises:
            NotFound
        """
        async with self.units.writing() as unit:
            found(await unit.organizations.get(organization_id), "organization", organization_id)
            former = await unit.recipients.get(organization_id)
            if former is not None:
                await unit.recipients.remove(organization_id)
                now, action = self.clock.now(), Action.RECIPIENT_REMOVED
                await unit.audit.add(AuditEntry(now, by, action, organization_id, former.label))
                await unit.commit()
        return former


@dataclass(frozen=True, slots=True)
class ShowRecipient:
    units: Units

    async def __call__(
        self, organization_id: OrganizationId, limit: int = 5
    ) -> tuple[Recipient | None, Sequence[Notice]]:
        """Tell where the organization's notices go, and what became of the latest ones."""
        async with self.units.reading() as unit:
            recipient = await unit.recipients.get(organization_id)
            return recipient, await unit.notices.of_organization(organization_id, limit)


@dataclass(frozen=True, slots=True)
class TryRecipient:
    units: Units
    messenger: Messenger
    cipher: TokenCipher
    links: Links
    names: Names
    clock: Clock

    async def __call__(self, organization_id: OrganizationId, *, by: str) -> Recipient:
        """Send a trial notice at once, and give whom it has reached.

        Raises:
            NotFound: there is no such organization, or its notices go nowhere.
            NotDelivered
            CannotUnseal: the signing secret; choosing the webhook again makes another one.
        """
        now = self.clock.now()
        async with self.units.writing() as unit:
            organization = found(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            recipient = found(
                await unit.recipients.get(organization_id), _WHAT, organization.name, hint=_HINT
            )
            what = recipient.label
            await unit.audit.add(AuditEntry(now, by, Action.RECIPIENT_TRIED, organization_id, what))
            await unit.commit()
        secret = self.cipher.unseal(recipient.secret) if recipient.secret else None
        message = trial(NoticeId(self.names.new()), now, organization, self.links.home())
        await self.messenger.deliver(message, recipient, secret)
        return recipient
