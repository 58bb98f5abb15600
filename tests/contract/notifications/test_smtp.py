"""Notifications by e-mail, over real SMTP."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.notifications.channels import Channels
from adapters.notifications.mail import build_mail
from adapters.notifications.mail_server import MailServer, Security
from adapters.notifications.smtp import SmtpNotifier
from core.domain.errors import InvalidInput
from core.domain.notifications.messages import Named
from core.domain.notifications.notification import Channel
from ports.notifications import RecipientRefused, RecipientUnavailable
from tests.contract.notifications.conftest import EMAIL, MESSAGE, SENDER, TO, MailBox, mailing, webhook
from tests.support.timeouts import WITHIN, happens


async def test_mail_has_the_message_and_a_link(mailbox: MailBox) -> None:
    await mailbox.notifier().deliver(MESSAGE, EMAIL, None)
    (mail,) = mailbox.mails
    assert mailbox.went_to == [[TO]]
    assert mail["Subject"] == "The sync of PyConFR 2027 has started to fail"
    assert (mail["To"], mail["From"]) == (TO, f"Gleanin Sync <{SENDER}>")
    assert mail["Message-ID"] == "<notice1@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    lines = mail.get_content().splitlines()
    assert lines == [
        MESSAGE.text,
        "",
        MESSAGE.url,
        "",
        "Organization: Python Français",
        "At: 2027-05-01 09:30 UTC",
    ]


@pytest.mark.parametrize("security", list(Security))
async def test_each_kind_of_connection_is_supported(tmp_path: Path, security: Security) -> None:
    async with mailing(tmp_path, security) as box:
        await box.notifier(security).deliver(MESSAGE, EMAIL, None)
        assert len(box.mails) == 1


async def test_wrong_credentials_are_refused(mailbox: MailBox) -> None:
    await mailbox.notifier(user="me").deliver(MESSAGE, EMAIL, None)
    assert len(mailbox.mails) == 1
    with pytest.raises(RecipientRefused, match="refused the user and password") as refused:
        await mailbox.notifier(user="other").deliver(MESSAGE, EMAIL, None)
    assert "p4ssword" not in str(refused.value)


async def test_nothing_is_sent_without_tls(tmp_path: Path) -> None:
    async with mailing(tmp_path, Security.NONE) as box:
        with pytest.raises(RecipientRefused, match="does not support STARTTLS"):
            await box.notifier().deliver(MESSAGE, EMAIL, None)
        assert box.mails == []


async def test_untrusted_certificate_is_refused(mailbox: MailBox) -> None:
    untrusting = SmtpNotifier(MailServer(Security.STARTTLS, "localhost", mailbox.port), SENDER)
    with pytest.raises(RecipientRefused, match="does not have a trusted certificate"):
        await untrusting.deliver(MESSAGE, EMAIL, None)
    assert mailbox.mails == []


async def test_unresponsive_server_times_out(mailbox: MailBox) -> None:
    mailbox.seconds = 3600
    async with asyncio.timeout(WITHIN):
        for impatient in (mailbox.notifier(reply_timeout=0.2), mailbox.notifier(total_timeout=0.3)):
            with pytest.raises(RecipientUnavailable):
                await impatient.deliver(MESSAGE, EMAIL, None)
    assert mailbox.mails == []


async def test_mail_reported_as_not_delivered_is_not_sent_later() -> None:
    received, may_greet, ended = list[bytes](), asyncio.Event(), asyncio.Event()

    async def greet_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_greet.wait()
        writer.write(b"220 at last\r\n")
        while line := await reader.readline():
            received.append(line[:4].upper())
            writer.write(b"354 Go on\r\n" if line.upper().startswith(b"DATA") else b"250 OK\r\n")
        writer.close()
        ended.set()

    async with await asyncio.start_server(greet_late, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        impatient = SmtpNotifier(MailServer(Security.NONE, "127.0.0.1", port), SENDER, total_timeout=0.2)
        with pytest.raises(RecipientUnavailable, match="did not answer in time"):
            await impatient.deliver(MESSAGE, EMAIL, None)
        may_greet.set()
        await happens(ended)
    assert received == []


async def test_missing_server_is_unavailable() -> None:
    notifier = SmtpNotifier(MailServer(Security.NONE, "127.0.0.1", 1), SENDER)
    with pytest.raises(RecipientUnavailable, match="cannot be reached"):
        await notifier.deliver(MESSAGE, EMAIL, None)


@pytest.mark.parametrize("odd", ["x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org"])
def test_headers_cannot_be_injected(odd: str) -> None:
    with pytest.raises(RecipientRefused, match="cannot be sent"):
        build_mail(replace(MESSAGE, destination_event=Named("g1", odd)), SENDER, TO)
    with pytest.raises(RecipientRefused, match="cannot be sent"):
        build_mail(MESSAGE, SENDER, f"{TO}\r\n{odd}")


@pytest.mark.parametrize(
    "address", ["a..b@x.org", ".a@x.org", "a.@x.org", "", "a@", "@x.org", "jürgen@x.org", "a b@x"]
)
async def test_invalid_address_is_refused(mailbox: MailBox, address: str) -> None:
    with pytest.raises(RecipientRefused, match="cannot be sent") as refused:
        await mailbox.notifier().deliver(MESSAGE, replace(EMAIL, address=address), None)
    assert not address or address not in str(refused.value)
    assert mailbox.mails == []


async def test_missing_mail_server_names_the_settings() -> None:
    channels = Channels(webhook(), None)
    with pytest.raises(InvalidInput, match="Set GLEANIN_SYNC_SMTP_URL"):
        channels.normalize_address(Channel.EMAIL, TO)
    with pytest.raises(RecipientRefused, match="Set GLEANIN_SYNC_SMTP_URL"):
        await channels.deliver(MESSAGE, EMAIL, None)


async def test_each_channel_uses_its_notifier(mailbox: MailBox) -> None:
    channels = Channels(webhook(allow_private=False), mailbox.notifier())
    assert channels.normalize_address(Channel.EMAIL, TO) == TO
    assert channels.normalize_address(Channel.WEBHOOK, "https://x.org/y") == "https://x.org/y"
    await channels.deliver(MESSAGE, EMAIL, None)
    assert len(mailbox.mails) == 1
