"""Retries: how long to wait for another system, how often to try again, and when to give up."""

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
    """Timeouts, delays and limits; all in seconds except `max_attempts`."""

    connect_timeout: float = 10
    idle_timeout: float = 20
    """Between two chunks of the response to a read, and while sending."""
    write_timeout: float = 60
    """For a whole write. The host may be silent throughout: it may be working, and hanging up would not stop it."""
    read_timeout: float = 600
    """For a whole read."""
    max_attempts: int = 5
    """How often a request is sent when the connection fails or the host answers 5xx."""
    first_delay: float = 0.5
    max_delay: float = 30
    """Upper bound of our own exponential delays."""
    jitter: float = 1
    max_retry_after: float = 15 * 60
    """The most that one `Retry-After` is honoured for."""
    max_pause: float = 60
    """The longest pause after a successful response that says the rate limit is used up."""
    max_total_wait: float = 60 * 60
    """The most that one request waits in total; if the host asks for more, the request fails immediately."""
    time_limit: float = math.inf
    """For all requests since `started`, waits and responses together."""
    expires_at: float = math.inf
    """When the time limit ends, by `time.monotonic`."""

    def started(self) -> "RetryPolicy":
        """Return the policy with its time limit starting now."""
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
"""For requests that a person waits for, in a browser or through the API."""


def single_attempt(seconds: float) -> RetryPolicy:
    """Return a policy without retries, for callers that do their own."""
    return RetryPolicy(seconds, seconds, read_timeout=seconds, max_attempts=1, max_total_wait=0)


@dataclass(slots=True)
class RetryState:
    """The retry state of one request.

    A delay that the host asks for is used as it is. Only one shorter than our first delay is replaced by our own
    exponential delays: a constant "Retry-After: 0" must not become a busy loop.
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
    """Call `attempt`, with retries after a TransientError.

    A request that is not repeatable is retried only if it is certain that it was not executed.

    Raises:
        TransientError: the last attempt's.
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
                started_at = time.monotonic()
                try:
                    await asyncio.sleep(delay)
                finally:
                    WAITED.labels(host, reason).inc(time.monotonic() - started_at)
    except TimeoutError:
        if deadline.expired():
            raise TooSlow from None
        raise
