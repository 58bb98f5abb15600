"""An adaptive limit on concurrent requests, shared by everything that uses the same token."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from adapters.http_client.responses import Response
from adapters.http_client.retries import RetryPolicy
from adapters.http_client.retry_after import requested_pause

CEILING = 16
"""Allows 600 records a second at 20 ms latency, and is still a polite number of requests."""
FLOOR = 1.0


@dataclass(slots=True, eq=False, weakref_slot=True)
class AdaptiveLimit:
    """A concurrency limit with additive increase and multiplicative decrease; waiters are served first come, first served.

    It belongs to one event loop at a time.
    """

    ceiling: int = CEILING
    _allowed: float = field(init=False)
    _in_flight: int = field(default=0, init=False)
    _paused_until: float = field(default=0.0, init=False)
    _round: int = field(default=0, init=False)
    _waiters: deque[asyncio.Future[None]] = field(default_factory=deque, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._allowed = float(self.ceiling)

    @property
    def allowed(self) -> int:
        return int(self._allowed)

    @property
    def in_flight(self) -> int:
        return self._in_flight

    @property
    def pause_left(self) -> float:
        """Return the seconds until the next request may begin."""
        return max(0.0, self._paused_until - time.monotonic())

    async def acquire(self) -> int:
        """Wait for a slot, and return the round it belongs to, which `throttled` needs."""
        if self._waiters or not self._is_open():
            await self._wait()
        else:
            self._in_flight += 1
        return self._round

    def release(self) -> None:
        self._in_flight -= 1
        if self._waiters:
            self._serve()

    def learn_from(self, response: Response, in_round: int, policy: RetryPolicy) -> None:
        """Adjust the limit to a response, and pause if the response says that the rate limit is used up."""
        throttled = response.is_throttled
        if throttled or response.headers.get("ratelimit-remaining") == "0":
            wait = requested_pause(response.headers)
            # If the wait is so long that this request gives up, the others must not wait for it either.
            if wait and (not throttled or wait <= policy.max_total_wait):
                self.pause(min(wait, policy.max_retry_after if throttled else policy.max_pause))
        if throttled:
            self.throttled(in_round)
        else:
            self.succeeded()

    def succeeded(self) -> None:
        """Raise the limit by one for every full round of responses without a 429."""
        if self._allowed < self.ceiling:
            self._allowed = min(self.ceiling, self._allowed + 1 / self._allowed)
            if self._waiters:
                self._serve()

    def throttled(self, in_round: int) -> None:
        """Halve the limit, once for all the requests that were in flight together."""
        if in_round == self._round:
            self._round += 1
            self._allowed = max(FLOOR, self._allowed / 2)

    def pause(self, seconds: float) -> None:
        """Hold back all new requests for a number of seconds."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def _has_free_slot(self) -> bool:
        return self._in_flight < int(self._allowed)

    def _is_open(self) -> bool:
        return self._has_free_slot() and not self.pause_left

    async def _wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._serve()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.release()  # the slot was granted in the same moment
            else:
                with suppress(ValueError):  # already dropped, when several were cancelled together
                    self._waiters.remove(waiter)
                self._serve()
            raise

    def _serve(self) -> None:
        while self._waiters and self._is_open():
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._in_flight += 1
                waiter.set_result(None)
        self._schedule_wakeup()

    def _schedule_wakeup(self) -> None:
        """Wake the waiters when the pause ends; without waiters no timer is set, so none outlives its loop."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiters and self._has_free_slot():  # they are waiting for the pause to end
            self._timer = asyncio.get_running_loop().call_later(self.pause_left, self._serve)
