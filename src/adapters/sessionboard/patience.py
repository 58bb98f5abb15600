"""How long to wait before reading again, and when to give up."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import stamina

T = TypeVar("T")
EPOCH_NOT_SECONDS = 1_000_000_000
"""A RateLimit-Reset above this is a moment, not a number of seconds: services differ."""


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds. Tests use a small `scale`, which shortens every wait alike."""

    tries: int = 5
    """Of a read that fails, not counting waits for the rate limit."""
    give_up_after: float = 60
    first_wait: float = 0.5
    longest_wait: float = 15
    longest_limit_wait: float = 900
    limit_waits_in_all: float = 3600
    scale: float = 1


class PassingTrouble(Exception):  # noqa: N818 - it passes
    """A 5xx or a broken connection: worth another try."""

    def __init__(self, sentence: str, asked_wait: float | None = None) -> None:
        super().__init__(sentence)
        self.asked_wait = asked_wait


class RateLimited(Exception):  # noqa: N818 - no error: the other side asked for a pause
    def __init__(self, asked_wait: float | None) -> None:
        super().__init__("Sessionboard asked for a pause (429).")
        self.asked_wait = asked_wait


@dataclass(slots=True)
class _Waits:
    """The waits of one read. Its hook tells stamina how long to wait, or False to give up."""

    patience: Patience
    failures: int = 0
    pauses: int = 0
    paused: float = 0
    started: float = field(default_factory=time.monotonic)

    def next(self, error: Exception) -> bool | float:
        if isinstance(error, RateLimited):
            return self._next_pause(error)
        if isinstance(error, PassingTrouble):
            return self._next_retry(error)
        return False

    def _next_pause(self, error: RateLimited) -> bool | float:
        self.pauses += 1
        # Never less than a growing wait of our own: "0" for ever must not become a busy loop.
        wait = max(error.asked_wait or 0, self._grown(self.pauses))
        wait = min(wait, self.patience.longest_limit_wait)
        if self.paused + wait > self.patience.limit_waits_in_all:
            return False
        self.paused += wait
        return _spread(wait) * self.patience.scale

    def _next_retry(self, error: PassingTrouble) -> bool | float:
        self.failures += 1
        wait = max(error.asked_wait or 0, self._grown(self.failures))
        elapsed = time.monotonic() - self.started - self.paused * self.patience.scale
        if self.failures >= self.patience.tries or elapsed + wait > self.patience.give_up_after:
            return False
        return _spread(wait) * self.patience.scale

    def _grown(self, times: int) -> float:
        return min(self.patience.first_wait * 2.0 ** min(times - 1, 20), self.patience.longest_wait)


async def persist(patience: Patience, read: Callable[[], Awaitable[T]]) -> T:
    """Read, again and again if need be.

    Raises:
        PassingTrouble: it did not pass.
        RateLimited: the pauses asked for are longer than we wait.
    """
    waits = _Waits(patience)
    async for attempt in stamina.retry_context(on=waits.next, attempts=None, timeout=None):
        with attempt:
            return await read()
    raise AssertionError  # stamina raises the last error by itself


def asked_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Tell for how many seconds an answer asks to wait: by Retry-After, else by RateLimit-Reset.

    Args:
        headers: with names that ignore case.
        now: what a date is compared with, unless the answer has a Date of its own (clocks differ).
    """
    given = headers.get("retry-after", "").strip()
    seconds = _seconds(given)
    if seconds is None and (moment := _moment(given)):
        base = _moment(headers.get("date", "")) or now or datetime.now(UTC)
        seconds = max((moment - base).total_seconds(), 0)
    if seconds is None and (reset := _seconds(headers.get("ratelimit-reset", ""))) is not None:
        at = (now or datetime.now(UTC)).timestamp()
        seconds = max(reset - at, 0) if reset > EPOCH_NOT_SECONDS else reset
    return seconds


def _seconds(text: str) -> float | None:
    text = text.strip()
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    return float(text)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _spread(wait: float) -> float:
    """Lengthen a wait a little, so that parallel reads do not all come back at once."""
    return wait * random.uniform(1.0, 1.25)  # noqa: S311 - no secret
