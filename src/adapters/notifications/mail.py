"""A notice as an e-mail."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from core.domain.notifications.messages import Message
from ports.notifications import RecipientRefused


def letter(message: Message, sender: str, to: str) -> EmailMessage:
    """Write the e-mail.

    The addresses are plain ones and the subject is one line, as the domain sees to when they come in; of what was
    stored before, the headers' policy refuses the rest.

    Raises:
        RecipientRefused: a header cannot be written.
    """
    try:
        return _written(message, sender, to)
    except (
        ValueError,
        IndexError,
        MessageError,
    ) as error:  # all that the parser of addresses is known to raise
        raise RecipientRefused(
            "The e-mail cannot be written: its address is none that a letter can go to. Choose another one."
        ) from error


def _written(message: Message, sender: str, to: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Gleanin Sync", addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    # The same at every attempt: mailboxes show what comes twice once.
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    mail["X-Gleanin-Sync-Notice"] = message.id
    about = f"Organization: {message.organization.name}\nAt: {message.at:%Y-%m-%d %H:%M} UTC"
    # Not every server takes eight bits, and names have accents.
    mail.set_content(f"{message.text}\n\n{message.url}\n\n{about}\n", cte="quoted-printable")
    return mail
