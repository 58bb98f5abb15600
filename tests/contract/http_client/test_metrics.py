"""Metrics of requests to other hosts and of their waits."""

import asyncio

import httpx
import pytest
from prometheus_client import REGISTRY

from adapters.http_client.client import HttpClient
from adapters.http_client.concurrency_limit import AdaptiveLimit
from adapters.http_client.errors import Throttled, TransientError
from adapters.http_client.metrics import WEBHOOK
from adapters.http_client.retries import RetryPolicy, send_with_retries
from adapters.http_client.transport import HardenedTransport
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.state import SandboxState
from tests.contract.http_client.conftest import client_of
from tests.support.timeouts import WITHIN

HOST = "127.0.0.1"


def requests(status: str, host: str = HOST) -> float:
    return REGISTRY.get_sample_value("gleanin_sync_requests_total", {"host": host, "status": status}) or 0


def waited(why: str, host: str = HOST) -> float:
    return REGISTRY.get_sample_value("gleanin_sync_waited_seconds_total", {"host": host, "why": why}) or 0


async def get(client: HttpClient) -> None:
    await client.send("GET", client.base_url, lambda _: None, lambda _: 0)


async def test_requests_are_counted_by_host_and_status_with_or_without_a_response() -> None:
    state = SandboxState()
    with in_thread(state) as sandbox:
        refused, unanswered = requests("401"), requests("none")
        async with httpx.AsyncClient(transport=HardenedTransport(allow_private=True)) as client:
            await client.get(f"{sandbox.gleanin_url}/events")
            state.inject_faults(Fault(cuts=1))
            with pytest.raises(httpx.TransportError):
                await client.get(f"{sandbox.gleanin_url}/events")
        assert (requests("401"), requests("none")) == (refused + 1, unanswered + 1)


async def test_waits_are_counted_by_reason() -> None:
    answers = iter([Throttled(0.02), TransientError("broke", 0.03), "well"])

    async def ask() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    policy = RetryPolicy(first_delay=0.01, jitter=0)
    assert await send_with_retries(policy, "waits.example.org", ask) == "well"
    assert 0.02 <= waited("429", "waits.example.org") < WITHIN
    assert 0.03 <= waited("error", "waits.example.org") < WITHIN


async def test_a_cancelled_wait_counts_its_actual_duration() -> None:
    async def ask() -> None:
        raise Throttled(600)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await send_with_retries(RetryPolicy(jitter=0), "cut.example.org", ask)
    assert 0.05 < waited("429", "cut.example.org") < WITHIN


async def test_a_cancelled_wait_for_a_slot_counts_its_actual_duration() -> None:
    limit = AdaptiveLimit(ceiling=1)
    await limit.acquire()
    async with client_of("https://cut-pace.example.org", limit=limit) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await get(client)
    assert 0.05 < waited("pacing", "cut-pace.example.org") < WITHIN


async def test_webhooks_are_counted_under_one_label() -> None:
    with in_thread(SandboxState()) as sandbox:
        by_host, by_name = requests("401"), requests("401", "webhook")
        webhooks = HardenedTransport(allow_private=True, counted_as=WEBHOOK)
        async with httpx.AsyncClient(transport=webhooks) as client:
            await client.get(f"{sandbox.gleanin_url}/events")
        assert (requests("401"), requests("401", "webhook")) == (by_host, by_name + 1)


async def test_a_wait_for_a_slot_is_counted_as_pacing() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(200)

    there, limit = "https://paced.example.org", AdaptiveLimit(ceiling=1)
    async with client_of(there, lambda: httpx.MockTransport(answer), limit=limit) as client:
        await asyncio.gather(*(get(client) for _ in range(2)))
    assert 0.04 < waited("pacing", "paced.example.org") < WITHIN
