"""How long to wait for Gleanin, and when to give up."""

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

_EPOCH_FROM = 1_000_000_000
"""A `RateLimit-Reset` this large is no number of seconds to wait but a point in time."""
_LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds, but `tries`."""

    connecting: float = 10
    silence: float = 20
    """Between two pieces of an answer, and while sending."""
    whole_write: float = 60
    whole_read: float = 600
    tries: int = 5
    """How often a read is sent that meets a broken connection or a 5xx."""
    first_wait: float = 0.5
    longest_wait: float = 30
    jitter: float = 1
    longest_pause: float = 15 * 60
    """The most that one `Retry-After` is honoured for."""
    pauses_in_all: float = 60 * 60


class Headers(Protocol):
    def get(self, key: str, /) -> str | None: ...


class Throttled(Exception):  # noqa: N818 - named for what happened
    """Gleanin answered 429: the request was not executed."""

    def __init__(self, wait: float | None) -> None:
        super().__init__("429")
        self.wait = wait


class Faltered(Exception):  # noqa: N818
    """A read got no answer, or a 5xx; its text says which, in words that follow the host's name."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.wait = wait


@dataclass(slots=True)
class Perseverance:
    """Decides for one request whether it is sent again, and when: the hook that stamina asks.

    It gives the seconds to wait, True for stamina's own growing wait, or False to give up.
    """

    patience: Patience
    _falters: int = 0
    _throttled_since: float | None = field(default=None)

    def __call__(self, error: Exception) -> bool | float:
        match error:
            case Throttled(wait=wait):
                return self._bears(wait or 0.0) and self._after(wait)
            case Faltered(wait=wait):
                self._falters += 1
                return self._falters < self.patience.tries and self._after(wait)
            case _:
                return False

    def _bears(self, wait: float) -> bool:
        now = time.monotonic()
        if self._throttled_since is None:
            self._throttled_since = now
        return now - self._throttled_since + wait <= self.patience.pauses_in_all

    def _after(self, wait: float | None) -> bool | float:
        if not wait:
            return True
        # Spread, so that those who were sent away together do not all come back together.
        return wait + random.uniform(0, self.patience.jitter)  # noqa: S311 - no secret


def asked_wait(headers: Headers, longest: float) -> float | None:
    """Read how many seconds the other side asks to wait; None when it does not say."""
    seconds = _retry_after(headers)
    if seconds is None and headers.get("ratelimit-remaining") == "0":
        seconds = _until_reset(headers)
    return None if seconds is None else min(max(seconds, 0.0), longest)


def _retry_after(headers: Headers) -> float | None:
    text = (headers.get("retry-after") or "").strip()
    seconds = _number(text)
    if seconds is not None:
        return seconds
    at = _date(text)
    # Told by the other side's clock, so compared with it: ours may be wrong.
    now = _date(headers.get("date") or "") or datetime.now(UTC)
    return None if at is None else (at - now).total_seconds()


def _until_reset(headers: Headers) -> float | None:
    reset = _number((headers.get("ratelimit-reset") or "").strip())
    return reset - time.time() if reset is not None and reset >= _EPOCH_FROM else reset


def _number(text: str) -> float | None:
    digits = text.partition(".")[0]
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER else None


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
