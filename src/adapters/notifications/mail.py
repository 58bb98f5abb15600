"""Notifications as e-mails."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from core.domain.notifications.messages import Message
from ports.notifications import RecipientRefused


def build_mail(message: Message, sender: str, to: str) -> EmailMessage:
    """Build the e-mail.

    The domain checks addresses and the subject on input; the header policy rejects invalid values stored earlier.

    Raises:
        RecipientRefused: a header cannot be written.
    """
    try:
        return _build(message, sender, to)
    # All errors that the address parser is known to raise.
    except (ValueError, IndexError, MessageError) as error:
        raise RecipientRefused(
            "The e-mail cannot be sent because its address is not valid. Choose another address."
        ) from error


def _build(message: Message, sender: str, to: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Gleanin Sync", addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    # The same for every attempt, so that mailboxes show a repeated e-mail once.
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
    mail["X-Gleanin-Sync-Notice"] = message.id
    about = f"Organization: {message.organization.name}\nAt: {message.at:%Y-%m-%d %H:%M} UTC"
    # Names have accents, and not every server accepts 8-bit text.
    mail.set_content(f"{message.text}\n\n{message.url}\n\n{about}\n", cte="quoted-printable")
    return mail
