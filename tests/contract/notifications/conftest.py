"""Every implementation of the messenger port: in memory, to a real HTTP server, to a real SMTP server."""

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
from adapters.notifications.smtp import SmtpNotifier
from adapters.notifications.webhook import WebhookNotifier
from core.domain.ids import MappingId, NotificationId
from core.domain.mail_server import MailServer, Security
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
class SyncedRecordRef:
    """Somewhere that notices go, and what arrived there."""

    messenger: Notifier
    recipient: Recipient
    trouble: Callable[[str], None]
    """Lets every attempt meet it: "unavailable" or "refused"; "" ends it."""
    arrived: Callable[[], list[tuple[str, str]]]
    """Gives id and text of each."""

    async def deliver(self, message: Message = MESSAGE) -> None:
        await self.messenger.deliver(message, self.recipient, SECRET)


@asynccontextmanager
async def hooked() -> AsyncIterator[Server]:
    """Serve a webhook on this machine."""
    async with serving() as hook:
        hook.url += "/hook?key=s3cr3t"
        yield hook


@dataclass
class MailBox:
    """The mind of a mail server on this machine."""

    port: int = 0
    certificate: Path = Path()
    answer: str = ""
    """To the recipient's address, instead of taking it."""
    seconds: float = 0
    letters: list[EmailMessage] = field(default_factory=list)
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
        self.letters.append(BytesParser(policy=default).parsebytes(envelope.content))
        self.went_to.append(envelope.rcpt_tos)
        return "250 OK"

    def messenger(
        self, security: Security = Security.STARTTLS, user: str = "", **times: float
    ) -> SmtpNotifier:
        server = MailServer(security, "localhost", self.port, user, "p4ssword" if user else "")
        return SmtpNotifier(server, SENDER, ssl.create_default_context(cafile=self.certificate), **times)


def certified(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this machine, and give it with its key."""
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


def webhook(*, allow_private: bool = True, longest: float = 10) -> WebhookNotifier:
    connections = partial(HardenedTransport, allow_private=allow_private)
    return WebhookNotifier(allow_private, connections, ManualClock(NOW), longest)


def in_memory() -> SyncedRecordRef:
    messenger = InMemoryNotifier()
    kinds = {"unavailable": RecipientUnavailable("down"), "refused": RecipientRefused("no"), "": None}

    def trouble(what: str) -> None:
        messenger.error = kinds[what]

    return SyncedRecordRef(
        messenger,
        EMAIL,
        trouble,
        lambda: [(each.message.id, each.message.text) for each in messenger.arrived],
    )


def to_webhook(hook: Server) -> SyncedRecordRef:
    def trouble(what: str) -> None:
        hook.status = {"unavailable": 500, "refused": 404, "": 200}[what]
        hook.bodies.clear()

    def arrived() -> list[tuple[str, str]]:
        told = [json.loads(body) for body in hook.bodies]
        return [(each["id"], each["text"]) for each in told]

    return SyncedRecordRef(webhook(), webhook_at(hook.url), trouble, arrived)


def to_mailbox(box: MailBox) -> SyncedRecordRef:
    def trouble(what: str) -> None:
        box.answer = {"unavailable": "451 Later", "refused": "550 Never heard of", "": ""}[what]

    def arrived() -> list[tuple[str, str]]:
        return [(each["X-Gleanin-Sync-Notice"], each.get_content().splitlines()[0]) for each in box.letters]

    return SyncedRecordRef(box.messenger(), EMAIL, trouble, arrived)


@pytest.fixture(params=["memory", "webhook", "smtp"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SyncedRecordRef]:
    match request.param:
        case "webhook":
            async with hooked() as hook:
                yield to_webhook(hook)
        case "smtp":
            async with mailing(tmp_path) as box:
                yield to_mailbox(box)
        case _:
            yield in_memory()
