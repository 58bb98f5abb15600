"""Rate limits: how waits are read, shared and bounded, and how the number in flight adapts."""

import asyncio
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.gleanin.http import GleaninDestinations
from adapters.gleanin.pacing import AdaptiveLimit
from adapters.http_client.patience import INTERACTIVE, Patience
from core.domain.identifiers import ExternalId
from core.domain.kinds import SPEAKER
from core.domain.secrets import Token
from ports.destination import DestinationUnavailable
from tests.contract.destination.conftest import EVENT, Opening
from tests.limits import WITHIN, until


@pytest.mark.parametrize("writing", [True, False])
async def test_429_for_ever_ends_as_unavailable_and_says_so(answered_by: Opening, writing: bool) -> None:
    patience = Patience(first_wait=0.001, longest_wait=0.002, jitter=0.001, waits_in_all=0.05)
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(429)

    async with answered_by(answer, patience=patience) as gleanin:
        with pytest.raises(DestinationUnavailable, match=r"gleanin\.example has too many requests"):
            await (gleanin.create(EVENT, SPEAKER, ExternalId("x"), {}) if writing else gleanin.events())
    assert asked > 1


async def test_a_wait_that_is_too_long_is_not_begun(answered_by: Opening) -> None:
    patience = Patience(longest_pause=900, waits_in_all=800)
    async with answered_by(
        lambda _: httpx.Response(429, headers={"Retry-After": "9999"}), patience=patience
    ) as it:
        with pytest.raises(DestinationUnavailable):
            await it.events()


async def test_a_limit_that_is_used_up_makes_the_next_request_wait(answered_by: Opening) -> None:
    moments: list[float] = []

    def answer(_: httpx.Request) -> httpx.Response:
        moments.append(time.monotonic())
        used_up = {"RateLimit-Remaining": "0", "RateLimit-Reset": "86400"}
        return httpx.Response(200, json={"data": []}, headers=used_up if len(moments) == 1 else {})

    async with (
        answered_by(answer, patience=Patience(longest_breath=0.05)) as gleanin,
        asyncio.timeout(WITHIN),
    ):
        await gleanin.events()
        await gleanin.events()
    assert moments[1] - moments[0] >= 0.05


async def test_a_wait_of_a_day_holds_up_nobody_else_either(answered_by: Opening) -> None:
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(429, headers={"Retry-After": "86400"})

    async with answered_by(answer, patience=Patience()) as gleanin, asyncio.timeout(WITHIN):
        for _ in range(2):
            with pytest.raises(DestinationUnavailable, match="more than the 60 minutes"):
                await gleanin.events()
    assert asked == 2


async def test_an_answer_that_never_comes_is_not_waited_for(answered_by: Opening) -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(3600)
            raise AssertionError

    patience = Patience(first_wait=0.001, jitter=0, tries=2, whole_read=0.01)
    destinations = GleaninDestinations("https://gleanin.example", transport=Silent, patience=patience)
    async with destinations.open(Token("t")) as gleanin:
        with pytest.raises(DestinationUnavailable, match="did not answer in time"):
            await gleanin.events()


async def test_a_person_waits_for_no_pause_that_a_run_keeps() -> None:
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(429, headers={"Retry-After": "600"})

    for_runs = GleaninDestinations("https://gleanin.example", transport=lambda: httpx.MockTransport(answer))
    for_people = for_runs.with_patience(INTERACTIVE)
    async with for_runs.open(Token("t")) as run, for_people.open(Token("t")) as person:
        pausing = asyncio.create_task(run.events())
        await until(lambda: any(each.pause_left for each in for_runs.limits.values()))
        with pytest.raises(
            DestinationUnavailable, match=r"Gleanin .* asks for a longer pause\. Try again later"
        ):
            await person.events()
        pausing.cancel()
        await asyncio.gather(pausing, return_exceptions=True)
    assert asked == 1


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_429_halves_what_is_in_flight_once_for_all_that_were_under_way() -> None:
    limit = AdaptiveLimit(16)
    rounds = [await limit.acquire() for _ in range(16)]
    for one in rounds:
        limit.throttled(one)
        limit.release()
    assert limit.allowed == 8


async def test_the_limit_never_falls_below_one_and_recovers_to_its_ceiling() -> None:
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


async def test_waiters_are_served_in_the_order_in_which_they_came() -> None:
    limit = AdaptiveLimit(1)
    served: list[int] = []

    async def use(number: int) -> None:
        await limit.acquire()
        served.append(number)
        await asyncio.sleep(0)
        limit.release()

    await asyncio.gather(*(use(number) for number in range(10)))
    assert served == list(range(10))


async def test_a_pause_holds_everybody_and_then_lets_them_go() -> None:
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
async def test_who_is_cancelled_while_waiting_takes_no_slot_away(served_first: bool) -> None:
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
def test_slots_are_neither_lost_nor_invented(steps: list[str]) -> None:
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
