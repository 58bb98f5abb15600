"""Notices by e-mail: the standard library's SMTP, in threads of its own."""

import asyncio
import smtplib
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.message import EmailMessage

from adapters.notifications.mail import letter
from core.domain.mail_server import MailServer, Security
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Recipient, check_email
from core.domain.tenancy.secrets import Token
from ports.notifications import NotDelivered, RecipientRefused, RecipientUnavailable

THREADS = 8
"""Letters on their way at once: a mail server that does not answer holds up these, and nothing else."""
_PERMANENT = 500
"""From this code on, the server says that asking again helps nothing (RFC 5321)."""


class SmtpNotifier:
    def __init__(
        self,
        server: MailServer,
        sender: str,
        tls: ssl.SSLContext | None = None,
        silence: float = 10,
        longest: float = 25,
    ) -> None:
        """Send by a server.

        Args:
            server: which one; it is the operator's choice, so it may be in a private network.
            sender: whose name the letters bear.
            tls: which certificates are trusted; by default those that the machine trusts.
            silence: seconds to wait for one answer.
            longest: seconds of one attempt.
        """
        self._server = server
        self._sender = sender
        self._tls = tls
        self._silence = silence
        self._longest = longest
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    def normalize_address(self, channel: Channel, address: str) -> str:  # noqa: ARG002 - there is one here
        return check_email(address)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:  # noqa: ARG002 - letters are not signed
        mail = letter(message, self._sender, recipient.address)
        conversation = _Conversation(self._server, self._tls, self._silence)
        loop = asyncio.get_running_loop()
        sending = loop.run_in_executor(
            self._threads, conversation.send, mail, self._sender, recipient.address
        )
        try:
            async with asyncio.timeout(self._longest):
                await sending
        except TimeoutError as error:
            raise RecipientUnavailable(
                f"The mail server {self._server.host} did not answer in time."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._told(error) from error
        finally:
            conversation.hang_up()  # a thread that still talks finds its line cut

    def _told(self, error: Exception) -> NotDelivered:
        """Say what went wrong, without the server's own words: they may have the address in them."""
        code, said = _problem(error)
        kind = RecipientRefused if code >= _PERMANENT else RecipientUnavailable
        return kind(f"The mail server {self._server.host} {said}.")


def _problem(error: Exception) -> tuple[int, str]:
    """Give the server's code, or the one that it would have given, and what went wrong after its name."""
    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            problem = code, f"refuses its user and password ({code}). Check GLEANIN_SYNC_SMTP_URL"
        case smtplib.SMTPNotSupportedError():
            problem = _PERMANENT, "offers no STARTTLS, or no way to sign in, as GLEANIN_SYNC_SMTP_URL asks"
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code = next(iter(refused.values()))[0]
            problem = code, f"does not take the recipient's address ({code})"
        case smtplib.SMTPSenderRefused(smtp_code=code):
            problem = code, f"does not take the address in GLEANIN_SYNC_MAIL_FROM ({code})"
        case smtplib.SMTPResponseException(smtp_code=code):
            problem = code, f"does not take the e-mail ({code})"
        case ssl.SSLCertVerificationError():
            problem = _PERMANENT, "has no certificate that can be trusted"
        case smtplib.SMTPServerDisconnected():
            problem = 0, "broke the connection"
        case _:
            problem = 0, "cannot be reached"
    return problem


class _Conversation:
    """One letter handed over in a thread; others can hang up meanwhile."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None, silence: float) -> None:
        self._server = server
        self._tls = tls
        self._silence = silence
        self._line: smtplib.SMTP | None = None
        self._over = threading.Event()

    def send(self, mail: EmailMessage, sender: str, to: str) -> None:
        if self._over.is_set():  # it waited for a thread for too long
            return
        server = self._server
        tls = self._tls or ssl.create_default_context()
        if server.security is Security.TLS:
            line: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._silence, context=tls
            )
        else:
            line = smtplib.SMTP(server.host, server.port, timeout=self._silence)
        self._line = line
        try:
            if self._over.is_set():  # there was no line yet that could be cut
                return
            if server.security is Security.STARTTLS:
                line.starttls(context=tls)
            if server.user:
                line.login(server.user, server.password)
            if self._over.is_set():  # the line was another one when it was cut: before TLS
                return
            line.send_message(mail, sender, [to])
            # It has the letter by now: how it says goodbye changes nothing.
            with suppress(smtplib.SMTPException, OSError):
                line.quit()
        finally:
            line.close()

    def hang_up(self) -> None:
        self._over.set()
        line = self._line.sock if self._line else None
        if line is not None:
            with suppress(OSError):
                # Unlike closing, it wakes a thread that waits; TLS's own would first go on in plain text.
                socket.socket.shutdown(line, socket.SHUT_RDWR)
