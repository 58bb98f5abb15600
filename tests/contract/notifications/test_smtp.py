"""Notices by e-mail, over real SMTP."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.notifications.channels import Channels
from adapters.notifications.mail import letter
from adapters.notifications.smtp import SmtpNotifier
from core.domain.errors import InvalidInput
from core.domain.mail_server import MailServer, Security
from core.domain.notifications.messages import Named
from core.domain.notifications.notification import Channel
from ports.notifications import RecipientRefused, RecipientUnavailable
from tests.contract.notifications.conftest import EMAIL, MESSAGE, SENDER, TO, MailBox, mailing, webhook
from tests.support.timeouts import WITHIN, happens


async def test_a_letter_says_what_happened_and_where_to_read_more(mailbox: MailBox) -> None:
    await mailbox.messenger().deliver(MESSAGE, EMAIL, None)
    (mail,) = mailbox.letters
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
async def test_each_way_to_a_mail_server_is_taken(tmp_path: Path, security: Security) -> None:
    async with mailing(tmp_path, security) as box:
        await box.messenger(security).deliver(MESSAGE, EMAIL, None)
        assert len(box.letters) == 1


async def test_a_user_signs_in_and_a_wrong_one_is_told_so(mailbox: MailBox) -> None:
    await mailbox.messenger(user="me").deliver(MESSAGE, EMAIL, None)
    assert len(mailbox.letters) == 1
    with pytest.raises(RecipientRefused, match="refuses its user and password") as refused:
        await mailbox.messenger(user="somebody").deliver(MESSAGE, EMAIL, None)
    assert "p4ssword" not in str(refused.value)


async def test_a_server_without_tls_is_sent_nothing(tmp_path: Path) -> None:
    async with mailing(tmp_path, Security.NONE) as box:
        with pytest.raises(RecipientRefused, match="offers no STARTTLS"):
            await box.messenger().deliver(MESSAGE, EMAIL, None)
        assert box.letters == []


async def test_a_certificate_that_nobody_trusts_is_refused(mailbox: MailBox) -> None:
    untrusting = SmtpNotifier(MailServer(Security.STARTTLS, "localhost", mailbox.port), SENDER)
    with pytest.raises(RecipientRefused, match="does not have a trusted certificate"):
        await untrusting.deliver(MESSAGE, EMAIL, None)
    assert mailbox.letters == []


async def test_a_server_that_does_not_answer_is_not_waited_for(mailbox: MailBox) -> None:
    mailbox.seconds = 3600
    async with asyncio.timeout(WITHIN):
        for impatient in (mailbox.messenger(silence=0.2), mailbox.messenger(longest=0.3)):
            with pytest.raises(RecipientUnavailable):
                await impatient.deliver(MESSAGE, EMAIL, None)
    assert mailbox.letters == []


async def test_what_was_told_as_not_delivered_is_not_sent_once_the_server_greets_at_last() -> None:
    heard, told, ended = list[bytes](), asyncio.Event(), asyncio.Event()

    async def greet_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await told.wait()
        writer.write(b"220 at last\r\n")
        while line := await reader.readline():
            heard.append(line[:4].upper())
            writer.write(b"354 Go on\r\n" if line.upper().startswith(b"DATA") else b"250 OK\r\n")
        writer.close()
        ended.set()

    async with await asyncio.start_server(greet_late, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        impatient = SmtpNotifier(MailServer(Security.NONE, "127.0.0.1", port), SENDER, longest=0.2)
        with pytest.raises(RecipientUnavailable, match="did not answer in time"):
            await impatient.deliver(MESSAGE, EMAIL, None)
        told.set()
        await happens(ended)
    assert heard == []


async def test_no_server_at_all_is_unavailable() -> None:
    nobody = SmtpNotifier(MailServer(Security.NONE, "127.0.0.1", 1), SENDER)
    with pytest.raises(RecipientUnavailable, match="cannot be reached"):
        await nobody.deliver(MESSAGE, EMAIL, None)


@pytest.mark.parametrize("odd", ["x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org"])
def test_no_header_can_be_smuggled_in(odd: str) -> None:
    with pytest.raises(RecipientRefused, match="cannot be written"):
        letter(replace(MESSAGE, gleanin=Named("g1", odd)), SENDER, TO)
    with pytest.raises(RecipientRefused, match="cannot be written"):
        letter(MESSAGE, SENDER, f"{TO}\r\n{odd}")


@pytest.mark.parametrize(
    "address", ["a..b@x.org", ".a@x.org", "a.@x.org", "", "a@", "@x.org", "jürgen@x.org", "a b@x"]
)
async def test_an_address_that_no_letter_can_be_written_to_is_refused(mailbox: MailBox, address: str) -> None:
    with pytest.raises(RecipientRefused, match="cannot be written") as refused:
        await mailbox.messenger().deliver(MESSAGE, replace(EMAIL, address=address), None)
    assert not address or address not in str(refused.value)
    assert mailbox.letters == []


async def test_without_a_mail_server_an_e_mail_is_refused_with_what_to_set() -> None:
    channels = Channels(webhook(), None)
    with pytest.raises(InvalidInput, match="Set GLEANIN_SYNC_SMTP_URL"):
        channels.normalize_address(Channel.EMAIL, TO)
    with pytest.raises(RecipientRefused, match="Set GLEANIN_SYNC_SMTP_URL"):
        await channels.deliver(MESSAGE, EMAIL, None)


async def test_each_channel_goes_its_own_way(mailbox: MailBox) -> None:
    channels = Channels(webhook(allow_private=False), mailbox.messenger())
    assert channels.normalize_address(Channel.EMAIL, TO) == TO
    assert channels.normalize_address(Channel.WEBHOOK, "https://x.org/y") == "https://x.org/y"
    await channels.deliver(MESSAGE, EMAIL, None)
    assert len(mailbox.letters) == 1
