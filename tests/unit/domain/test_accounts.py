"""Accounts, the lifetime of a login session, and the delay after failed attempts."""

from datetime import timedelta

import pytest

from core.domain.access.accounts import (
    FORGOTTEN_AFTER,
    MAX_WAIT,
    Account,
    Attempts,
    LoginSession,
    check_password,
)
from core.domain.access.authorization import Grant, Role
from core.domain.errors import InvalidInput, TooManyAttempts
from core.domain.ids import AccountId, OrganizationId
from tests.support.builders import NOW

OURS = OrganizationId("ours")
SECOND = timedelta(seconds=1)


def account(email: str = "ada@example.org", *grants: Grant) -> Account:
    return Account(AccountId("a1"), email, "a hash", NOW, frozenset(grants))


def failed(times: int) -> Attempts:
    attempts = Attempts()
    for _ in range(times):
        attempts = attempts.failed(NOW)
    return attempts


def wait_after(times: int) -> timedelta:
    with pytest.raises(TooManyAttempts) as refused:
        failed(times).check(NOW)
    return refused.value.wait


@pytest.mark.parametrize(
    "email",
    ["", "ada", "@example.org", "a da@example.org", "a\0@example.org", "a\ud800@b.org", "a" * 250 + "@b.de"],
)
def test_an_account_has_an_e_mail_address(email: str) -> None:
    with pytest.raises(InvalidInput, match="is not a valid e-mail address"):
        account(email)


def test_the_error_quotes_the_start_of_a_refused_e_mail_in_one_line() -> None:
    with pytest.raises(InvalidInput) as refused:
        account("line\nbreak" * 1_000)
    assert len(str(refused.value)) < 150
    assert "\n" not in str(refused.value)


def test_an_e_mail_in_any_script_is_accepted() -> None:
    assert account("ädä@bücher.example").actor.name == "ädä@bücher.example"


def test_a_new_role_replaces_the_previous_one_of_the_organization() -> None:
    had = account("ada@example.org", Grant(Role.VIEWER, OURS), Grant(Role.SUPPORT))
    assert had.granted(Grant(Role.ADMIN, OURS)).grants == {Grant(Role.ADMIN, OURS), Grant(Role.SUPPORT)}
    assert had.granted(Grant(Role.ADMIN)).grants == {Grant(Role.VIEWER, OURS), Grant(Role.ADMIN)}
    assert had.without(Grant(Role.SUPPORT)).grants == {Grant(Role.VIEWER, OURS)}


@pytest.mark.parametrize("length", [12, 1000])
def test_a_password_at_its_length_limits_is_accepted(length: int) -> None:
    check_password("x" * length)


@pytest.mark.parametrize("length", [0, 11, 1001])
def test_a_password_outside_its_length_limits_is_refused_without_being_quoted(length: int) -> None:
    with pytest.raises(InvalidInput, match="Use 12 to 1,000 characters") as refused:
        check_password("é" * length)
    assert "éé" not in str(refused.value)


def test_a_login_session_expires_after_twelve_hours() -> None:
    session = LoginSession("digest", AccountId("a1"), NOW)
    assert not session.is_over(NOW + timedelta(hours=12) - SECOND)
    assert session.is_over(NOW + timedelta(hours=12))


def test_the_first_five_failures_cause_no_delay() -> None:
    for times in range(5):
        failed(times).check(NOW)


def test_the_delay_doubles_with_each_further_failure_up_to_fifteen_minutes() -> None:
    waits = [wait_after(times).total_seconds() for times in (5, 6, 7, 8, 9, 10, 11, 12)]
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    assert wait_after(10_000) == MAX_WAIT


def test_the_delay_starts_at_the_last_failure_and_ends() -> None:
    attempts = failed(6)
    with pytest.raises(TooManyAttempts, match="in 1 seconds"):
        attempts.check(NOW + 30 * SECOND - SECOND / 100)
    attempts.check(NOW + 30 * SECOND)


@pytest.mark.parametrize(
    ("times", "delay"), [(5, "in 15 seconds"), (8, "in 2 minutes"), (12, "in 15 minutes")]
)
def test_a_refusal_says_how_long_to_wait(times: int, delay: str) -> None:
    with pytest.raises(TooManyAttempts, match=delay):
        failed(times).check(NOW)


def test_failures_are_forgotten_after_an_hour_without_any() -> None:
    assert failed(7).failed(NOW + FORGOTTEN_AFTER).failures == 1
    assert failed(7).failed(NOW + FORGOTTEN_AFTER - SECOND).failures == 8
