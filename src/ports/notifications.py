"""Telling somebody outside of this program.

NotDelivered
├── RecipientUnavailable   it does not answer now: to be tried later
└── RecipientRefused       somebody must act: another address, or another setting
"""

from typing import ClassVar, Protocol

from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Recipient
from core.domain.tenancy.secrets import Token


class NotDelivered(Exception):
    """Its text is a sentence for people and for the log: no path or query of a URL, no e-mail, none of their words."""

    code: ClassVar[str] = "not_delivered"


class RecipientUnavailable(NotDelivered):
    code = "recipient_unavailable"


class RecipientRefused(NotDelivered):
    code = "recipient_refused"


class Notifier(Protocol):
    def checked(self, channel: Channel, address: str) -> str:
        """Give an address in the form in which notices can go to it.

        Raises:
            InvalidInput: it is none, it is not allowed, or nothing can go this way until something is set up.
        """
        ...

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        """Make one attempt; it ends within half a minute, delivered or not.

        What was taken by the other side may be told as not delivered, where its answer was lost: the message's id
        lets the other side see that it comes again.

        Args:
            message: what to tell.
            recipient: whom.
            secret: what it is signed with, for a webhook.

        Raises:
            NotDelivered
        """
        ...
