"""The queue for password hashing: it is bounded, refuses more immediately, and serves known parties first."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from adapters.security.hash_queue import (
    MAX_KNOWN,
    MAX_PER_PARTY,
    MAX_UNKNOWN,
    HashCapacity,
    PrioritySemaphore,
)
from adapters.security.passwords import Argon2Passwords
from ports.passwords import HashRequest, PasswordsBusy
from tests.support.timeouts import WITHIN


def unknown(address: object) -> HashRequest:
    return HashRequest(str(address), is_known=False)


def known(account: object) -> HashRequest:
    return HashRequest(str(account), is_known=True)


def refused(capacity: HashCapacity, waiting: HashRequest) -> bool:
    try:
        with capacity.reserve(waiting):
            return False
    except PasswordsBusy:
        return True


def test_waiting_requests_of_one_party_are_limited() -> None:
    capacity = HashCapacity()
    with ExitStack() as waiting:
        for _ in range(MAX_PER_PARTY):
            waiting.enter_context(capacity.reserve(unknown("192.0.2.1")))
        assert refused(capacity, unknown("192.0.2.1"))
        assert not refused(capacity, unknown("192.0.2.2"))
        assert not refused(capacity, known("192.0.2.1"))
    assert not refused(capacity, unknown("192.0.2.1"))


def test_known_parties_have_separate_slots() -> None:
    capacity = HashCapacity()
    with ExitStack() as waiting:
        for number in range(MAX_UNKNOWN):
            waiting.enter_context(capacity.reserve(unknown(number)))
        assert refused(capacity, unknown("another"))
        for number in range(MAX_KNOWN):
            waiting.enter_context(capacity.reserve(known(number)))
        assert refused(capacity, known("another"))
    assert not refused(capacity, unknown("another"))
    assert not capacity._by_party, "no data of the waiting parties is kept"


def test_slot_is_released_after_an_error() -> None:
    capacity = HashCapacity()
    for _ in range(MAX_UNKNOWN + 1):
        with pytest.raises(RuntimeError), capacity.reserve(unknown("192.0.2.1")):
            raise RuntimeError


async def test_unknown_party_waits_for_at_most_one_known_party() -> None:
    semaphore, order = PrioritySemaphore(1), list[bool]()

    async def take(*, is_known: bool) -> None:
        await semaphore.acquire(is_known=is_known)
        order.append(is_known)
        semaphore.release()

    await semaphore.acquire(is_known=True)
    waiting = [asyncio.ensure_future(take(is_known=number < 6)) for number in range(9)]
    await asyncio.sleep(0)
    semaphore.release()
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*waiting)
    assert order == [True, False, True, False, True, False, True, True, True]


async def test_known_parties_are_served_first_and_each_group_in_order() -> None:
    semaphore, order = PrioritySemaphore(1), list[str]()

    async def take(name: str, *, is_known: bool) -> None:
        await semaphore.acquire(is_known=is_known)
        order.append(name)
        semaphore.release()

    await semaphore.acquire(is_known=False)
    waiting = [
        asyncio.ensure_future(take(name, is_known=name.startswith("known")))
        for name in ("one", "two", "known one", "three", "known two")
    ]
    await asyncio.sleep(0)
    waiting[0].cancel()
    semaphore.release()
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*waiting, return_exceptions=True)
    assert order == ["known one", "two", "known two", "three"]


async def test_turn_of_a_cancelled_waiter_is_passed_on() -> None:
    semaphore = PrioritySemaphore(1)
    await semaphore.acquire(is_known=False)
    first, second = (asyncio.ensure_future(semaphore.acquire(is_known=False)) for _ in range(2))
    await asyncio.sleep(0)
    semaphore.release()
    first.cancel()
    async with asyncio.timeout(WITHIN):
        await second
        semaphore.release()
        await semaphore.acquire(is_known=False)
    assert first.cancelled()


@contextmanager
def held(passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Block every comparison until the context ends."""
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
        while len(begun) < number:  # noqa: ASYNC110 - threads set no event of this loop
            await asyncio.sleep(0.001)


async def test_known_party_is_next_despite_many_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Argon2Passwords()
    with held(passwords, monkeypatch) as begun:
        guesses = [asyncio.ensure_future(passwords.matches(f"guess {number}", None)) for number in range(16)]
        await until_begun(begun, 2)
        right = asyncio.ensure_future(passwords.matches("right", None, is_known=True))
        await asyncio.sleep(0)
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*guesses, right)
    assert begun.index("right") == 2


async def test_abandoned_request_does_not_allow_a_third_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Argon2Passwords()
    with held(passwords, monkeypatch) as begun:
        given_up = [asyncio.ensure_future(passwords.matches("given up", None)) for _ in range(2)]
        await until_begun(begun, 2)
        for stop in given_up:
            stop.cancel()
        third = asyncio.ensure_future(passwords.matches("third", None))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert begun == ["given up"] * 2
    async with asyncio.timeout(WITHIN):
        assert not await third
