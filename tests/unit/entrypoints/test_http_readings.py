"""Slow reads: done once, a few at a time, and without taking other owners' share."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from core.domain.errors import Overloaded
from entrypoints.http.capacity import MAX_CONCURRENT, MAX_CONCURRENT_PER_OWNER, MAX_PENDING_PER_OWNER
from entrypoints.http.single_flight import MAX_CACHED, MAX_CACHED_PER_OWNER, SingleFlight


class Slow:
    """Reads take as long as the test lets them; counts the concurrent ones."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.going_on = self.most = 0

    def read(self, result: str = "read") -> Callable[[], Coroutine[Any, Any, str]]:
        async def reading() -> str:
            self.going_on += 1
            self.most = max(self.most, self.going_on)
            await self.may_end.wait()
            self.going_on -= 1
            return result

        return reading


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_owner_has_a_share_of_what_goes_on_at_once() -> None:
    flights, slow = SingleFlight[str](), Slow()
    for number in range(MAX_PENDING_PER_OWNER):
        flights.start(f"greedy {number}", "greedy", slow.read())
    await settle()
    assert slow.going_on == MAX_CONCURRENT_PER_OWNER
    other = flights.start("modest", "modest", slow.read())
    await settle()
    assert slow.going_on == MAX_CONCURRENT_PER_OWNER + 1
    slow.may_end.set()
    assert await other == "read"


async def test_who_has_very_many_under_way_is_told_to_wait_and_others_are_not() -> None:
    flights, slow = SingleFlight[str](), Slow()
    for number in range(MAX_PENDING_PER_OWNER):
        flights.start(str(number), "greedy", slow.read())
    with pytest.raises(Overloaded):
        flights.start("one more", "greedy", slow.read())
    assert flights.start("0", "greedy", slow.read()) is flights.start("0", "greedy", slow.read())
    flights.start("modest", "modest", slow.read())
    slow.may_end.set()
    await settle()
    flights.start("one more", "greedy", slow.read())


async def test_not_all_owners_read_at_once() -> None:
    flights, slow = SingleFlight[str](), Slow()
    tasks = [
        flights.start(str(number), f"owner {number}", slow.read()) for number in range(3 * MAX_CONCURRENT)
    ]
    await settle()
    assert slow.going_on == MAX_CONCURRENT
    slow.may_end.set()
    await asyncio.gather(*tasks)
    assert slow.most == MAX_CONCURRENT


async def test_what_is_under_way_is_not_lost_to_what_others_keep() -> None:
    flights, slow = SingleFlight[str](), Slow()
    reading = flights.start("slow", "patient", slow.read("worth it"))
    for number in range(3 * MAX_CACHED):
        flights.store(str(number), f"owner {number}", "something")
    slow.may_end.set()
    assert await reading == "worth it"
    await settle()
    assert flights.cached("slow") == "worth it"


async def test_an_owner_keeps_a_few_the_latest_used() -> None:
    flights = SingleFlight[str]()
    flights.store("mine", "modest", "thing")
    for number in range(MAX_CACHED_PER_OWNER):
        flights.store(str(number), "greedy", "thing")
    assert flights.cached("0") == "thing"
    flights.store("one more", "greedy", "thing")
    assert [flights.cached(key) for key in ("0", "1", "mine")] == ["thing", None, "thing"]


async def test_no_more_than_so_many_are_kept_in_all() -> None:
    flights = SingleFlight[str]()
    for number in range(MAX_CACHED + 3):
        flights.store(str(number), f"owner {number}", "thing")
    assert [flights.cached(str(number)) for number in (0, 2, 3)] == [None, None, "thing"]
