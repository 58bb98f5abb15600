"""The headers in which a host asks for a pause."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_EPOCH_FROM = 1_000_000_000
"""A `RateLimit-Reset` this large is a point in time instead of a number of seconds: services differ."""
_EPOCH_IN_MILLISECONDS_FROM = 1_000_000_000_000
_MAX_DIGITS = 13


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks to wait, in either of its forms; None without a usable one."""
    text = (headers.get("retry-after") or "").strip()
    seconds = _number(text)
    if seconds is not None:
        return seconds
    at = _date(text)
    # Compare with the host's clock, which the date is by: ours may be wrong.
    now = _date(headers.get("date") or "") or datetime.now(UTC)
    return None if at is None else max((at - now).total_seconds(), 0.0)


def requested_pause(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait when a rate limit is used up, by `Retry-After` or else `RateLimit-Reset`."""
    seconds = retry_after(headers)
    reset = _number((headers.get("ratelimit-reset") or "").strip())
    if seconds is not None or reset is None:
        return seconds
    if reset >= _EPOCH_IN_MILLISECONDS_FROM:
        reset /= 1000
    return max(reset - time.time(), 0.0) if reset >= _EPOCH_FROM else reset


def _number(text: str) -> float | None:
    digits = text.partition(".")[0]
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS else None


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
