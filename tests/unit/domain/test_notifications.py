"""Notifications about continuous sync: when they are sent, and their text (rule 24)."""

from dataclasses import replace
from datetime import timedelta
from email.headerregistry import Address

import pytest

from core.domain.errors import InvalidInput
from core.domain.ids import NotificationId, SourceEventId
from core.domain.notifications.messages import build_message, build_notification
from core.domain.notifications.notification import (
    EXPIRES_AFTER,
    FIRST_WAIT,
    MAX_WAIT,
    Channel,
    Delivery,
    Notification,
    Recipient,
    check_email,
)
from core.domain.records.outcomes import Counts
from core.domain.records.source_records import SourceEvent
from core.domain.runs.health_change import HealthChange, health_change_between
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.stop_reasons import (
    CRASHED_TWICE,
    StopCause,
    StopReason,
    event_gone,
    masked_emails,
    no_time_zone,
    refused,
    token_refused,
    unreachable,
    unreadable,
)
from core.domain.tenancy.secrets import SealedToken
from tests.support.assertions import present
from tests.support.store_samples import LEASE, MAPPING, NOW, ORGANIZATION, a_mapping, a_run, an_organization
from tests.support.systems import GLEANIN, SESSIONBOARD, SYSTEMS

WELL = Schedule(MAPPING, NOW)
FAILING, AGAIN = (replace(WELL, failures=number, failing_since=NOW) for number in (1, 2))
HALTED = replace(FAILING, halt=Halt("Gleanin", NOW))
DOWN = unreachable(GLEANIN, "Gleanin refused the connection.")


def noticed(
    change: HealthChange = HealthChange.FAILING, stop: StopReason = DOWN, **mapping: object
) -> Notification:
    of = replace(a_mapping(), **mapping)  # type: ignore[arg-type] # whatever a test wants to be different
    return build_notification(NotificationId("n1"), change, of, a_run().stopped(stop, NOW, Counts(), SYSTEMS))


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (WELL, WELL, None),
        (WELL, FAILING, HealthChange.FAILING),
        (FAILING, AGAIN, None),
        (AGAIN, WELL, HealthChange.RECOVERED),
        (WELL, HALTED, HealthChange.HALTED),
        (FAILING, HALTED, HealthChange.HALTED),
        (HALTED, HALTED, None),
        (HALTED, AGAIN, None),
        (HALTED, WELL, HealthChange.RECOVERED),
    ],
)
def test_rule_24_only_a_health_change_is_notified(
    before: Schedule, after: Schedule, change: HealthChange | None
) -> None:
    assert health_change_between(before, after) is change


def test_the_message_says_what_happened_and_whether_it_is_retried() -> None:
    assert noticed(continuous_sync=True).text == (
        "The sync of PyConFR 2027 > PyConFR has started to fail. Gleanin cannot be reached. "
        "It is retried automatically, at increasing intervals."
    )
    assert noticed().text.endswith("Resolve this, then sync again.")
    assert "until the token is replaced" in noticed(HealthChange.HALTED).text
    assert noticed(HealthChange.RECOVERED).text == "The sync of PyConFR 2027 > PyConFR works again."


@pytest.mark.parametrize(
    "stop",
    [
        token_refused(GLEANIN, "no such token: s3cr3t of jane@example.org"),
        unreachable(SESSIONBOARD, "s3cr3t jane@example.org"),
        unreadable(GLEANIN, "s3cr3t of jane@example.org"),
        event_gone(GLEANIN, "s3cr3t jane@example.org"),
        refused("s3cr3t: jane@example.org"),
        no_time_zone(SourceEvent(SourceEventId("s1"), "jane@example.org", "s3cr3t"), SESSIONBOARD),
        masked_emails("j***@example.org", SESSIONBOARD),
        StopReason("of_tomorrow", StopCause.EXTERNAL_SYSTEM, "Gleanin says s3cr3t of jane@example.org"),
    ],
    ids=lambda stop: stop.code,
)
def test_rule_02_a_notification_quotes_nothing_from_the_systems(stop: StopReason) -> None:
    text = noticed(stop=stop).text
    assert "s3cr3t" not in text
    assert "@" not in text


