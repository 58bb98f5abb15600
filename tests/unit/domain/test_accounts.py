"""Accounts, how long a sign-in lasts, and how attempts are slowed down."""

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


def test_a_refused_e_mail_is_repeated_in_part_and_in_one_line() -> None:
    with pytest.raises(InvalidInput) as refused:
        account("line\nbreak" * 1_000)
    assert len(str(refused.value)) < 150
    assert "\n" not in str(refused.value)


def test_an_address_in_any_script_is_one() -> None:
    assert account("ädä@bücher.example").actor.name == "ädä@bücher.example"


def test_a_role_takes_the_place_of_another_for_the_same_organization() -> None:
    had = account("ada@example.org", Grant(Role.VIEWER, OURS), Grant(Role.SUPPORT))
    assert had.granted(Grant(Role.ADMIN, OURS)).grants == {Grant(Role.ADMIN, OURS), Grant(Role.SUPPORT)}
    assert had.granted(Grant(Role.ADMIN)).grants == {Grant(Role.VIEWER, OURS), Grant(Role.ADMIN)}
    assert had.without(Grant(Role.SUPPORT)).grants == {Grant(Role.VIEWER, OURS)}


@pytest.mark.parametrize("length", [12, 1000])
def test_a_password_may_be_as_short_and_as_long_as_its_limits(length: int) -> None:
    check_password("x" * length)


@pytest.mark.parametrize("length", [0, 11, 1001])
def test_a_password_beyond_its_limits_is_refused_without_being_repeated(length: int) -> None:
    with pytest.raises(InvalidInput, match="Use 12 to 1,000 characters") as refused:
        check_password("é" * length)
    assert "éé" not in str(refused.value)


def test_a_sign_in_is_over_after_twelve_hours() -> None:
    sign_in = LoginSession("digest", AccountId("a1"), NOW)
    assert not sign_in.is_over(NOW + timedelta(hours=12) - SECOND)
    assert sign_in.is_over(NOW + timedelta(hours=12))


def test_the_first_five_failures_cost_no_waiting() -> None:
    for times in range(5):
        failed(times).check(NOW)


def test_the_wait_doubles_with_every_further_failure_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(times).total_seconds() for times in (5, 6, 7, 8, 9, 10, 11, 12)]
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    assert wait_after(10_000) == MAX_WAIT


def test_the_wait_is_counted_from_the_last_failure_and_ends() -> None:
    attempts = failed(6)
    with pytest.raises(TooManyAttempts, match="in 1 seconds"):
        attempts.check(NOW + 30 * SECOND - SECOND / 100)
    attempts.check(NOW + 30 * SECOND)


@pytest.mark.parametrize(
    ("times", "said"), [(5, "in 15 seconds"), (8, "in 2 minutes"), (12, "in 15 minutes")]
)
def test_a_refusal_says_how_long_to_wait(times: int, said: str) -> None:
    with pytest.raises(TooManyAttempts, match=said):
        failed(times).check(NOW)


def test_failures_are_forgotten_after_an_hour_without_any() -> None:
    assert failed(7).failed(NOW + FORGOTTEN_AFTER).failures == 1
    assert failed(7).failed(NOW + FORGOTTEN_AFTER - SECOND).failures == 8
