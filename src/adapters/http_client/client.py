"""The HTTP client: limits, bounds, retries and counts every request to another system."""

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
    HostNotFound,
    HostUnavailable,
    Throttled,
    TooSlow,
    TransientError,
    transient,
)
from adapters.http_client.host_slots import slots_for
from adapters.http_client.metrics import PACED, WAITED
from adapters.http_client.responses import MaxBody, Response, read
from adapters.http_client.retries import RetryPolicy, send_with_retries
from adapters.http_client.retry_after import requested_pause
from core.domain.errors import InvalidInput

R = TypeVar("R")
Url = httpx.URL
"""Opaque to callers."""
OpenTransport = Callable[[], httpx.AsyncBaseTransport]
_MIN_WAIT = 0.0001
"""Seconds: anything shorter is not counted as a wait."""
_parsed = lru_cache(maxsize=256)(httpx.URL)
"""Cached: parsing a URL costs as much as building a request body, and most URLs are requested repeatedly."""


class InvalidLink(Exception):
    """A link that must not be followed; the text says why, in words that follow "the link"."""


@dataclass(slots=True, repr=False)
class HttpClient:
    """Sends requests to one system, directly over a transport that the caller owns and closes.

    An httpx client would add cookies, redirects and hooks: none is wanted, and they take half the time of a request.

    Raises:
        InvalidInput: the base URL cannot be parsed.
    """

    transport: httpx.AsyncBaseTransport
    base: str
    system: str
    """The display name of the system; error messages begin with it."""
    headers: Mapping[str, str]
    policy: RetryPolicy
    limit: AdaptiveLimit | None = None
    before_write: Callable[[], Awaitable[None]] | None = None
    base_url: Url = field(init=False)
    _host_slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.base_url = _parsed(self.base)
        except httpx.InvalidURL as error:
            raise InvalidInput(
                "The address is not valid. Enter a full URL, such as https://api.example.com."
            ) from error
        self.headers = httpx.Headers(self.headers)
        self._host_slots = slots_for(self.base_url.host)

    @property
    def host(self) -> str:
        return self.base_url.host

    def url(self, path: str) -> Url:
        """Return the URL of a path, with or without a query, below the base URL."""
        return _parsed(f"{self.base}/{path}")

    @staticmethod
    def follow(current: Url, link: str) -> Url:
        """Resolve a link on the same host and scheme, so that the token is sent nowhere else.

        Raises:
            InvalidLink: it is not a URL, or leads to another host or scheme.
        """
        try:
            target = current.join(link)
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidLink("is not a valid URL") from error
        if (target.scheme, target.netloc) != (current.scheme, current.netloc) or target.userinfo:
            raise InvalidLink("leads to another host")
        return target

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
        """Send a request, with retries.

        `handle` raises TransientError for a response that is worth a retry. `before_write` is awaited before a write
        is sent. A write is completed even when the caller is cancelled, and retried only if it is certain that it was
        not executed.

        Raises:
            InvalidInput: the host resolves to a private address, and the settings do not allow that.
            HostUnavailable: all attempts failed.
        """
        # With `content`, httpx would also set headers that the transport sets anyway.
        request = httpx.Request(method, url, headers=self.headers, stream=httpx.ByteStream(body))
        request.read()

        async def attempt() -> R:
            return handle(await self._send_limited(request, max_body, is_write=is_write))

        try:
            return await send_with_retries(self.policy, url.host, attempt, is_repeatable=not is_write)
        except TransientError as error:
            raise HostUnavailable(self._sentence(error), not_executed=error.not_executed) from error

    def _sentence(self, error: TransientError) -> str:
        if isinstance(error, HostNotFound):
            return f"The host {self.host} {error}."
        is_throttled = isinstance(error, Throttled)
        if isinstance(error, TooSlow) or (is_throttled and self.policy.is_interactive):
            pause = " and asks for a longer pause" if is_throttled else ""
            return f"{self.system} {error}{pause}. Try again later."
        if is_throttled and (total := self.policy.max_total_wait):
            return (
                f"{self.system} {error} and asks for pauses of more than {total / 60:.0f} minutes in total."
            )
        return f"{self.system} {error}."

    async def _send_limited(self, request: httpx.Request, max_body: MaxBody, *, is_write: bool) -> Response:
        limit = self.limit
        in_round = await self._acquire(limit, request.url.host) if limit else 0
        try:
            # Acquire the slot before calling `before_write`: until then the write has not left.
            async with self._host_slots:
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
        """Wait for a slot, unless the current pause is longer than this policy waits.

        Raises:
            Throttled: it is longer.
        """
        if (pause := limit.pause_left) > self.policy.max_total_wait:
            raise Throttled(pause)
        started_at = time.monotonic()
        try:
            return await limit.acquire()
        finally:
            if (waited := time.monotonic() - started_at) > _MIN_WAIT:
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
                response = await self.transport.handle_async_request(request)
                try:
                    return await read(response, max_body)
                finally:
                    await response.aclose()
        except TRANSPORT_ERRORS as error:
            raise transient(error) from error
