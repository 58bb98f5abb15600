"""Delivery of notifications to a recipient outside this program.

NotDelivered
├── RecipientUnavailable   the recipient does not respond: try later
└── RecipientRefused       an admin must change the address or a setting
"""

from typing import ClassVar, Protocol

from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Recipient
from core.domain.tenancy.secrets import Token


class NotDelivered(Exception):
    """A failed delivery.

    Its text is a sentence for people and for the log, without the path or query of a URL, e-mail addresses or text
    from the recipient's response.
    """

    code: ClassVar[str] = "not_delivered"


class RecipientUnavailable(NotDelivered):
    code = "recipient_unavailable"


class RecipientRefused(NotDelivered):
    code = "recipient_refused"


class Notifier(Protocol):
    def normalize_address(self, channel: Channel, address: str) -> str:
        """Return an address in the form in which notifications are sent to it.

        Raises:
            InvalidInput: the address is invalid or not allowed, or the channel is not configured.
        """
        ...

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        """Attempt one delivery; the attempt ends within half a minute, delivered or not.

        A message that the recipient accepted may still be reported as not delivered, if the response was lost. The
        message's id lets the recipient recognize the repetition.

        Args:
            message: the message to deliver.
            recipient: the recipient to deliver it to.
            secret: the signing secret of a webhook.

        Raises:
            NotDelivered
        """
        ...
