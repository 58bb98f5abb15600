"""Two tenants on one event loop: parsing one tenant's response does not hold up the other's requests."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import pytest

from adapters.gleanin import responses
from adapters.gleanin.destination import GleaninDestinations
from adapters.http_client.parsing import SMALL, THREADS, ParsingLane, parsing_threads
from adapters.sessionboard import parsing
from adapters.sessionboard.source import SessionboardSources
from core.domain.ids import SourceEventId
from core.domain.records.feeds import SESSIONS
from core.domain.tenancy.secrets import Token
from tests.support.timeouts import WITHIN, until

LIMIT = 30
"""Seconds that a thread waits for a test that has gone wrong."""
EVENT = SourceEventId("1")
LARGE = "x" * (SMALL + 1)
T = TypeVar("T")


async def within(what: Awaitable[T]) -> T:
    return await asyncio.wait_for(what, WITHIN)


@dataclass
class Gate:
    """Blocks the first response that is parsed in a thread until the test lets it continue."""

    threads: Executor = field(default_factory=parsing_threads)
    opened: threading.Event = field(default_factory=threading.Event)
    held: int = 0
    done: int = 0

    def holding(self, parse: Callable[..., Any]) -> Callable[..., Any]:
        def held(*arguments: Any) -> Any:
            self.held += 1
            assert self.opened.wait(LIMIT)
            result = parse(*arguments)
            self.done += 1
            return result

        return held


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()
    gate.threads.shutdown()


def page(title: str) -> httpx.Response:
    totals = {"totalPages": 1, "totalResults": 1}
    return httpx.Response(200, json={"results": [{"id": "s1", "title": title}], "pagination": totals})


async def sessions(sources: SessionboardSources, host: str) -> list[str]:
    async with sources.open(f"https://{host}.example.com", Token("t")) as source:
        return [row.id async for page in source.records(EVENT, SESSIONS) for row in page]


@pytest.mark.parametrize("size", ["small", "large"])
async def test_parsing_one_tenants_response_does_not_hold_up_another_tenant(
    gate: Gate, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith("hostile"):
            return page(LARGE + "hostile")
        return page("" if size == "small" else LARGE)

    parse = parsing.parse
    held = gate.holding(parse)
    monkeypatch.setattr(parsing, "parse", lambda body: (held if b"hostile" in body else parse)(body))
    sources = SessionboardSources(transport=lambda: httpx.MockTransport(answer), threads=gate.threads)

    slow = asyncio.create_task(sessions(sources, "hostile"))
    await until(lambda: gate.held == 1)
    for _ in range(3):
        assert await within(sessions(sources, "other")) == ["s1"]
    assert not slow.done()
    gate.opened.set()
    assert await within(slow) == ["s1"]


async def test_parsing_gleanins_response_does_not_hold_up_another_tenant(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        events = [{"id": "1", "type": "events", "attributes": {"title": LARGE}}]
        if request.headers["authorization"] == "Bearer hostile":
            events[0]["id"] = "hostile"
        return httpx.Response(200, json={"data": events})

    parse = responses.parse
    held = gate.holding(parse)
    monkeypatch.setattr(responses, "parse", lambda body: (held if b"hostile" in body else parse)(body))
    destinations = GleaninDestinations(
        "https://gleanin.example", transport=lambda: httpx.MockTransport(answer), threads=gate.threads
    )

    async def events(token: str) -> list[str]:
        async with destinations.open(Token(token)) as gleanin:
            return [event.id for event in await gleanin.events()]

    slow = asyncio.create_task(events("hostile"))
    await until(lambda: gate.held == 1)
    assert await within(events("other")) == ["1"]
    assert not slow.done()
    gate.opened.set()
    assert await within(slow) == ["hostile"]


async def test_one_tenant_uses_at_most_one_thread(gate: Gate) -> None:
    greedy, other = ParsingLane(gate.threads), ParsingLane(gate.threads)
    tasks = [asyncio.create_task(greedy.run(SMALL + 1, gate.holding(lambda: "greedy"))) for _ in range(5)]
    await until(lambda: gate.held == 1)
    assert await within(other.run(SMALL + 1, lambda: "other")) == "other"
    assert gate.held == 1 < THREADS
    gate.opened.set()
    assert await within(asyncio.gather(*tasks)) == ["greedy"] * 5


async def test_small_response_is_parsed_in_place(gate: Gate) -> None:
    lane = ParsingLane(gate.threads)
    here = threading.get_ident()
    assert await lane.run(SMALL, threading.get_ident) == here
    assert await lane.run(SMALL + 1, threading.get_ident) != here


async def test_cancelled_reader_does_not_wait_for_the_parser(gate: Gate) -> None:
    lane = ParsingLane(gate.threads)
    first = asyncio.create_task(lane.run(SMALL + 1, gate.holding(lambda: "first")))
    waiting = asyncio.create_task(lane.run(SMALL + 1, gate.holding(lambda: "waiting")))
    await until(lambda: gate.held == 1)
    for task in (first, waiting):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await within(task)
    following = asyncio.create_task(lane.run(SMALL + 1, lambda: "next"))
    other = ParsingLane(gate.threads)
    assert await within(other.run(SMALL + 1, lambda: "other")) == "other"
    assert not following.done(), "a tenant that cancels does not take a second thread"
    gate.opened.set()
    assert await within(following) == "next"
    assert (gate.held, gate.done) == (1, 1), "work that had not started does not start"


async def test_work_queued_behind_busy_threads_is_dropped_on_cancellation(gate: Gate) -> None:
    one = ThreadPoolExecutor(1)
    busy, lane = ParsingLane(one), ParsingLane(one)
    running = asyncio.create_task(busy.run(SMALL + 1, gate.holding(lambda: "running")))
    await until(lambda: gate.held == 1)
    queued = asyncio.create_task(lane.run(SMALL + 1, gate.holding(lambda: "queued")))
    await asyncio.sleep(0)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await within(queued)
    gate.opened.set()
    assert await within(running) == "running"
    one.shutdown()
    assert gate.held == 1


def test_closing_the_loop_does_not_wait_for_the_parser(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        task = asyncio.create_task(ParsingLane(gate.threads).run(SMALL + 1, gate.holding(lambda: "late")))
        await until(lambda: gate.held == 1)
        task.cancel()

    asyncio.run(main())
    gate.opened.set()
    gate.threads.shutdown()
    assert gate.done == 1
    assert not caplog.records


async def test_parser_errors_reach_the_reader(gate: Gate) -> None:
    def fail() -> None:
        raise ValueError("no JSON")

    with pytest.raises(ValueError, match="no JSON"):
        await within(ParsingLane(gate.threads).run(SMALL + 1, fail))
