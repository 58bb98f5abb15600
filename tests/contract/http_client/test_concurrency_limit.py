"""The concurrency limit: halved by a 429, regained one by one, and served first come, first served."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http_client.concurrency_limit import AdaptiveLimit
from tests.support.timeouts import WITHIN


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_429_halves_the_limit_once_per_round() -> None:
    limit = AdaptiveLimit(16)
    rounds = [await limit.acquire() for _ in range(16)]
    for one in rounds:
        limit.throttled(one)
        limit.release()
    assert limit.allowed == 8


async def test_the_limit_stays_above_zero_and_recovers_to_its_ceiling() -> None:
    limit = AdaptiveLimit(16)
    for _ in range(10):
        limit.throttled(await limit.acquire())
        limit.release()
    assert limit.allowed == 1
    recovering = []
    for _ in range(200):
        limit.succeeded()
        recovering.append(limit.allowed)
    assert recovering == sorted(recovering)
    assert recovering[-1] == 16


async def test_waiters_are_served_in_order() -> None:
    limit = AdaptiveLimit(1)
    served: list[int] = []

    async def use(number: int) -> None:
        await limit.acquire()
        served.append(number)
        await asyncio.sleep(0)
        limit.release()

    await asyncio.gather(*(use(number) for number in range(10)))
    assert served == list(range(10))


async def test_a_pause_holds_all_waiters_and_then_releases_them() -> None:
    limit = AdaptiveLimit(2)
    limit.pause(0.03)
    began = time.monotonic()
    waiting = [asyncio.create_task(limit.acquire()) for _ in range(3)]
    await settle()
    assert limit.in_flight == 0
    await waiting[1]
    assert time.monotonic() - began >= 0.03
    assert (limit.in_flight, waiting[2].done()) == (2, False)
    limit.release()
    await waiting[2]


@pytest.mark.parametrize("served_first", [True, False])
async def test_a_cancelled_waiter_keeps_no_slot(served_first: bool) -> None:
    limit = AdaptiveLimit(1)
    await limit.acquire()
    gives_up, stays = (asyncio.create_task(limit.acquire()) for _ in range(2))
    await settle()
    if served_first:
        limit.release()  # its turn is there, and it has not run yet
    gives_up.cancel()
    await asyncio.wait([gives_up])
    if not served_first:
        limit.release()
    await asyncio.wait_for(stays, WITHIN)
    assert (gives_up.cancelled(), limit.in_flight) == (True, 1)


def test_a_limit_serves_one_event_loop_after_another() -> None:
    limit = AdaptiveLimit(1)

    async def leave_waiting() -> None:
        limit.pause(0.02)
        asyncio.ensure_future(limit.acquire())  # noqa: RUF006 - its loop ends first
        await asyncio.sleep(0)

    async def use() -> None:
        await asyncio.wait_for(limit.acquire(), WITHIN)
        limit.release()

    asyncio.run(leave_waiting())
    asyncio.run(use())
    assert limit.in_flight == 0


@given(st.lists(st.sampled_from(["take", "free", "well", "badly", "cancel"]), max_size=60))
def test_number_of_slots_is_preserved(steps: list[str]) -> None:
    async def history() -> None:
        limit = AdaptiveLimit(4)
        tasks: list[asyncio.Task[int]] = []
        held = 0
        for step in steps:
            match step:
                case "take":
                    tasks.append(asyncio.create_task(limit.acquire()))
                case "free" if held:
                    held -= 1
                    limit.release()
                case "well":
                    limit.succeeded()
                case "badly":
                    limit.throttled(limit._round)
                case "cancel" if tasks:
                    tasks.pop().cancel()
            await settle()
            held += sum(task.done() for task in tasks)
            tasks = [task for task in tasks if not task.done()]
            assert limit.in_flight == held
            assert not tasks or held >= limit.allowed
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(history())
