"""A fault that repeats a thousand times a second is told a few times, with how often it was not."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from structlog.typing import EventDict, WrappedLogger

AT_ONCE = 50
"""Lines of one kind."""
EVERY = 10.0
"""Seconds after which there may be one more: some 10,000 a day."""
MOST_KINDS = 1000
_TELLING = ("event", "logger", "at", "words", "problem")
LIMITED = frozenset({"warning", "error", "critical", "exception"})
"""What tells of faults. Events are told as often as they happen; who does not want them chooses another level."""


@dataclass(slots=True)
class _Bucket:
    lines: float
    at: float
    suppressed: int = 0


@dataclass(slots=True)
class LogLimit:
    """A processor for structlog: drops what is told too often."""

    now: Callable[[], float] = time.monotonic
    at_once: int = AT_ONCE
    every: float = EVERY
    _buckets: OrderedDict[tuple[object, ...], _Bucket] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, _: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Return an event that may be written, with `suppressed` if some like it were dropped.

        Raises:
            structlog.DropEvent
        """
        if method not in LIMITED:
            return event
        # By name, not by data: what differs each time, such as an id, would make each its own kind.
        kind = (method, type(event.get("exc_info")), *map(event.get, _TELLING))
        with self._lock:
            suppressed = self._take(kind)
        if suppressed:
            event["suppressed"] = suppressed
        return event

    def _take(self, kind: tuple[object, ...]) -> int:
        now = self.now()
        bucket = self._buckets.pop(kind, None) or _Bucket(self.at_once, now)
        self._buckets[kind] = bucket
        if len(self._buckets) > MOST_KINDS:
            self._buckets.popitem(last=False)
        bucket.lines = min(self.at_once, bucket.lines + (now - bucket.at) / self.every)
        bucket.at = now
        if bucket.lines < 1:
            bucket.suppressed += 1
            raise structlog.DropEvent
        bucket.lines -= 1
        suppressed, bucket.suppressed = bucket.suppressed, 0
        return suppressed
