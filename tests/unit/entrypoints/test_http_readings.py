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

    def read(self, thing: str = "read") -> Callable[[], Coroutine[Any, Any, str]]:
        async def reading() -> str:
            self.going_on += 1
            self.most = max(self.most, self.going_on)
            await self.may_end.wait()
            self.going_on -= 1
            return thing

        return reading


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_owner_has_a_share_of_what_goes_on_at_once() -> None:
    readings, slow = SingleFlight[str](), Slow()
    for number in range(MAX_PENDING_PER_OWNER):
        readings.start(f"greedy {number}", "greedy", slow.read())
    await settle()
    assert slow.going_on == MAX_CONCURRENT_PER_OWNER
    other = readings.start("modest", "modest", slow.read())
    await settle()
    assert slow.going_on == MAX_CONCURRENT_PER_OWNER + 1
    slow.may_end.set()
    assert await other == "read"


async def test_who_has_very_many_under_way_is_told_to_wait_and_others_are_not() -> None:
    readings, slow = SingleFlight[str](), Slow()
    for number in range(MAX_PENDING_PER_OWNER):
        readings.start(str(number), "greedy", slow.read())
    with pytest.raises(Overloaded):
        readings.start("one more", "greedy", slow.read())
    assert readings.start("0", "greedy", slow.read()) is readings.start("0", "greedy", slow.read())
    readings.start("modest", "modest", slow.read())
    slow.may_end.set()
    await settle()
    readings.start("one more", "greedy", slow.read())


async def test_not_all_owners_read_at_once() -> None:
    readings, slow = SingleFlight[str](), Slow()
    tasks = [
        readings.start(str(number), f"owner {number}", slow.read()) for number in range(3 * MAX_CONCURRENT)
    ]
    await settle()
    assert slow.going_on == MAX_CONCURRENT
    slow.may_end.set()
    await asyncio.gather(*tasks)
    assert slow.most == MAX_CONCURRENT


async def test_what_is_under_way_is_not_lost_to_what_others_keep() -> None:
    readings, slow = SingleFlight[str](), Slow()
    reading = readings.start("slow", "patient", slow.read("worth it"))
    for number in range(3 * MAX_CACHED):
        readings.store(str(number), f"owner {number}", "something")
    slow.may_end.set()
    assert await reading == "worth it"
    await settle()
    assert readings.cached("slow") == "worth it"


async def test_an_owner_keeps_a_few_the_latest_used() -> None:
    readings = SingleFlight[str]()
    readings.store("mine", "modest", "thing")
    for number in range(MAX_CACHED_PER_OWNER):
        readings.store(str(number), "greedy", "thing")
    assert readings.cached("0") == "thing"
    readings.store("one more", "greedy", "thing")
    assert [readings.cached(key) for key in ("0", "1", "mine")] == ["thing", None, "thing"]


async def test_no_more_than_so_many_are_kept_in_all() -> None:
    readings = SingleFlight[str]()
    for number in range(MAX_CACHED + 3):
        readings.store(str(number), f"owner {number}", "thing")
    assert [readings.cached(str(number)) for number in (0, 2, 3)] == [None, None, "thing"]
