"""How many requests are in flight: as many as the host bears, shared by all that use one token."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from adapters.http_client.responses import Response
from adapters.http_client.retries import RetryPolicy
from adapters.http_client.retry_after import requested_pause

CEILING = 16
"""Enough for 600 records a second at 20 ms latency, and few enough to be a polite client."""
FLOOR = 1.0


@dataclass(slots=True, eq=False, weakref_slot=True)
class AdaptiveLimit:
    """Additive increase, multiplicative decrease; waiters are served in the order in which they came.

    It belongs to one event loop at a time: whoever waits, waits in the loop that releases.
    """

    ceiling: int = CEILING
    _allowed: float = field(init=False)
    _in_flight: int = field(default=0, init=False)
    _paused_until: float = field(default=0.0, init=False)
    _round: int = field(default=0, init=False)
    _waiters: deque[asyncio.Future[None]] = field(default_factory=deque, init=False)
    _alarm: asyncio.TimerHandle | None = field(default=None, init=False)

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
        """Wait for a slot; give the round it belongs to, for `throttled`."""
        if self._waiters or not self._open():
            await self._wait()
        else:
            self._in_flight += 1
        return self._round

    def release(self) -> None:
        self._in_flight -= 1
        if self._waiters:
            self._serve()

    def learn_from(self, response: Response, in_round: int, policy: RetryPolicy) -> None:
        """Slow down or speed up by a response, and pause where it says that the rate limit is used up."""
        throttled = response.is_throttled
        if throttled or response.headers.get("ratelimit-remaining") == "0":
            wait = requested_pause(response.headers)
            # A wait that is so long that this request is given up is not waited for by the others either.
            if wait and (not throttled or wait <= policy.max_total_wait):
                self.pause(min(wait, policy.max_retry_after if throttled else policy.max_pause))
        if throttled:
            self.throttled(in_round)
        else:
            self.succeeded()

    def succeeded(self) -> None:
        """Allow one more for every round of answers without a 429."""
        if self._allowed < self.ceiling:
            self._allowed = min(self.ceiling, self._allowed + 1 / self._allowed)
            if self._waiters:
                self._serve()

    def throttled(self, in_round: int) -> None:
        """Halve what is allowed, once for all the requests that were under way together."""
        if in_round == self._round:
            self._round += 1
            self._allowed = max(FLOOR, self._allowed / 2)

    def pause(self, seconds: float) -> None:
        """Let nobody begin before so many seconds have passed."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def _has_room(self) -> bool:
        return self._in_flight < int(self._allowed)

    def _open(self) -> bool:
        return self._has_room() and not self.pause_left

    async def _wait(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiters.append(turn)
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the slot came, and nobody is there to use it
            else:
                with suppress(ValueError):  # passed over already, when several were cancelled together
                    self._waiters.remove(turn)
                self._serve()
            raise

    def _serve(self) -> None:
        while self._waiters and self._open():
            turn = self._waiters.popleft()
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Wake the waiters when the pause ends; without waiters there is no alarm, so none outlives its loop."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._waiters and self._has_room():  # it is the pause that they wait for
            self._alarm = asyncio.get_running_loop().call_later(self.pause_left, self._serve)
