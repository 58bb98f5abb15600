"""Rate limits: pauses are read, shared and bounded, and the number of requests in flight adapts."""

import asyncio
import time
from dataclasses import replace

import httpx
import pytest

from adapters.gleanin.destination import GleaninDestinations
from adapters.http_client.retries import INTERACTIVE, RetryPolicy
from core.domain.tenancy.secrets import Token
from ports.destination import DestinationUnavailable
from tests.contract.gleanin.conftest import Opening
from tests.support.timeouts import WITHIN, until


async def test_exhausted_rate_limit_delays_the_next_request(answered_by: Opening) -> None:
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


async def test_requested_day_of_pause_does_not_hold_up_other_requests(answered_by: Opening) -> None:
    requests = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        return httpx.Response(429, headers={"Retry-After": "86400"})

    async with answered_by(answer, policy=RetryPolicy()) as gleanin, asyncio.timeout(WITHIN):
        for _ in range(2):
            with pytest.raises(DestinationUnavailable, match="pauses of more than 60 minutes"):
                await gleanin.events()
    assert requests == 2


async def test_interactive_requests_do_not_wait_as_long_as_runs() -> None:
    requests = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        return httpx.Response(429, headers={"Retry-After": "600"})

    for_runs = GleaninDestinations("https://gleanin.example", transport=lambda: httpx.MockTransport(answer))
    for_people = replace(for_runs, policy=INTERACTIVE)
    async with for_runs.open(Token("t")) as run, for_people.open(Token("t")) as person:
        pausing = asyncio.create_task(run.events())
        await until(lambda: any(limit.pause_left for limit in for_runs.limits.values()))
        with pytest.raises(
            DestinationUnavailable, match=r"Gleanin is .* asks for a longer pause\. Try again later"
        ):
            await person.events()
        pausing.cancel()
        await asyncio.gather(pausing, return_exceptions=True)
    assert requests == 1
