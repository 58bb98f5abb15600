"""Delivers each notification through its channel."""

from dataclasses import dataclass

from adapters.notifications.smtp import SmtpNotifier
from adapters.notifications.webhook import WebhookNotifier
from core.domain.errors import InvalidInput
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Recipient
from core.domain.tenancy.secrets import Token
from ports.notifications import RecipientRefused

NO_MAIL_SERVER = (
    "No mail server is configured, so notifications cannot be sent by e-mail. Set GLEANIN_SYNC_SMTP_URL, such as "
    "smtp://user:password@host:587, and GLEANIN_SYNC_MAIL_FROM, or choose a webhook."
)


@dataclass(frozen=True, slots=True)
class Channels:
    webhook: WebhookNotifier
    mail: SmtpNotifier | None
    """None if no mail server is configured."""

    def normalize_address(self, channel: Channel, address: str) -> str:
        if channel is Channel.WEBHOOK:
            return self.webhook.normalize_address(channel, address)
        if self.mail is None:
            raise InvalidInput(NO_MAIL_SERVER, about="channel")
        return self.mail.normalize_address(channel, address)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        if recipient.channel is Channel.WEBHOOK:
            await self.webhook.deliver(message, recipient, secret)
        elif self.mail is not None:
            await self.mail.deliver(message, recipient, secret)
        else:  # the mail server was removed after the recipient was chosen
            raise RecipientRefused(NO_MAIL_SERVER)
