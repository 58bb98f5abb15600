"""Guessing from elsewhere does not lock out who signs in on a device that is known."""

from datetime import timedelta

import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import InvalidCredentials, NotAuthenticated, TooManyAttempts
from tests.present import present
from tests.unit.usecases.doors import ADA, HOME, PASSWORD, Doors
from tests.unit.usecases.stage import Stage

WRONG = "wrong-horse-battery"
GRACE = "grace@example.org"


@pytest.fixture(autouse=True)
async def accounts(doors: Doors) -> None:
    await doors.account()
    await doors.account(GRACE)


async def known(doors: Doors, email: str = ADA) -> str:
    return present(await doors.remember_device(await doors.sign_in(email)))


async def guess(
    doors: Doors, times: int = 5, email: str = ADA, device: str | None = None, address: str = "198.51.100."
) -> None:
    for number in range(times):
        with pytest.raises(InvalidCredentials):
            await doors.sign_in(email, WRONG, f"{address}{number}", device)


async def is_let_in(doors: Doors, email: str = ADA, device: str | None = None, address: str = HOME) -> bool:
    try:
        await doors.sign_in(email, address=address, device=device)
    except TooManyAttempts:
        return False
    return True


async def test_guesses_from_elsewhere_do_not_slow_down_a_known_device(stage: Stage, doors: Doors) -> None:
    device = await known(doors)
    for _ in range(3):
        await guess(doors)
        assert await is_let_in(doors, device=device)
        assert not await is_let_in(doors), "nor does its sign-in help whoever guesses"
        stage.clock.advance(timedelta(hours=1))


async def test_guesses_from_the_same_address_do_not_slow_down_a_known_device(doors: Doors) -> None:
    device = await known(doors)
    for number in range(5):
        with pytest.raises(InvalidCredentials):
            await doors.sign_in(f"nobody{number}@example.org", WRONG, HOME)
    assert not await is_let_in(doors)
    assert await is_let_in(doors, device=device)


async def test_guesses_on_a_known_device_count_for_it_alone(stage: Stage, doors: Doors) -> None:
    device, other = await known(doors), await known(doors)
    await guess(doors, device=device)
    assert not await is_let_in(doors, device=device, address="192.0.2.200")
    assert await is_let_in(doors, device=other)
    assert await is_let_in(doors)
    stage.clock.advance(timedelta(seconds=15))
    assert await is_let_in(doors, device=device)


async def test_a_device_is_known_for_its_own_account_only(doors: Doors) -> None:
    device = await known(doors, GRACE)
    await guess(doors, 3, device=device)
    await guess(doors, 2)
    assert not await is_let_in(doors, device=device)


async def test_a_device_is_unknown_after_a_change_of_the_password(doors: Doors) -> None:
    device = await known(doors)
    await doors.change_password(ADA, "another-horse-battery", actor=COMMAND_LINE)
    await guess(doors)
    with pytest.raises(TooManyAttempts):
        await doors.sign_in(password="another-horse-battery", device=device)


async def test_a_device_is_unknown_after_a_year(stage: Stage, doors: Doors) -> None:
    device = await known(doors)
    stage.clock.advance(timedelta(days=365) - timedelta(seconds=1))
    await guess(doors)
    assert await is_let_in(doors, device=device)
    stage.clock.advance(timedelta(seconds=1))
    assert not await is_let_in(doors, device=device)


async def test_a_device_of_a_removed_account_is_unknown_to_the_next_one(doors: Doors) -> None:
    device = await known(doors)
    await doors.remove_account(ADA, actor=COMMAND_LINE)
    await doors.account()
    await guess(doors)
    assert not await is_let_in(doors, device=device)


@pytest.mark.parametrize("shown", ["", "nothing", "\0", "\ud800", "x" * 10_000])
async def test_what_was_not_signed_here_is_no_device(doors: Doors, shown: str) -> None:
    await guess(doors)
    assert not await is_let_in(doors, device=shown)
    another_purpose = doors.signer.sign("portal", "device account digest", doors.stage.clock.now())
    assert not await is_let_in(doors, device=another_purpose)


async def test_a_device_is_no_sign_in(doors: Doors) -> None:
    device = await known(doors)
    with pytest.raises(NotAuthenticated):
        await doors.who_is_signed_in(device)
    with pytest.raises(InvalidCredentials):
        await doors.sign_in(password=WRONG, device=device)
    assert PASSWORD not in device


async def test_nothing_is_remembered_without_a_sign_in_or_a_password(doors: Doors) -> None:
    assert await doors.remember_device("nothing") is None
    secret = await doors.sign_in()
    await doors.sign_out(secret)
    assert await doors.remember_device(secret) is None
