"""Waiting for a password to be looked at: few may, at once refused beyond, and known ones go first."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from adapters.security.hash_queue import MAX_KNOWN, MAX_OF_ONE_PARTY, MAX_UNKNOWN, HashCapacity, Turns
from adapters.security.passwords import Argon2Passwords
from ports.passwords import HashRequest, PasswordsBusy
from tests.support.timeouts import WITHIN


def unknown(address: object) -> HashRequest:
    return HashRequest(str(address), is_known=False)


def known(account: object) -> HashRequest:
    return HashRequest(str(account), is_known=True)


def refused(places: HashCapacity, waiting: HashRequest) -> bool:
    try:
        with places.taken_by(waiting):
            return False
    except PasswordsBusy:
        return True


def test_a_party_may_wait_a_few_times_and_takes_no_other_s_place() -> None:
    places = HashCapacity()
    with ExitStack() as waiting:
        for _ in range(MAX_OF_ONE_PARTY):
            waiting.enter_context(places.taken_by(unknown("192.0.2.1")))
        assert refused(places, unknown("192.0.2.1"))
        assert not refused(places, unknown("192.0.2.2"))
        assert not refused(places, known("192.0.2.1"))
    assert not refused(places, unknown("192.0.2.1"))


def test_whatever_many_unknown_ones_do_known_ones_have_places() -> None:
    places = HashCapacity()
    with ExitStack() as waiting:
        for number in range(MAX_UNKNOWN):
            waiting.enter_context(places.taken_by(unknown(number)))
        assert refused(places, unknown("another"))
        for number in range(MAX_KNOWN):
            waiting.enter_context(places.taken_by(known(number)))
        assert refused(places, known("another"))
    assert not refused(places, unknown("another"))
    assert not places._of_party, "nothing is kept of who waited"


def test_a_place_is_given_back_whatever_happens() -> None:
    places = HashCapacity()
    for _ in range(MAX_UNKNOWN + 1):
        with pytest.raises(RuntimeError), places.taken_by(unknown("192.0.2.1")):
            raise RuntimeError


async def test_an_unknown_one_waits_for_one_known_one_at_the_most() -> None:
    turns, order = Turns(1), list[bool]()

    async def take(*, is_known: bool) -> None:
        await turns.acquire(is_known=is_known)
        order.append(is_known)
        turns.release()

    await turns.acquire(is_known=True)
    waiting = [asyncio.ensure_future(take(is_known=number < 6)) for number in range(9)]
    await asyncio.sleep(0)
    turns.release()
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*waiting)
    assert order == [True, False, True, False, True, False, True, True, True]


async def test_known_ones_have_their_turn_first_and_each_group_in_its_order() -> None:
    turns, order = Turns(1), list[str]()

    async def take(name: str, *, is_known: bool) -> None:
        await turns.acquire(is_known=is_known)
        order.append(name)
        turns.release()

    await turns.acquire(is_known=False)
    waiting = [
        asyncio.ensure_future(take(name, is_known=name.startswith("known")))
        for name in ("one", "two", "known one", "three", "known two")
    ]
    await asyncio.sleep(0)
    waiting[0].cancel()
    turns.release()
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*waiting, return_exceptions=True)
    assert order == ["known one", "two", "known two", "three"]


async def test_a_turn_that_comes_as_its_waiter_is_cancelled_is_passed_on() -> None:
    turns = Turns(1)
    await turns.acquire(is_known=False)
    first, second = (asyncio.ensure_future(turns.acquire(is_known=False)) for _ in range(2))
    await asyncio.sleep(0)
    turns.release()
    first.cancel()
    async with asyncio.timeout(WITHIN):
        await second
        turns.release()
        await turns.acquire(is_known=False)
    assert first.cancelled()


@contextmanager
def held(passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Hold up every comparison until the block ends."""
    begun, go_on = list[str](), threading.Event()

    def verify(password: str, _: str) -> bool:
        begun.append(password)
        assert go_on.wait(WITHIN)
        return False

    monkeypatch.setattr(passwords, "_matches", verify)
    try:
        yield begun
    finally:
        go_on.set()


async def until_begun(begun: list[str], number: int) -> None:
    async with asyncio.timeout(WITHIN):
        while len(begun) < number:  # noqa: ASYNC110 - threads begin, and set no event of this loop
            await asyncio.sleep(0.001)


async def test_behind_many_guesses_a_known_one_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Argon2Passwords()
    with held(passwords, monkeypatch) as begun:
        guesses = [asyncio.ensure_future(passwords.matches(f"guess {each}", None)) for each in range(16)]
        await until_begun(begun, 2)
        right = asyncio.ensure_future(passwords.matches("right", None, is_known=True))
        await asyncio.sleep(0)
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*guesses, right)
    assert begun.index("right") == 2


async def test_a_request_that_is_given_up_makes_no_room_for_a_third_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Argon2Passwords()
    with held(passwords, monkeypatch) as begun:
        given_up = [asyncio.ensure_future(passwords.matches("given up", None)) for _ in range(2)]
        await until_begun(begun, 2)
        for each in given_up:
            each.cancel()
        third = asyncio.ensure_future(passwords.matches("third", None))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert begun == ["given up"] * 2
    async with asyncio.timeout(WITHIN):
        assert not await third
