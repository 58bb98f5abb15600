"""A stand-in behind a wire, with a plug-in that reads it: what each test of the suite starts from."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed
from core.domain.records.source_records import SourceEvent
from gleanin_sync_testkit.source.capabilities import SourceCapabilities
from gleanin_sync_testkit.source.examples import Examples
from gleanin_sync_testkit.source.reading import (
    Operation,
    Reading,
    read_event,
    read_events,
    read_records,
)
from gleanin_sync_testkit.source.stand_in import SourceStandIn
from gleanin_sync_testkit.wire import Answer, Fault, Request, Wire
from ports.plugins import OpenHttp
from ports.source import Source

Open = Callable[[SourceStandIn, OpenHttp], AbstractAsyncContextManager[Source]]
Rewrite = Callable[[Request, Answer], Answer]
MAX_REQUESTS = 2000
"""Of one test: a plug-in that goes round in circles ends here."""


class TooManyRequests(AssertionError):
    """The plug-in does not stop reading."""


@dataclass(slots=True)
class System:
    stand_in: SourceStandIn
    capabilities: SourceCapabilities
    open_source: Open
    wire: Wire = field(init=False)
    hooks: list[Callable[[Request], None]] = field(default_factory=list)
    """Called before each request."""
    rewrites: list[Rewrite] = field(default_factory=list)
    """Change what the stand-in answers."""
    max_requests: int = MAX_REQUESTS
    examples: Examples = field(init=False)
    event: SourceEvent = field(init=False)
    """The event that the stand-in has from the beginning."""

    def __post_init__(self) -> None:
        self.wire = Wire(self._answer, before=self._before)
        self.examples = Examples(self.stand_in, self.capabilities)
        self.event = self.stand_in.only_event or self.examples.event()
        self.stand_in.put_event(self.event)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Source]:
        """Open the source; what the plug-in does not close is its fault."""
        async with self.open_source(self.stand_in, self.wire.open_http()) as source:
            yield source

    def put(self, feed: Feed[Any], rows: list[Any]) -> list[Any]:
        """Put rows into the event, and return them as the plug-in must return them."""
        self.stand_in.put_rows(self.event.id, feed.name, rows)
        return [self.stand_in.expected(row) for row in rows]

    def put_sessions(self, count: int) -> list[Any]:
        return self.put(SESSIONS, [*self.examples.sessions(count)])

    async def read(self, feed: Feed[Any] = SESSIONS, event_id: str | None = None) -> Reading:
        """Open the source, and read a feed."""
        async with self.opened() as source:
            return await read_records(source, self.event.id if event_id is None else event_id, feed)

    async def perform(self, operation: Operation) -> Reading:
        async with self.opened() as source:
            return await operation(source)

    async def requests_of(self, operation: Operation) -> list[Request]:
        """Return the requests of a reading in which nothing goes wrong."""
        before = len(self.wire.requests)
        async with self.opened() as source:
            reading = await operation(source)
        assert reading.error is None, (
            f"{reading.words} ended with {reading.error!r}, although nothing was wrong."
        )
        return self.wire.requests[before:]

    def operations(self) -> dict[str, Operation]:
        """Return all that reads, by name."""
        found: dict[str, Operation] = {
            "events": read_events,
            "event": lambda source: read_event(source, self.event.id),
            "sessions": lambda source: read_records(source, self.event.id, SESSIONS),
        }
        if self.capabilities.has_exhibitors:
            found["exhibitors"] = lambda source: read_records(source, self.event.id, EXHIBITORS)
        return found

    def fail(self, request: Request, answer: Answer | None, times: int | None = None) -> Fault:
        """Make a request of a reading fail whenever it is sent, or so many times."""
        wanted = key_of(request)
        fault = Fault(answer, matches=lambda sent: key_of(sent) == wanted, times=times)
        self.wire.faults = [fault]
        return fault

    def heal(self) -> None:
        self.wire.faults, self.rewrites, self.hooks = [], [], []

    def pages_of(self, requests: list[Request]) -> list[list[Request]]:
        """Group requests by the list whose pages they read; in the order in which they were sent."""
        groups: dict[str, list[Request]] = {}
        for request in requests:
            groups.setdefault(self.stand_in.list_of(request), []).append(request)
        return [*groups.values()]

    def _before(self, request: Request) -> None:
        if len(self.wire.requests) > self.max_requests:
            raise TooManyRequests(
                f"The plug-in has sent more than {self.max_requests} requests, the last to {request.url:.200}. "
                "Stop at a page that was read already."
            )
        for hook in self.hooks:
            hook(request)

    def _answer(self, request: Request) -> Answer:
        answer = self.stand_in.answer(replace(request, path=_as_a_server_reads(request)))
        for rewrite in self.rewrites:
            answer = rewrite(request, answer)
        return answer


def key_of(request: Request) -> tuple[str, str, bytes]:
    return request.method, request.url, request.body


def _as_a_server_reads(request: Request) -> str:
    """Return the path with its dot segments resolved, as servers and proxies do before they look at it."""
    raw = httpx.URL(request.url).raw_path.decode("ascii").partition("?")[0]
    kept: list[str] = []
    for segment in raw.split("/"):
        if segment == "..":
            kept = kept[:-1] or [""]
        elif segment != ".":
            kept.append(segment)
    return httpx.URL(f"https://x/{'/'.join(kept).lstrip('/')}").path
