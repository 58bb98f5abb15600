"""How long to wait for the other side, and when to give up."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

import stamina

from adapters.http_client.meters import FALTERED, THROTTLED, WAITED

T = TypeVar("T")
_EPOCH_FROM = 1_000_000_000
"""A `RateLimit-Reset` this large is no number of seconds to wait but a point in time: services differ."""
_EPOCH_IN_MILLISECONDS_FROM = 1_000_000_000_000
_LONGEST_NUMBER = 13


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds, but `tries`."""

    connecting: float = 10
    silence: float = 20
    """Between two pieces of the answer to a read, and while sending."""
    whole_write: float = 60
    """It may be silent for all of it: Gleanin may be at work, and to stop listening stops nothing."""
    whole_read: float = 600
    tries: int = 5
    """How often a request is sent that meets a broken connection or a 5xx."""
    first_wait: float = 0.5
    longest_wait: float = 30
    """What our own, growing waits do not grow beyond."""
    jitter: float = 1
    longest_pause: float = 15 * 60
    """The most that one `Retry-After` is honoured for."""
    longest_breath: float = 60
    """The most that is paused because an answer, which was given, says that the limit is used up now."""
    waits_in_all: float = 60 * 60
    """More than this is not waited for one request, and one that asks for more at once is not waited for."""
    in_all: float = math.inf
    """For everything that is asked of what was opened once: waits and answers together."""
    until: float = math.inf
    """When that is over, by `time.monotonic`."""

    def started(self) -> "Patience":
        """Return the patience for what is opened now."""
        return replace(self, until=time.monotonic() + self.in_all)

    @property
    def left(self) -> float:
        return self.until - time.monotonic()

    @property
    def is_interactive(self) -> bool:
        """Check whether a person waits for the answer."""
        return self.in_all < math.inf


INTERACTIVE = Patience(
    silence=15, whole_read=25, tries=3, longest_wait=5, longest_pause=10, waits_in_all=10, in_all=30
)
"""A person waits for it, in a browser or for an answer of the API."""


class Throttled(Exception):
    """The other side answered 429: the request was not executed."""

    def __init__(self, asked: float | None) -> None:
        super().__init__("429")
        self.asked = asked


class Faltered(Exception):
    """No answer came, or a 5xx; its text says which, in words that follow the host's name."""

    def __init__(self, problem: str, asked: float | None = None, *, never_left: bool = False) -> None:
        """Describe the trouble.

        Args:
            problem: in words.
            asked: seconds that the other side asks to wait.
            never_left: no connection was made, so that nothing was sent.
        """
        super().__init__(problem)
        self.asked = asked
        self.never_left = never_left


class TooSlow(Faltered):
    """There was no time left for the answer."""

    def __init__(self) -> None:
        super().__init__("answers too slowly")


@dataclass(slots=True)
class Perseverance:
    """Decides for one request whether it is sent again: the hook that stamina asks.

    It gives the seconds to wait, or False to give up. A wait that the other side asks for is kept, and not
    lengthened: it knows. Only one that is shorter than our first wait gives way to our own, growing ones:
    "0" for ever must not become a busy loop.
    """

    patience: Patience
    host: str
    """Who is waited for."""
    _falters: int = 0
    _pauses: int = 0
    _waited: float = 0
    _waits: tuple[str, float] | None = None
    """Why, and since when."""

    def __call__(self, error: Exception) -> bool | float:
        match error:
            case Throttled(asked=asked):
                self._pauses += 1
                return self._told(THROTTLED, self._wait(asked, self._pauses))
            case Faltered(asked=asked):
                self._falters += 1
                return self._falters < self.patience.tries and self._told(
                    FALTERED, self._wait(asked, self._falters)
                )
            case _:
                return False

    def _told(self, why: str, wait: bool | float) -> bool | float:
        if wait:
            self._waits = why, time.monotonic()
        return wait

    def has_waited(self) -> None:
        """Count the wait that is over, or was cut; where there was none, nothing."""
        if self._waits is not None:
            why, since = self._waits
            self._waits = None
            WAITED.labels(self.host, why).inc(time.monotonic() - since)

    def _wait(self, asked: float | None, times: int) -> bool | float:
        patience = self.patience
        if asked is not None and asked > patience.waits_in_all:
            return False
        if asked is not None and asked >= patience.first_wait:
            wait = min(asked, patience.longest_pause)
        else:
            wait = min(patience.first_wait * 2.0 ** min(times - 1, 20), patience.longest_wait)
        self._waited += wait
        if self._waited > patience.waits_in_all or wait > patience.left:
            return False
        # Spread, so that those who were sent away together do not all come back together.
        return wait + random.uniform(0, patience.jitter)  # noqa: S311 - no secret


async def persist(patience: Patience, host: str, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask a host, and ask again while that can help.

    Raises:
        Throttled: the waits asked for are longer than patience lasts.
        TooSlow: there is no time left.
        Faltered: it did not pass.
    """
    if not patience.is_interactive:
        return await _persist(patience, host, ask)
    try:
        async with asyncio.timeout(patience.left):
            return await _persist(patience, host, ask)
    except TimeoutError:
        raise TooSlow from None


async def _persist(patience: Patience, host: str, ask: Callable[[], Awaitable[T]]) -> T:
    try:
        return await ask()
    except (Throttled, Faltered) as error:
        trouble = error
    # Only now that something is wrong: stamina's loop costs more than a request does.
    perseverance = Perseverance(patience, host)
    try:
        async for attempt in stamina.retry_context(on=perseverance, attempts=None, timeout=None):
            perseverance.has_waited()
            with attempt:
                if attempt.num == 1:  # what has just happened counts as stamina's first attempt
                    raise trouble
                return await ask()
    finally:
        perseverance.has_waited()
    raise trouble  # stamina may have been switched off


class Headers(Protocol):
    """Header fields by name, whatever its case."""

    def get(self, key: str, /) -> str | None: ...


def retry_after(headers: Headers) -> float | None:
    """Read how many seconds `Retry-After` asks to wait, in either of its forms; None when it does not say."""
    text = (headers.get("retry-after") or "").strip()
    seconds = _number(text)
    if seconds is not None:
        return seconds
    at = _date(text)
    # Told by the other side's clock, so compared with it: ours may be wrong.
    now = _date(headers.get("date") or "") or datetime.now(UTC)
    return None if at is None else max((at - now).total_seconds(), 0.0)


def pause_asked(headers: Headers) -> float | None:
    """Read how many seconds to wait when a rate limit is used up: by `Retry-After`, else by `RateLimit-Reset`."""
    seconds = retry_after(headers)
    reset = _number((headers.get("ratelimit-reset") or "").strip())
    if seconds is not None or reset is None:
        return seconds
    if reset >= _EPOCH_IN_MILLISECONDS_FROM:
        reset /= 1000
    return max(reset - time.time(), 0.0) if reset >= _EPOCH_FROM else reset


def _number(text: str) -> float | None:
    digits = text.partition(".")[0]
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER else None


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
