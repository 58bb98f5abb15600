"""A process has a limited number of requests in flight to one host; a request that waits for a slot is not sent."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from adapters.http_client import host_slots
from adapters.http_client.client import HttpClient
from adapters.http_client.responses import Response
from tests.contract.http_client.conftest import client_of
from tests.support.timeouts import until


class Host:
    """Answers when the test allows it."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.may_answer = asyncio.Event()

    def open(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    async def answer(self, _: httpx.Request) -> httpx.Response:
        self.in_flight += 1
        await self.may_answer.wait()
        self.in_flight -= 1
        return httpx.Response(200)


async def send(client: HttpClient, *, is_write: bool = False) -> None:
    def handle(_: Response) -> None:
        pass

    method = "POST" if is_write else "GET"
    await client.send(method, client.url("things"), handle, lambda _: 100, is_write=is_write)


@pytest.fixture(autouse=True)
def two_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_slots, "MAX_IN_FLIGHT", 2)


async def test_slots_are_shared_by_all_clients_of_one_host() -> None:
    host = Host()
    async with AsyncExitStack() as opened:
        urls = *["https://api.example.org"] * 4, "https://other.example"
        clients = [await opened.enter_async_context(client_of(url, host.open)) for url in urls]
        sending = [asyncio.create_task(send(client)) for client in clients]
        await until(lambda: host.in_flight == 3)
        await asyncio.sleep(0.01)
        assert host.in_flight == 3, "two to one host and one to the other"
        host.may_answer.set()
        await asyncio.gather(*sending)


async def test_a_write_that_waits_for_a_slot_is_not_announced_and_can_be_cancelled() -> None:
    host, announced = Host(), list[str]()

    async def before_write() -> None:
        announced.append("a write")

    async with client_of(transport=host.open, before_write=before_write) as client:
        await _cancelled_while_waiting(client, host, announced)


async def _cancelled_while_waiting(client: HttpClient, host: Host, announced: list[str]) -> None:
    reading = [asyncio.create_task(send(client)) for _ in range(2)]
    await until(lambda: host.in_flight == 2)
    writing = asyncio.create_task(send(client, is_write=True))
    await asyncio.sleep(0.01)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert announced == []
    host.may_answer.set()
    await asyncio.gather(*reading)
    await send(client, is_write=True)
    assert announced == ["a write"]
