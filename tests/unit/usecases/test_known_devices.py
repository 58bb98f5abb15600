"""Guessing from elsewhere does not lock out a known device."""

from datetime import timedelta

import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import InvalidCredentials, NotAuthenticated, TooManyAttempts
from tests.support.access_harness import ADA, HOME, PASSWORD, AccessHarness
from tests.support.assertions import present
from tests.support.harness import Harness

WRONG = "wrong-horse-battery"
GRACE = "grace@example.org"


@pytest.fixture(autouse=True)
async def accounts(access_harness: AccessHarness) -> None:
    await access_harness.account()
    await access_harness.account(GRACE)


async def known(access_harness: AccessHarness, email: str = ADA) -> str:
    return present(await access_harness.remember_device(await access_harness.sign_in(email)))


async def guess(
    access_harness: AccessHarness,
    times: int = 5,
    email: str = ADA,
    device: str | None = None,
    address: str = "198.51.100.",
) -> None:
    for number in range(times):
        with pytest.raises(InvalidCredentials):
            await access_harness.sign_in(email, WRONG, f"{address}{number}", device)


async def can_sign_in(
    access_harness: AccessHarness, email: str = ADA, device: str | None = None, address: str = HOME
) -> bool:
    try:
        await access_harness.sign_in(email, address=address, device=device)
    except TooManyAttempts:
        return False
    return True


async def test_guesses_from_elsewhere_do_not_throttle_a_known_device(
    harness: Harness, access_harness: AccessHarness
) -> None:
    device = await known(access_harness)
    for _ in range(3):
        await guess(access_harness)
        assert await can_sign_in(access_harness, device=device)
        assert not await can_sign_in(access_harness), "its sign-in does not help the guesser"
        harness.clock.advance(timedelta(hours=1))


async def test_guesses_from_the_same_address_do_not_throttle_a_known_device(
    access_harness: AccessHarness,
) -> None:
    device = await known(access_harness)
    for number in range(5):
        with pytest.raises(InvalidCredentials):
            await access_harness.sign_in(f"nobody{number}@example.org", WRONG, HOME)
    assert not await can_sign_in(access_harness)
    assert await can_sign_in(access_harness, device=device)


async def test_guesses_on_a_known_device_count_only_for_it(
    harness: Harness, access_harness: AccessHarness
) -> None:
    device, other = await known(access_harness), await known(access_harness)
    await guess(access_harness, device=device)
    assert not await can_sign_in(access_harness, device=device, address="192.0.2.200")
    assert await can_sign_in(access_harness, device=other)
    assert await can_sign_in(access_harness)
    harness.clock.advance(timedelta(seconds=15))
    assert await can_sign_in(access_harness, device=device)


async def test_device_is_known_only_for_its_account(access_harness: AccessHarness) -> None:
    device = await known(access_harness, GRACE)
    await guess(access_harness, 3, device=device)
    await guess(access_harness, 2)
    assert not await can_sign_in(access_harness, device=device)


async def test_device_is_unknown_after_a_password_change(access_harness: AccessHarness) -> None:
    device = await known(access_harness)
    await access_harness.change_password(ADA, "another-horse-battery", actor=COMMAND_LINE)
    await guess(access_harness)
    with pytest.raises(TooManyAttempts):
        await access_harness.sign_in(password="another-horse-battery", device=device)


async def test_device_is_unknown_after_a_year(harness: Harness, access_harness: AccessHarness) -> None:
    device = await known(access_harness)
    harness.clock.advance(timedelta(days=365) - timedelta(seconds=1))
    await guess(access_harness)
    assert await can_sign_in(access_harness, device=device)
    harness.clock.advance(timedelta(seconds=1))
    assert not await can_sign_in(access_harness, device=device)


async def test_device_of_a_removed_account_is_unknown_to_its_successor(
    access_harness: AccessHarness,
) -> None:
    device = await known(access_harness)
    await access_harness.remove_account(ADA, actor=COMMAND_LINE)
    await access_harness.account()
    await guess(access_harness)
    assert not await can_sign_in(access_harness, device=device)


@pytest.mark.parametrize("device", ["", "nothing", "\0", "\ud800", "x" * 10_000])
async def test_text_that_was_not_signed_here_is_no_device(access_harness: AccessHarness, device: str) -> None:
    await guess(access_harness)
    assert not await can_sign_in(access_harness, device=device)
    another_purpose = access_harness.signer.sign(
        "portal", "device account digest", access_harness.harness.clock.now()
    )
    assert not await can_sign_in(access_harness, device=another_purpose)


async def test_device_does_not_sign_in(access_harness: AccessHarness) -> None:
    device = await known(access_harness)
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_session(device)
    with pytest.raises(InvalidCredentials):
        await access_harness.sign_in(password=WRONG, device=device)
    assert PASSWORD not in device


async def test_device_is_not_remembered_without_a_session_or_a_password(
    access_harness: AccessHarness,
) -> None:
    assert await access_harness.remember_device("nothing") is None
    secret = await access_harness.sign_in()
    await access_harness.sign_out(secret)
    assert await access_harness.remember_device(secret) is None
