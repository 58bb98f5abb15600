"""A notifier that delivers to a list, with delivery failures on request."""

from dataclasses import dataclass, field

from adapters.http_client.address_rules import check_webhook_url
from core.domain.errors import InvalidInput
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Recipient, check_email
from core.domain.tenancy.secrets import Token
from ports.notifications import NotDelivered


@dataclass(frozen=True, slots=True)
class Arrived:
    message: Message
    recipient: Recipient
    secret: Token | None


@dataclass(slots=True)
class InMemoryNotifier:
    arrived: list[Arrived] = field(default_factory=list)
    error: NotDelivered | None = None
    """Raised by every attempt to deliver, if set."""
    has_mail_server: bool = True

    def normalize_address(self, channel: Channel, address: str) -> str:
        if channel is Channel.WEBHOOK:
            return check_webhook_url(address, allow_private=False)
        if not self.has_mail_server:
            raise InvalidInput("No mail server is configured.", about="channel")
        return check_email(address)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        if self.error is not None:
            raise self.error
        self.arrived.append(Arrived(message, recipient, secret))
