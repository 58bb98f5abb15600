"""Signing in, staying signed in, and throttling of guesses."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.memory.passwords import QuickPasswords
from core.domain.access.api_keys import hash_secret
from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import InvalidCredentials, LinkExpired, NotAuthenticated, TooManyAttempts
from tests.support.access_harness import ADA, HOME, PASSWORD, AccessHarness
from tests.support.harness import Harness

HOUR = timedelta(hours=1)
WRONG = "wrong-horse-battery"


@pytest.fixture(autouse=True)
async def an_account(access_harness: AccessHarness) -> None:
    await access_harness.account()


async def fail(access_harness: AccessHarness, times: int = 1, email: str = ADA, address: str = HOME) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            await access_harness.sign_in(email, WRONG, address)


async def wait_of(access_harness: AccessHarness, email: str = ADA, address: str = HOME) -> timedelta:
    with pytest.raises(TooManyAttempts) as refused:
        await access_harness.sign_in(email, PASSWORD, address)
    return refused.value.wait


async def test_email_and_password_sign_in(access_harness: AccessHarness) -> None:
    secret = await access_harness.sign_in("  ADA@example.org ")
    assert (await access_harness.authenticate_session(secret)).email == ADA


async def test_only_a_digest_of_a_session_is_stored(harness: Harness, access_harness: AccessHarness) -> None:
    secret = await access_harness.sign_in()
    async with harness.units.read() as unit:
        assert await unit.login_sessions.find(secret) is None
        assert await unit.login_sessions.find(hash_secret(secret)) is not None


async def test_error_does_not_reveal_whether_an_account_exists(access_harness: AccessHarness) -> None:
    messages: list[str] = []
    for email in (ADA, "nobody@example.org", "", "\0", "\ud800", "x" * 100_000):
        with pytest.raises(InvalidCredentials) as refused:
            await access_harness.sign_in(email, WRONG, f"192.0.2.{len(messages)}")
        messages.append(str(refused.value))
    assert set(messages) == {"The e-mail or password is wrong."}


@dataclass(frozen=True, slots=True)
class Watched(QuickPasswords):
    checked: list[str | None]

    async def hash(self, password: str) -> str:
        return password

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        self.checked.append(hashed)
        return False


async def test_password_is_compared_for_an_unknown_email_too(access_harness: AccessHarness) -> None:
    """Check this because the response time would reveal unknown accounts otherwise."""
    access_harness.passwords = watched = Watched([])
    await fail(access_harness, email="nobody@example.org")
    assert watched.checked == [None]


async def test_password_with_a_suffix_is_wrong(access_harness: AccessHarness) -> None:
    for password in (
        PASSWORD + "x",
        PASSWORD + "x" * 100_000,
        PASSWORD.upper(),
        f" {PASSWORD}",
        "",
        "\ud800",
    ):
        with pytest.raises(InvalidCredentials):
            await access_harness.sign_in(password=password, address=repr(password)[:20])
        await access_harness.sign_in()


async def test_session_ends_after_twelve_hours_even_if_used(
    harness: Harness, access_harness: AccessHarness
) -> None:
    secret = await access_harness.sign_in()
    for _ in range(12):
        assert await access_harness.signed_in(secret)
        harness.clock.advance(HOUR)
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_session(secret)


async def test_signing_out_ends_only_that_session(access_harness: AccessHarness) -> None:
    here, there = await access_harness.sign_in(), await access_harness.sign_in()
    await access_harness.sign_out(here)
    await access_harness.sign_out(here)
    await access_harness.sign_out("nothing \ud800")
    with pytest.raises(NotAuthenticated, match="Sign in first"):
        await access_harness.authenticate_session(here)
    assert await access_harness.signed_in(there)


@pytest.mark.parametrize("secret", ["", "nothing", "\0", "\ud800", "x" * 100_000])
async def test_unknown_session_secret_is_rejected(access_harness: AccessHarness, secret: str) -> None:
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_session(secret)


async def test_ended_sessions_are_deleted(harness: Harness, access_harness: AccessHarness) -> None:
    secret = await access_harness.sign_in()
    harness.clock.advance(13 * HOUR)
    await access_harness.sign_in()
    async with harness.units.read() as unit:
        assert await unit.login_sessions.find(hash_secret(secret)) is None


async def test_guessing_is_throttled_increasingly(harness: Harness, access_harness: AccessHarness) -> None:
    await fail(access_harness, 5)
    waits = []
    for _ in range(4):
        waits.append(await wait_of(access_harness))
        harness.clock.advance(waits[-1])
        await fail(access_harness)
    assert [wait.total_seconds() for wait in waits] == [15, 30, 60, 120]


async def test_throttled_attempt_is_not_checked_and_does_not_extend_the_wait(
    access_harness: AccessHarness,
) -> None:
    await fail(access_harness, 5)
    access_harness.passwords = watched = Watched([])
    for _ in range(10):
        assert await wait_of(access_harness) == timedelta(seconds=15)
    assert watched.checked == []


async def test_sign_in_after_the_wait_resets_the_count(
    harness: Harness, access_harness: AccessHarness
) -> None:
    await fail(access_harness, 5)
    harness.clock.advance(timedelta(seconds=15))
    assert await access_harness.sign_in()
    await fail(access_harness, 4, address="198.51.100.7")
    assert await access_harness.sign_in(address="198.51.100.7")


async def test_sign_in_does_not_reset_the_count_of_other_accounts(
    access_harness: AccessHarness,
) -> None:
    await fail(access_harness, 4, email="bea@example.org")
    assert await access_harness.sign_in()
    await fail(access_harness, 1, email="cai@example.org")
    assert await wait_of(access_harness)


async def test_failures_expire_after_an_hour(harness: Harness, access_harness: AccessHarness) -> None:
    await fail(access_harness, 5)
    harness.clock.advance(HOUR)
    await fail(access_harness, 5)
    assert await wait_of(access_harness) == timedelta(seconds=15)


async def test_failures_count_for_the_account_from_any_address(access_harness: AccessHarness) -> None:
    for number in range(5):
        await fail(
            access_harness, email="ADA@Example.org" if number % 2 else ADA, address=f"192.0.2.{number}"
        )
    assert await wait_of(access_harness, address="198.51.100.7")


async def test_failures_count_for_the_address_for_any_account(access_harness: AccessHarness) -> None:
    for number in range(5):
        await fail(access_harness, email=f"guess{number}@example.org")
    assert await wait_of(access_harness)
    assert await access_harness.sign_in(address="198.51.100.7"), (
        "the account itself is not throttled from elsewhere"
    )


async def test_unknown_email_is_throttled_like_a_known_one(
    access_harness: AccessHarness,
) -> None:
    for number in range(5):
        await fail(access_harness, email="nobody@example.org", address=f"192.0.2.{number}")
    assert await wait_of(access_harness, "nobody@example.org", "198.51.100.7") == timedelta(seconds=15)


async def test_concurrent_attempts_are_throttled_like_sequential_ones(
    access_harness: AccessHarness,
) -> None:
    guesses = (access_harness.sign_in(password=WRONG, address=f"192.0.2.{number}") for number in range(50))
    ends = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(end) for end in ends].count(InvalidCredentials) == 5
    assert [type(end) for end in ends].count(TooManyAttempts) == 45


@dataclass(frozen=True, slots=True)
class ConcurrentChange(QuickPasswords):
    """Passwords during whose check the account changes."""

    access_harness: AccessHarness
    email_removed: bool

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        if self.email_removed:
            await self.access_harness.remove_account(ADA, actor=COMMAND_LINE)
        else:
            await self.access_harness.change_password(ADA, "another-horse-battery", actor=COMMAND_LINE)
        return hashed == f"hash of {password}"


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "another password"])
async def test_account_changed_during_the_password_check_is_not_signed_in(
    access_harness: AccessHarness, removed: bool
) -> None:
    access_harness.passwords = ConcurrentChange(access_harness, removed)
    with pytest.raises(InvalidCredentials):
        await access_harness.sign_in()


async def test_sign_in_link_works_once(access_harness: AccessHarness) -> None:
    offered = await access_harness.create_sign_in_link(ADA, actor=COMMAND_LINE)
    secret = await access_harness.redeem_sign_in_link(offered, HOME)
    assert (await access_harness.authenticate_session(secret)).email == ADA
    with pytest.raises(LinkExpired):
        await access_harness.redeem_sign_in_link(offered, HOME)
    assert await access_harness.signed_in(secret)


async def test_sign_in_link_expires_and_ends_with_the_account(
    harness: Harness, access_harness: AccessHarness
) -> None:
    late, gone = await access_harness.create_sign_in_link(ADA, actor=COMMAND_LINE), None
    harness.clock.advance(12 * HOUR)
    gone = await access_harness.create_sign_in_link(ADA, actor=COMMAND_LINE)
    await access_harness.remove_account(ADA, actor=COMMAND_LINE)
    for offered in (late, gone, "", "nothing", secret_signed_for_another_purpose(harness, access_harness)):
        with pytest.raises(LinkExpired):
            await access_harness.redeem_sign_in_link(offered, HOME)
    with pytest.raises(NotAuthenticated):
        await access_harness.create_sign_in_link(ADA, actor=COMMAND_LINE)


def secret_signed_for_another_purpose(harness: Harness, access_harness: AccessHarness) -> str:
    return access_harness.signer.sign("portal", "secret", harness.clock.now())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002::9"),
        ("fe80::1%eth0", "fe80::2%eth1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
async def test_failures_count_for_all_addresses_of_one_network(
    access_harness: AccessHarness, first: str, second: str
) -> None:
    await fail(access_harness, 5, email="nobody@example.org", address=first)
    assert await wait_of(access_harness, address=second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8"),
        ("::1", "0.0.0.1"),
        ("192.0.2.7", "192.0.2.8"),
    ],
)
async def test_failures_do_not_count_for_other_networks(
    access_harness: AccessHarness, first: str, second: str
) -> None:
    await fail(access_harness, 5, email="nobody@example.org", address=first)
    assert await access_harness.sign_in(address=second)
