"""Webhooks that announce executed updates."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from entrypoints.sandbox.state import SandboxState
from entrypoints.sandbox.write_hooks import MAX_WAITING, HookEvent, HookTarget, WriteHooks
from tests.support.source_writer import EVENT, SourceWriter, operation
from tests.support.timeouts import WITHIN

URL = "https://x.example/1"


@dataclass
class Receiver:
    url: str = ""
    status: int = 204
    received: asyncio.Queue[tuple[str | None, Any]] = field(default_factory=asyncio.Queue)

    async def take(self, request: web.Request) -> web.Response:
        self.received.put_nowait((request.headers.get("X-Secret"), await request.json()))
        return web.Response(status=self.status)

    async def next(self) -> tuple[str | None, Any]:
        return await asyncio.wait_for(self.received.get(), WITHIN)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.add_routes([web.post("/hook", receiver.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield receiver
    finally:
        await runner.cleanup()


async def settled(state: SandboxState, attempts: int) -> None:
    async with asyncio.timeout(WITHIN):
        while state.sessionboard.hooks.delivered + state.sessionboard.hooks.failed < attempts:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.01)


async def test_an_executed_write_is_announced_as_documented(
    source: SourceWriter, state: SandboxState, receiver: Receiver
) -> None:
    state.sessionboard.hooks.target = HookTarget(receiver.url, "X-Secret", "s3cret")
    await source.bulk([operation("person-1", URL), operation("nobody", URL)])
    await source.set_link("exhibitor-1", URL, "exhibitors")
    secret, body = await receiver.next()
    assert secret == "s3cret"
    assert body["data"] == await source.record("person-1") | {"sourceOfChange": "api"}
    assert body["metadata"] == {
        "action": "contact.updated",
        "actor_id": None,
        "event_id": EVENT,
        "org_id": 1,
        "resource_url": f"https://public-api.sessionboard.com/v1/event/{EVENT}/contacts/person-1",
        "version": 1,
        "datetime": "2027-03-01T12:00:00.000Z",
    }
    _, body = await receiver.next()
    assert (body["metadata"]["action"], body["data"]["id"]) == ("exhibitor.updated", "exhibitor-1")
    await settled(state, 2)
    assert receiver.received.empty()
    assert (state.sessionboard.hooks.delivered, state.sessionboard.hooks.failed) == (2, 0)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/hook", "no address"])
async def test_a_receiver_that_is_away_or_refuses_harms_nothing(
    source: SourceWriter, state: SandboxState, receiver: Receiver, url: str
) -> None:
    receiver.status = 500
    state.sessionboard.hooks.target = HookTarget(url or receiver.url, "X-Secret", "s3cret")
    for record_id in ("person-1", "person-2"):
        assert (await source.set_link(record_id, URL)).status_code == 200
    await settled(state, 2)
    assert (state.sessionboard.hooks.delivered, state.sessionboard.hooks.failed) == (0, 2)


async def test_without_a_receiver_nothing_waits(source: SourceWriter, state: SandboxState) -> None:
    await source.set_link("person-1", URL)
    assert not state.sessionboard.hooks.waiting


def test_so_many_wait_at_most() -> None:
    hooks = WriteHooks(HookTarget("http://127.0.0.1:9", "X", "s"))
    for number in range(MAX_WAITING + 5):
        hooks.add(HookEvent(EVENT, "contacts", "contacts", str(number), 0))
    assert len(hooks.waiting) == MAX_WAITING
    assert hooks.waiting[0].record_id == "5"
