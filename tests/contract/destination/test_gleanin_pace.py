"""Rate limits: how waits are read, shared and bounded, and how the number in flight adapts."""

import asyncio
import time
from dataclasses import replace

import httpx
import pytest

from adapters.gleanin.destination import GleaninDestinations
from adapters.http_client.retries import INTERACTIVE, RetryPolicy
from core.domain.tenancy.secrets import Token
from ports.destination import DestinationUnavailable
from tests.contract.destination.conftest import Opening
from tests.support.timeouts import WITHIN, until


async def test_a_limit_that_is_used_up_makes_the_next_request_wait(answered_by: Opening) -> None:
    moments: list[float] = []

    def answer(_: httpx.Request) -> httpx.Response:
        moments.append(time.monotonic())
        used_up = {"RateLimit-Remaining": "0", "RateLimit-Reset": "86400"}
        return httpx.Response(200, json={"data": []}, headers=used_up if len(moments) == 1 else {})

    async with (
        answered_by(answer, policy=RetryPolicy(max_pause=0.05)) as gleanin,
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

    async with answered_by(answer, policy=RetryPolicy()) as gleanin, asyncio.timeout(WITHIN):
        for _ in range(2):
            with pytest.raises(DestinationUnavailable, match="pauses of more than 60 minutes"):
                await gleanin.events()
    assert asked == 2


async def test_a_person_waits_for_no_pause_that_a_run_keeps() -> None:
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(429, headers={"Retry-After": "600"})

    for_runs = GleaninDestinations("https://gleanin.example", transport=lambda: httpx.MockTransport(answer))
    for_people = replace(for_runs, policy=INTERACTIVE)
    async with for_runs.open(Token("t")) as run, for_people.open(Token("t")) as person:
        pausing = asyncio.create_task(run.events())
        await until(lambda: any(each.pause_left for each in for_runs.limits.values()))
        with pytest.raises(
            DestinationUnavailable, match=r"Gleanin is .* asks for a longer pause\. Try again later"
        ):
            await person.events()
        pausing.cancel()
        await asyncio.gather(pausing, return_exceptions=True)
    assert asked == 1
