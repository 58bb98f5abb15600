"""Every implementation of the notifier port: in memory, to a real HTTP server, and to a real SMTP server."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.http_client.transport import HardenedTransport
from adapters.memory.clock import ManualClock
from adapters.memory.notifier import InMemoryNotifier
from adapters.notifications.mail_server import MailServer, Security
from adapters.notifications.smtp import SmtpNotifier
from adapters.notifications.webhook import WebhookNotifier
from core.domain.ids import MappingId, NotificationId
from core.domain.notifications.messages import Message, Named
from core.domain.notifications.notification import Channel, Recipient
from core.domain.runs.health_change import HealthChange
from core.domain.tenancy.secrets import SealedToken, Token
from ports.notifications import Notifier, RecipientRefused, RecipientUnavailable
from tests.contract.http_client.conftest import Server, serving
from tests.support.store_samples import NOW, ORGANIZATION

SECRET = Token("a-secret-of-the-webhook")
SENDER, TO = "sync@example.org", "ops@example.org"
MESSAGE = Message(
    NotificationId("notice1"),
    NOW,
    Named("org1", "Python Français"),
    HealthChange.FAILING,
    "The sync of PyConFR 2027 > PyConFR has started to fail.",
    "https://sync.example.org/runs/run1",
    MappingId("map1"),
    Named("s1", "PyConFR"),
    Named("g1", "PyConFR 2027"),
)
EMAIL = Recipient(ORGANIZATION, Channel.EMAIL, TO)


def webhook_at(url: str) -> Recipient:
    return Recipient(ORGANIZATION, Channel.WEBHOOK, url, SealedToken("sealed"))


@dataclass
class Target:
    """A recipient of notifications, and what arrived there."""

    notifier: Notifier
    recipient: Recipient
    trouble: Callable[[str], None]
    """Makes every attempt fail: "unavailable" or "refused"; "" ends it."""
    arrived: Callable[[], list[tuple[str, str]]]
    """Returns the id and text of each notification."""

    async def deliver(self, message: Message = MESSAGE) -> None:
        await self.notifier.deliver(message, self.recipient, SECRET)


@asynccontextmanager
async def hooked() -> AsyncIterator[Server]:
    """Serve a local webhook."""
    async with serving() as hook:
        hook.url += "/hook?key=s3cr3t"
        yield hook


@dataclass
class MailBox:
    """The handler of a local mail server."""

    port: int = 0
    certificate: Path = Path()
    answer: str = ""
    """The reply to the recipient's address, instead of accepting it."""
    seconds: float = 0
    mails: list[EmailMessage] = field(default_factory=list)
    went_to: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.seconds)
        envelope.rcpt_tos.append(address)
        return self.answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        assert isinstance(envelope.content, bytes)
        assert envelope.content.isascii()
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        self.went_to.append(envelope.rcpt_tos)
        return "250 OK"

    def notifier(
        self, security: Security = Security.STARTTLS, user: str = "", **times: float
    ) -> SmtpNotifier:
        server = MailServer(security, "localhost", self.port, user, "p4ssword" if user else "")
        return SmtpNotifier(server, SENDER, ssl.create_default_context(cafile=self.certificate), **times)


def certified(folder: Path) -> tuple[Path, Path]:
    """Create a certificate for this machine, and return the paths of it and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    alternatives = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem", folder / "key.pem"
    pem[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem


@asynccontextmanager
async def mailing(folder: Path, security: Security = Security.STARTTLS) -> AsyncIterator[MailBox]:
    certificate, key = certified(folder)
    box, tls = MailBox(certificate=certificate), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, method: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"me", b"p4ssword"), handled=False)

    make = partial(
        SMTP,
        box,
        hostname="localhost",
        tls_context=tls if security is Security.STARTTLS else None,
        require_starttls=security is Security.STARTTLS,
        authenticator=authenticate,
        auth_require_tls=security is Security.STARTTLS,
    )
    server = await asyncio.get_running_loop().create_server(
        make, "localhost", 0, ssl=tls if security is Security.TLS else None
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


@pytest.fixture
async def hook() -> AsyncIterator[Server]:
    async with hooked() as hook:
        yield hook


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[MailBox]:
    async with mailing(tmp_path) as box:
        yield box


def webhook(*, allow_private: bool = True, timeout: float = 10) -> WebhookNotifier:
    connections = partial(HardenedTransport, allow_private=allow_private)
    return WebhookNotifier(allow_private, connections, ManualClock(NOW), timeout)


def in_memory() -> Target:
    notifier = InMemoryNotifier()
    kinds = {"unavailable": RecipientUnavailable("down"), "refused": RecipientRefused("no"), "": None}

    def trouble(what: str) -> None:
        notifier.error = kinds[what]

    return Target(
        notifier,
        EMAIL,
        trouble,
        lambda: [(delivery.message.id, delivery.message.text) for delivery in notifier.arrived],
    )


def to_webhook(hook: Server) -> Target:
    def trouble(what: str) -> None:
        hook.status = {"unavailable": 500, "refused": 404, "": 200}[what]
        hook.bodies.clear()

    def arrived() -> list[tuple[str, str]]:
        documents = [json.loads(body) for body in hook.bodies]
        return [(document["id"], document["text"]) for document in documents]

    return Target(webhook(), webhook_at(hook.url), trouble, arrived)


def to_mailbox(box: MailBox) -> Target:
    def trouble(what: str) -> None:
        box.answer = {"unavailable": "451 Later", "refused": "550 Never heard of", "": ""}[what]

    def arrived() -> list[tuple[str, str]]:
        return [(mail["X-Gleanin-Sync-Notice"], mail.get_content().splitlines()[0]) for mail in box.mails]

    return Target(box.notifier(), EMAIL, trouble, arrived)


@pytest.fixture(params=["memory", "webhook", "smtp"])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Target]:
    match request.param:
        case "webhook":
            async with hooked() as hook:
                yield to_webhook(hook)
        case "smtp":
            async with mailing(tmp_path) as box:
                yield to_mailbox(box)
        case _:
            yield in_memory()
