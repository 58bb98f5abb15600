"""One request on its way: paced, bounded in time and size, announced if it writes."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from adapters.gleanin.pacing import AdaptiveLimit
from adapters.http_client.connections import never_left, problem_in
from adapters.http_client.meters import PACED, WAITED
from adapters.http_client.patience import Faltered, Patience, Throttled, pause_asked
from ports.destination import BeforeWrite

MOST_BYTES_READ = 128 * 1024 * 1024
"""50,000 speakers in one answer are about 25 MB."""
MOST_BYTES_WRITTEN = 1024 * 1024
"""Of the answer to a write, and of any that is no success."""
READ = "GET"
_PAGES = ("text/html", "application/xhtml+xml")
_A_LOOK = 200
"""Bytes of a body that tell whether it is a web page."""
_A_MOMENT = 0.0001
"""Seconds: less is no wait."""


class Garbled(Exception):
    """An answer came that cannot be taken in; its text says why, in words that follow the host's name."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytearray

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_failure_of_theirs(self) -> bool:
        """Whether the request was carried out is then unclear."""
        return (
            self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or self.status == HTTPStatus.REQUEST_TIMEOUT
            or self.status < HTTPStatus.OK
        )

    @property
    def is_web_page(self) -> bool:
        """Check whether it comes from something in between, such as a firewall, and not from the API."""
        begins = bytes(self.body[:_A_LOOK]).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return begins == b"<" or (kind in _PAGES and begins not in (b"{", b"["))


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends by the transport itself.

    Cookies, redirects and hooks, which a client would add, are what nobody wants here, and cost half of a request.
    """

    transport: httpx.AsyncBaseTransport
    limit: AdaptiveLimit
    patience: Patience
    before_write: BeforeWrite | None = None

    async def send(self, request: httpx.Request) -> Answer:
        """Send a request once.

        Raises:
            Throttled: it was not executed; the pause of the others may be longer than is waited for here.
            Faltered, Garbled: it may have been.
        """
        limit = self.limit
        if (pause := limit.pause_left) > self.patience.waits_in_all:
            raise Throttled(pause)
        begun = time.monotonic()
        try:
            in_round = await limit.acquire()
        finally:
            if (waited := time.monotonic() - begun) > _A_MOMENT:
                WAITED.labels(request.url.host, PACED).inc(waited)
        try:
            if request.method == READ:
                answer = await self._answer(request)
            else:
                if self.before_write is not None:
                    await self.before_write()
                answer = await self._seen_through(request)
            self._learn_from(answer, in_round)
            return answer
        finally:
            limit.release()

    def _learn_from(self, answer: Answer, in_round: int) -> None:
        patience = self.patience
        throttled = answer.status == HTTPStatus.TOO_MANY_REQUESTS
        wait = None
        if throttled or answer.headers.get("ratelimit-remaining") == "0":
            wait = pause_asked(answer.headers)
        # A wait that is so long that this request is given up is not waited for by the others either.
        if wait and (not throttled or wait <= patience.waits_in_all):
            self.limit.pause(min(wait, patience.longest_pause if throttled else patience.longest_breath))
        if throttled:
            self.limit.throttled(in_round)
            raise Throttled(wait)
        self.limit.succeeded()

    async def _seen_through(self, request: httpx.Request) -> Answer:
        """Send a write and await its end, also when cancelled: it is carried out, whether or not anybody listens.

        The cancellation comes with the caller's next await, so that what was written can still be recorded.
        """
        caller = asyncio.current_task()
        assert caller is not None
        if caller.cancelling():  # after the write before this one; it is due now
            await asyncio.sleep(0)
        exchange = asyncio.create_task(self._answer(request))
        try:
            return await asyncio.shield(exchange)
        except asyncio.CancelledError:
            if exchange.cancelled():  # the event loop ends, and waits for nothing
                caller.uncancel()
                caller.cancel()
                raise Faltered("was not waited for") from None
        while not exchange.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait((exchange,))
        caller.uncancel()  # no further one, but one of those that were counted
        caller.cancel()
        return exchange.result()

    async def _answer(self, request: httpx.Request) -> Answer:
        reads, patience = request.method == READ, self.patience
        silence = patience.silence
        request.extensions["timeout"] = {
            "connect": patience.connecting,
            "pool": silence,
            "write": silence,
            "read": silence if reads else patience.whole_write,
        }
        try:
            async with asyncio.timeout(patience.whole_read if reads else patience.whole_write):
                response = await self.transport.handle_async_request(request)
                try:
                    # A 429 says all in its headers; a body that breaks off must not make it unclear.
                    skips = response.status_code == HTTPStatus.TOO_MANY_REQUESTS
                    most = MOST_BYTES_READ if reads and response.is_success else MOST_BYTES_WRITTEN
                    body = bytearray() if skips else await _body(response, most)
                finally:
                    await response.aclose()
        except httpx.DecodingError as error:
            raise Garbled("gave an answer whose compression is broken or not known") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Faltered(problem_in(error), never_left=never_left(error)) from error
        return Answer(response.status_code, response.headers, body)


async def _body(response: httpx.Response, most: int) -> bytearray:
    body = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for piece in response.stream:
        body += piece
        if len(body) > most:
            raise Garbled(f"gave an answer of more than {most} bytes")
    return body