def test_the_message_names_the_system_and_the_advice() -> None:
    assert (
        "Create a token that may read personal data in Sessionboard"
        in noticed(stop=masked_emails("j***@x", SESSIONBOARD)).text
    )
    assert "Sessionboard refused the token." in noticed(stop=token_refused(SESSIONBOARD, "no")).text
    assert "Gleanin sent a response that cannot be read." in noticed(stop=unreadable(GLEANIN, "<html>")).text
    assert "The Gleanin event no longer exists" in noticed(stop=event_gone(GLEANIN, "PyConFR")).text
    assert CRASHED_TWICE.sentence in noticed(stop=CRASHED_TWICE).text
    assert "See the run's page for the reason." in noticed(stop=refused("No such token.")).text


def test_a_notification_links_to_the_run_of_the_change() -> None:
    run = a_run(2).start("a", NOW, LEASE).finished(Counts(), NOW, SYSTEMS)
    assert build_notification(NotificationId("n1"), HealthChange.RECOVERED, a_mapping(), run).run_id == run.id


def test_any_name_makes_one_short_line() -> None:
    odd = "Conf\r\nBcc: eve@example.org\x1b[31m" + "x" * 10_000
    notice = noticed(destination_event_name=odd, source_event_name=odd)
    mapping = replace(a_mapping(), destination_event_name=odd, source_event_name=odd)
    message = build_message(notice, an_organization("y" * 100), mapping, "https://sync.example.org/runs/run1")
    for text in (
        notice.text,
        message.subject,
        present(message.destination_event).name,
        message.organization.name,
    ):
        assert len(text) < 1_000
        assert text.isprintable()


def test_rule_24_delivery_is_retried_with_growing_delays_for_a_day() -> None:
    notice, now, waits = noticed(), NOW, list[timedelta]()
    while not notice.is_expired(now):
        notice = notice.attempted(now)
        assert notice.next_attempt_at is not None
        waits.append(notice.next_attempt_at - now)
        now = notice.next_attempt_at
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits == sorted(waits)
    assert waits[-1] == MAX_WAIT
    assert EXPIRES_AFTER <= now - NOW <= EXPIRES_AFTER + MAX_WAIT
    assert (notice.expire().state, notice.expire().next_attempt_at) == (Delivery.EXPIRED, None)
    assert (notice.delivered().state, notice.delivered().next_attempt_at) == (Delivery.DELIVERED, None)


def test_a_notification_never_attempted_is_attempted_however_late() -> None:
    assert not noticed().is_expired(NOW + 2 * EXPIRES_AFTER)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.org\nBcc: eve@example.org",
        "a@b.org\r\nc@d.org",
        "a@b.org, c@d.org",
        "a,b@c.org",
        "<a@b.org>",
        "jürgen@example.org",
        "a" * 250 + "@b.org",
    ],
)
def test_an_ambiguous_e_mail_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        check_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "a..b@x.org",
        ".a@x.org",
        "a.@x.org",
        "a@-x.org",
        "a@x-.org",
        "a@x..org",
        "a@x.org.",
        "a" * 65 + "@x.org",
    ],
)
def test_an_undeliverable_e_mail_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="Notifications cannot be sent to"):
        check_email(address)


@pytest.mark.parametrize(
    "address", ["ops@example.org", "a.b+c.d@x-y.example.org", "o'neil@example.org", "root@localhost", "a@b.c"]
)
def test_a_deliverable_e_mail_is_accepted(address: str) -> None:
    assert check_email(f" {address} ") == Address(addr_spec=address).addr_spec == address


def test_a_recipient_stored_before_the_rule_was_stricter_is_kept() -> None:
    assert Recipient(ORGANIZATION, Channel.EMAIL, "a..b@example.org").label == "e-mail to a..b@example.org"


def test_the_audit_log_contains_only_the_host_of_a_webhook() -> None:
    url = "https://hooks.example.org/s3cr3t?sig=s3cr3t"
    assert Recipient(ORGANIZATION, Channel.WEBHOOK, url, SealedToken("x")).label == (
        "the webhook at hooks.example.org"
    )
    assert Recipient(ORGANIZATION, Channel.EMAIL, "ops@example.org").label == "e-mail to ops@example.org"


def test_a_webhook_has_a_secret_and_an_e_mail_has_none() -> None:
    with pytest.raises(ValueError, match="must have a secret"):
        Recipient(ORGANIZATION, Channel.WEBHOOK, "https://hooks.example.org")
    with pytest.raises(ValueError, match="must have a secret"):
        Recipient(ORGANIZATION, Channel.EMAIL, "ops@example.org", SealedToken("x"))
