"""Sends notifications by e-mail, with the standard library's SMTP client in separate threads."""

import asyncio
import smtplib
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.message import EmailMessage

from adapters.notifications.mail import build_mail
from adapters.notifications.mail_server import MailServer, Security
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Recipient, check_email
from core.domain.tenancy.secrets import Token
from ports.notifications import NotDelivered, RecipientRefused, RecipientUnavailable

THREADS = 8
"""The most e-mails in progress; a mail server that does not answer holds up only these threads."""
_PERMANENT = 500
"""Reply codes from here on mean that a retry does not help (RFC 5321)."""


class SmtpNotifier:
    def __init__(
        self,
        server: MailServer,
        sender: str,
        tls: ssl.SSLContext | None = None,
        reply_timeout: float = 10,
        total_timeout: float = 25,
    ) -> None:
        """Create a notifier for a mail server.

        Args:
            server: the mail server; it is the operator's choice, so it may be in a private network.
            sender: the address that e-mails are sent from.
            tls: the trusted certificates; by default those that the machine trusts.
            reply_timeout: seconds to wait for one reply.
            total_timeout: seconds for one attempt.
        """
        self._server = server
        self._sender = sender
        self._tls = tls
        self._reply_timeout = reply_timeout
        self._total_timeout = total_timeout
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    def normalize_address(self, channel: Channel, address: str) -> str:  # noqa: ARG002 - always e-mail
        return check_email(address)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:  # noqa: ARG002 - e-mails are not signed
        mail = build_mail(message, self._sender, recipient.address)
        session = _SmtpSession(self._server, self._tls, self._reply_timeout)
        loop = asyncio.get_running_loop()
        sending = loop.run_in_executor(self._threads, session.send, mail, self._sender, recipient.address)
        try:
            async with asyncio.timeout(self._total_timeout):
                await sending
        except TimeoutError as error:
            raise RecipientUnavailable(
                f"The mail server {self._server.host} did not answer in time."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise self._not_delivered(error) from error
        finally:
            session.abort()  # if the thread is still running, its connection is closed

    def _not_delivered(self, error: Exception) -> NotDelivered:
        """Translate an error, without quoting the server: its reply may have an e-mail address in it."""
        code, problem = _problem(error)
        kind = RecipientRefused if code >= _PERMANENT else RecipientUnavailable
        return kind(f"The mail server {self._server.host} {problem}.")


def _problem(error: Exception) -> tuple[int, str]:
    """Return the reply code, or an equivalent one, and the problem in words that follow the server's name."""
    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            problem = code, f"refused the user and password ({code}). Check GLEANIN_SYNC_SMTP_URL"
        case smtplib.SMTPNotSupportedError():
            problem = _PERMANENT, "does not support STARTTLS or signing in. Check GLEANIN_SYNC_SMTP_URL"
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code = next(iter(refused.values()))[0]
            problem = code, f"refused the recipient's address ({code})"
        case smtplib.SMTPSenderRefused(smtp_code=code):
            problem = code, f"refused the address in GLEANIN_SYNC_MAIL_FROM ({code})"
        case smtplib.SMTPResponseException(smtp_code=code):
            problem = code, f"refused the e-mail ({code})"
        case ssl.SSLCertVerificationError():
            problem = _PERMANENT, "does not have a trusted certificate"
        case smtplib.SMTPServerDisconnected():
            problem = 0, "closed the connection"
        case _:
            problem = 0, "cannot be reached"
    return problem


class _SmtpSession:
    """Sends one e-mail in a thread; another thread can abort it."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None, reply_timeout: float) -> None:
        self._server = server
        self._tls = tls
        self._reply_timeout = reply_timeout
        self._client: smtplib.SMTP | None = None
        self._is_aborted = threading.Event()

    def send(self, mail: EmailMessage, sender: str, to: str) -> None:
        if self._is_aborted.is_set():  # while waiting for a thread
            return
        server = self._server
        tls = self._tls or ssl.create_default_context()
        if server.security is Security.TLS:
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._reply_timeout, context=tls
            )
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=self._reply_timeout)
        self._client = client
        try:
            if self._is_aborted.is_set():  # while connecting, when there was no socket to shut down
                return
            if server.security is Security.STARTTLS:
                client.starttls(context=tls)
            if server.user:
                client.login(server.user, server.password)
            if self._is_aborted.is_set():  # during STARTTLS, which replaces the socket
                return
            client.send_message(mail, sender, [to])
            # The e-mail is accepted: an error while quitting does not matter.
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
        finally:
            client.close()

    def abort(self) -> None:
        self._is_aborted.set()
        connection = self._client.sock if self._client else None
        if connection is not None:
            with suppress(OSError):
                # Unlike closing, this wakes a waiting thread; the TLS socket's own method would continue in plain text.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
