"""The recipient of notifications, chosen and tested on the command line."""

import asyncio

import pytest

from core.usecases.notifications.deliver_notifications import DeliverNotifications
from entrypoints.database import opened
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from entrypoints.settings import Settings
from tests.e2e.cli.conftest import CommandLine
from tests.support.webhook_receiver import Hook, hook

__all__ = ["hook"]
SMTP = "smtp://user:s3cr3t@mail.example.org:587"


def test_at_first_notices_go_nowhere(cli: CommandLine, organization: str) -> None:
    assert "Notifications are off" in cli("notices", organization).out
    document = cli.json("notices", organization).document
    assert document == {"channel": None, "address": None, "latest": []}
    tried = cli.json("notices", organization, "--try")
    assert (tried.exit_code, tried.error["code"]) == (3, "not_found")


def test_the_secret_of_a_webhook_is_shown_once(cli: CommandLine, organization: str, hook: Hook) -> None:
    chosen = cli.json("notices", organization, "--webhook", hook.url)
    secret = chosen.document["secret"]
    assert len(secret) > 20
    for again in (cli("notices", organization), cli.json("notices", organization)):
        assert secret not in again.out
        assert hook.url in again.out
    shown = cli("notices", organization, "--webhook", hook.url).out
    assert "shown only once" in shown
    assert secret not in shown, "choosing it again makes another one"


def test_a_trial_says_what_came_of_it(cli: CommandLine, organization: str, hook: Hook) -> None:
    cli("notices", organization, "--webhook", hook.url)
    tried = cli("notices", organization, "--try")
    assert tried.exit_code == 0
    assert "Sent a test notification to this webhook" in tried.out
    assert hook.taken[0]["change"] == "trial"
    cli("notices", organization, "--webhook", "http://127.0.0.1:1/s3cr3t")
    dead = cli.json("notices", organization, "--try")
    assert (dead.exit_code, dead.error["code"]) == (5, "recipient_unavailable")
    assert "s3cr3t" not in dead.out


def test_what_is_off_tells_nobody(cli: CommandLine, organization: str, hook: Hook) -> None:
    cli("notices", organization, "--webhook", hook.url)
    assert cli.json("notices", organization, "--off").document["channel"] is None
    assert cli.json("notices", organization, "--off").exit_code == 0


def test_a_failing_sync_leaves_a_notice(
    cli: CommandLine, connected: str, mapping: str, hook: Hook, state: SandboxState
) -> None:
    cli("notices", connected, "--webhook", hook.url)
    state.inject_faults(Fault(sides=("gleanin",), revoked_after=0))
    for _ in range(2):
        assert cli("sync", mapping).exit_code == 5
    (notice,) = cli.json("notices", connected).document["latest"]
    assert (notice["change"], notice["state"], notice["problem"]) == ("halted", "waiting", None)
    assert "until the token is replaced" in cli("notices", connected).out


async def deliver() -> None:
    async with opened(Settings()) as container:
        await container.resolve(DeliverNotifications)()


def test_a_notice_that_does_not_arrive_is_shown_with_why(
    cli: CommandLine, connected: str, mapping: str, state: SandboxState
) -> None:
    cli("notices", connected, "--webhook", "http://127.0.0.1:1/s3cr3t")
    state.inject_faults(Fault(sides=("gleanin",), revoked_after=0))
    cli("sync", mapping)
    asyncio.run(deliver())
    (notice,) = cli.json("notices", connected).document["latest"]
    assert (notice["state"], notice["problem"]) == ("waiting", "The webhook refused the connection.")
    assert "Not delivered: The webhook refused the connection." in cli("notices", connected).out


def test_an_e_mail_needs_a_mail_server(
    cli: CommandLine, organization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = cli.json("notices", organization, "--email", "ops@example.org")
    assert refused.exit_code == 3
    assert "GLEANIN_SYNC_SMTP_URL" in refused.error["message"]
    monkeypatch.setenv("GLEANIN_SYNC_SMTP_URL", SMTP)
    unsent = cli.json("notices", organization, "--email", "ops@example.org")
    assert unsent.exit_code == 2
    assert "GLEANIN_SYNC_MAIL_FROM" in unsent.error["message"]
    assert "s3cr3t" not in unsent.out
    monkeypatch.setenv("GLEANIN_SYNC_MAIL_FROM", "sync@example.org")
    chosen = cli.json("notices", organization, "--email", "ops@example.org")
    assert (chosen.exit_code, chosen.document["channel"]) == (0, "email")
    assert "secret" not in chosen.document
    injected = cli.json("notices", organization, "--email", "ops@example.org\nBcc: eve@example.org")
    assert (injected.exit_code, injected.error["code"]) == (3, "bad_input")
    for doctor in (cli("doctor"), cli.json("doctor")):
        assert "mail.example.org" in doctor.out
        assert "s3cr3t" not in doctor.out + doctor.err


@pytest.mark.parametrize("url", ["mail.example.org", "smtp+plain://user:s3cr3t@localhost", "smtp://{s3cr3t}"])
def test_a_mail_server_that_is_none_is_told_without_repeating_it(
    cli: CommandLine, organization: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_MAIL_FROM", "sync@example.org")
    monkeypatch.setenv("GLEANIN_SYNC_SMTP_URL", url)
    wrong = cli.json("notices", organization)
    assert (wrong.exit_code, wrong.error["code"]) == (2, "settings")
    assert "GLEANIN_SYNC_SMTP_URL is wrong" in wrong.error["message"]
    assert "s3cr3t" not in wrong.out


def test_an_address_that_no_letter_can_come_from_is_told_at_the_start(
    cli: CommandLine, organization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_MAIL_FROM", "a..b@example.org")
    wrong = cli.json("notices", organization)
    assert (wrong.exit_code, wrong.error["code"]) == (2, "settings")
    assert "GLEANIN_SYNC_MAIL_FROM is wrong" in wrong.error["message"]


def test_only_one_thing_is_done_at_a_time(cli: CommandLine, organization: str) -> None:
    both = cli("notices", organization, "--off", "--try")
    assert both.exit_code == 2
    assert "Use only one of these" in both.err
