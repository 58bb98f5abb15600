"""What stands between a plug-in and an author's stand-in: the real HTTP client, and faults below it."""

import json as jsonlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from adapters.http_client.clients import HttpClients
from adapters.http_client.retries import RetryPolicy
from ports.plugins import OpenHttp

HASTE = RetryPolicy(first_delay=0.0001, max_delay=0.001, jitter=0.0001, max_retry_after=0.01, max_attempts=3)
"""Retries as in the product, with delays that no test waits for."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a stand-in gets."""

    method: str
    path: str
    """With a slash at its start; the whole path, that of the base URL included."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    url: str

    @property
    def json(self) -> Any:
        return jsonlib.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stand-in answers: `json`, or a `body` as it is."""

    json: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


Respond = Callable[[Request], Answer]


def _every(_request: Request) -> bool:
    return True


def _nothing(_request: Request) -> None:
    pass


async def _no_pause(_request: Request) -> None:
    pass


@dataclass(slots=True)
class Fault:
    """What happens to some requests instead of, or after, being executed."""

    answer: Answer | None = None
    """None cuts the connection."""
    is_executed: bool = False
    """Whether the stand-in executes the request all the same: the answer is lost."""
    is_late: bool = False
    """Whether the stand-in executes the request only when `Wire.settle` is called."""
    is_unsent: bool = False
    """Whether no connection can be made at all."""
    alter: Callable[[Answer], Answer] | None = None
    """What becomes of the answer to a request that is executed; takes precedence over `answer`."""
    matches: Callable[[Request], bool] = _every
    after: int = 0
    """How many matching requests pass before."""
    times: int | None = 1
    """How many matching requests it happens to; None for all."""
    met: int = 0
    """How often it has happened."""

    def happens_to(self, request: Request) -> bool:
        if not self.matches(request):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None and self.met >= self.times:
            return False
        self.met += 1
        return True


@dataclass(slots=True)
class Wire:
    """The way to a stand-in: it logs each request, lets faults happen, and runs a hook before each request."""

    respond: Respond
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    late: list[Request] = field(default_factory=list)
    before: Callable[[Request], None] = _nothing
    """Called before each request is executed; it may change the stand-in's rows, or raise."""
    after: Callable[[Request], None] = _nothing
    """Called after each request was executed, before its answer arrives; what it raises replaces the answer."""
    pause: Callable[[Request], Awaitable[None]] = _no_pause
    """Awaited with each request that is under way, before it is executed."""

    def settle(self) -> None:
        """Execute what was answered before it was executed, as a slow application behind a gateway does."""
        late, self.late = self.late, []
        for request in late:
            self.respond(request)

    def open_http(self) -> OpenHttp:
        """Return the product's HTTP client, with this wire in the place of the network."""
        return HttpClients(transport=lambda: httpx.MockTransport(self._handle), policy=HASTE)

    async def _handle(self, sent: httpx.Request) -> httpx.Response:
        request = Request(
            sent.method,
            sent.url.path,
            dict(sent.url.params),
            {name.lower(): value for name, value in sent.headers.items()},
            sent.content,
            str(sent.url),
        )
        self.requests.append(request)
        await self.pause(request)
        self.before(request)
        fault = next((fault for fault in self.faults if fault.happens_to(request)), None)
        if fault is None:
            answer = self.respond(request)
            self.after(request)
            return _response(answer)
        if fault.is_unsent:
            raise httpx.ConnectError("no connection", request=sent)
        if fault.alter is not None:
            answer = fault.alter(self.respond(request))
            self.after(request)
            return _response(answer)
        if fault.is_executed:
            self.respond(request)
            self.after(request)
        if fault.is_late:
            self.late.append(request)
        if fault.answer is None:
            raise httpx.ReadError("the connection was cut", request=sent)
        return _response(fault.answer)


def _response(answer: Answer) -> httpx.Response:
    body = jsonlib.dumps(answer.json).encode() if answer.body is None else answer.body
    headers = {"content-type": "application/json", **{k.lower(): v for k, v in answer.headers.items()}}
    return httpx.Response(answer.status, content=body, headers=headers)
