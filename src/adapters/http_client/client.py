"""The one way out: every request to another system is paced, bounded, sent again and counted here."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TypeVar

import httpx

from adapters.http_client.cancellation import finish_despite_cancellation
from adapters.http_client.concurrency_limit import AdaptiveLimit
from adapters.http_client.errors import (
    TRANSPORT_ERRORS,
    HostUnavailable,
    Throttled,
    TooSlow,
    TransientError,
    transient,
)
from adapters.http_client.host_slots import places_at
from adapters.http_client.metrics import PACED, WAITED
from adapters.http_client.responses import MaxBody, Response, read
from adapters.http_client.retries import RetryPolicy, send_with_retries
from adapters.http_client.retry_after import requested_pause
from core.domain.errors import InvalidInput

R = TypeVar("R")
Url = httpx.URL
"""To everybody else, a value without parts."""
OpenTransport = Callable[[], httpx.AsyncBaseTransport]
_MIN_WAIT = 0.0001
"""Seconds: less is no wait."""
_parsed = lru_cache(maxsize=256)(httpx.URL)
"""To parse an address costs as much as to build the body of a request, and most are asked again and again."""


class InvalidLink(Exception):
    """A link must not be followed; the text says why, in words that follow it."""


@dataclass(slots=True, repr=False)
class HttpClient:
    """Sends requests to one system, by the transport itself, which is closed by its owner.

    Cookies, redirects and hooks, which a client of httpx would add, are not wanted, and cost half of a request.

    Raises:
        InvalidInput: the base URL cannot be read.
    """

    transport: httpx.AsyncBaseTransport
    base: str
    system: str
    """Its display name."""
    headers: Mapping[str, str]
    policy: RetryPolicy
    limit: AdaptiveLimit | None = None
    before_write: Callable[[], Awaitable[None]] | None = None
    base_url: Url = field(init=False)
    _places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.base_url = _parsed(self.base)
        except httpx.InvalidURL as error:
            raise InvalidInput(
                "The address cannot be read. Write it as in https://api.example.com."
            ) from error
        self.headers = httpx.Headers(self.headers)
        self._places = places_at(self.base_url.host)

    @property
    def host(self) -> str:
        return self.base_url.host

    def url(self, path: str) -> Url:
        """Return the address of a path, which may have a query, below the base URL."""
        return _parsed(f"{self.base}/{path}")

    @staticmethod
    def follow(here: Url, link: str) -> Url:
        """Resolve a link; what is secret goes to no other place than the one it is for.

        Raises:
            InvalidLink
        """
        try:
            there = here.join(link)
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidLink("is no address") from error
        if (there.scheme, there.netloc) != (here.scheme, here.netloc) or there.userinfo:
            raise InvalidLink("leads to another place")
        return there

    async def send(
        self,
        method: str,
        url: Url,
        handle: Callable[[Response], R],
        max_body: MaxBody,
        *,
        body: bytes = b"",
        is_write: bool = False,
    ) -> R:
        """Send a request, and again while that can help.

        `handle` raises TransientError for a response that may be another one later. A write is announced by
        `before_write`, awaited even when cancelled, and sent again only when it is certain that it was not executed.

        Raises:
            InvalidInput: the host's name leads to a private address, which no setting allows.
            HostUnavailable: no attempt brought a result.
        """
        # With `content`, httpx would also write headers that the transport writes anyway.
        request = httpx.Request(method, url, headers=self.headers, stream=httpx.ByteStream(body))
        request.read()

        async def attempt() -> R:
            return handle(await self._send_in_turn(request, max_body, is_write=is_write))

        try:
            return await send_with_retries(self.policy, url.host, attempt, is_repeatable=not is_write)
        except TransientError as error:
            raise HostUnavailable(self._sentence(error), not_executed=error.not_executed) from error

    def _sentence(self, error: TransientError) -> str:
        is_throttled = isinstance(error, Throttled)
        if isinstance(error, TooSlow) or (is_throttled and self.policy.is_interactive):
            pause = ", and asks for a longer pause" if is_throttled else ""
            return f"{self.system} ({self.host}) {error}{pause}. Try again later."
        if is_throttled and (total := self.policy.max_total_wait):
            return f"{self.host} {error}, and asks for longer pauses than {total / 60:.0f} minutes in all."
        return f"{self.host} {error}."

    async def _send_in_turn(self, request: httpx.Request, max_body: MaxBody, *, is_write: bool) -> Response:
        limit = self.limit
        in_round = await self._acquire(limit, request.url.host) if limit else 0
        try:
            # Before a write is announced: while it waits for a place, it has not left.
            async with self._places:
                if is_write:
                    if self.before_write is not None:
                        await self.before_write()
                    send = partial(self._send_once, request, max_body, is_write=True)
                    response = await finish_despite_cancellation(send)
                else:
                    response = await self._send_once(request, max_body, is_write=False)
            if limit:
                limit.learn_from(response, in_round, self.policy)
            if response.is_throttled:
                raise Throttled(requested_pause(response.headers))
            return response
        finally:
            if limit:
                limit.release()

    async def _acquire(self, limit: AdaptiveLimit, host: str) -> int:
        """Wait for a slot, unless the pause of the others is longer than is waited for here."""
        if (pause := limit.pause_left) > self.policy.max_total_wait:
            raise Throttled(pause)
        began = time.monotonic()
        try:
            return await limit.acquire()
        finally:
            if (waited := time.monotonic() - began) > _MIN_WAIT:
                WAITED.labels(host, PACED).inc(waited)

    async def _send_once(self, request: httpx.Request, max_body: MaxBody, *, is_write: bool) -> Response:
        policy = self.policy
        request.extensions["timeout"] = {
            "connect": policy.connect_timeout,
            "pool": policy.idle_timeout,
            "write": policy.idle_timeout,
            "read": policy.write_timeout if is_write else policy.idle_timeout,
        }
        try:
            async with asyncio.timeout(policy.write_timeout if is_write else policy.read_timeout):
                answer = await self.transport.handle_async_request(request)
                try:
                    return await read(answer, max_body)
                finally:
                    await answer.aclose()
        except TRANSPORT_ERRORS as error:
            raise transient(error) from error
