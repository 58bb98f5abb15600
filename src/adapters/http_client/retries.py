"""How long to wait for another system, how often to send a request again, and when to give up."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from adapters.http_client.errors import Throttled, TooSlow, TransientError
from adapters.http_client.metrics import FAILED, THROTTLED, WAITED
from core.domain.backoff import backoff, spread

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """All in seconds, but `max_attempts`."""

    connect_timeout: float = 10
    idle_timeout: float = 20
    """Between two pieces of the response to a read, and while sending."""
    write_timeout: float = 60
    """The host may be silent for all of it: it may be at work, and to stop listening stops nothing."""
    read_timeout: float = 600
    """For a whole read."""
    max_attempts: int = 5
    """How often a request is sent that meets a broken connection or a 5xx."""
    first_delay: float = 0.5
    max_delay: float = 30
    """What our own, growing delays do not grow beyond."""
    jitter: float = 1
    max_retry_after: float = 15 * 60
    """The most that one `Retry-After` is honoured for."""
    max_pause: float = 60
    """The most that is paused because a response, which was given, says that the limit is used up now."""
    max_total_wait: float = 60 * 60
    """More than this is not waited for one request, and one that asks for more at once is not waited for."""
    time_limit: float = math.inf
    """For all requests since `started`: waits and responses together."""
    expires_at: float = math.inf
    """When that is over, by `time.monotonic`."""

    def started(self) -> "RetryPolicy":
        """Return the policy for requests that begin now."""
        return replace(self, expires_at=time.monotonic() + self.time_limit)

    @property
    def time_left(self) -> float:
        return self.expires_at - time.monotonic()

    @property
    def is_interactive(self) -> bool:
        """Check whether a person waits for the response."""
        return self.time_limit < math.inf


INTERACTIVE = RetryPolicy(
    idle_timeout=15,
    read_timeout=25,
    max_attempts=3,
    max_delay=5,
    max_retry_after=10,
    max_total_wait=10,
    time_limit=30,
)
"""A person waits for it, in a browser or for a response of the API."""


def single_attempt(seconds: float) -> RetryPolicy:
    """Return the policy of requests that their sender repeats, if anybody does."""
    return RetryPolicy(seconds, seconds, read_timeout=seconds, max_attempts=1, max_total_wait=0)


@dataclass(slots=True)
class RetryState:
    """Decides for one request whether it is sent again.

    A wait that the host asks for is kept, and not lengthened: it knows. Only one that is shorter than our first delay
    gives way to our own, growing ones: "0" for ever must not become a busy loop.
    """

    policy: RetryPolicy
    _failures: int = 0
    _throttled: int = 0
    _waited: float = 0

    def delay_after(self, error: TransientError) -> float | None:
        """Return the seconds until the next attempt; None to give up."""
        if isinstance(error, Throttled):
            self._throttled += 1
            return self._delay(error.retry_after, self._throttled)
        self._failures += 1
        if self._failures >= self.policy.max_attempts:
            return None
        return self._delay(error.retry_after, self._failures)

    def _delay(self, requested: float | None, failures: int) -> float | None:
        policy = self.policy
        if requested is not None and requested > policy.max_total_wait:
            return None
        if requested is not None and requested >= policy.first_delay:
            delay = min(requested, policy.max_retry_after)
        else:
            delay = backoff(policy.first_delay, failures, policy.max_delay)
        self._waited += delay
        if self._waited > policy.max_total_wait or delay > policy.time_left:
            return None
        return spread(delay, delay + policy.jitter, random.random())  # noqa: S311 - no secret


async def send_with_retries(
    policy: RetryPolicy, host: str, attempt: Callable[[], Awaitable[T]], *, is_repeatable: bool = True
) -> T:
    """Send a request, and again while that can help.

    What is not repeatable is sent again only when it is certain that it was not executed.

    Raises:
        TransientError: of the last attempt.
    """
    state = RetryState(policy)
    deadline = asyncio.timeout(policy.time_left if policy.is_interactive else None)
    try:
        async with deadline:
            while True:
                try:
                    return await attempt()
                except TransientError as error:
                    delay = state.delay_after(error) if is_repeatable or error.not_executed else None
                    if delay is None:
                        raise
                    reason = THROTTLED if isinstance(error, Throttled) else FAILED
                began = time.monotonic()
                try:
                    await asyncio.sleep(delay)
                finally:
                    WAITED.labels(host, reason).inc(time.monotonic() - began)
    except TimeoutError:
        if deadline.expired():
            raise TooSlow from None
        raise
