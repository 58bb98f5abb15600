"""Limits how often the same error is logged, and counts the lines that are left out."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from structlog.typing import EventDict, WrappedLogger

BURST = 50
"""Lines of one kind."""
INTERVAL_SECONDS = 10.0
"""After this there may be one more line: about 10,000 a day."""
MAX_KINDS = 1000
_KIND_FIELDS = ("event", "logger", "at", "words", "problem")
LIMITED = frozenset({"warning", "error", "critical", "exception"})
"""The levels of errors. Other events are not limited; to hide them, choose another log level."""


@dataclass(slots=True)
class _Bucket:
    lines: float
    at: float
    suppressed: int = 0


@dataclass(slots=True)
class LogLimit:
    """A structlog processor that drops repeated lines."""

    now: Callable[[], float] = time.monotonic
    burst: int = BURST
    interval: float = INTERVAL_SECONDS
    _buckets: OrderedDict[tuple[object, ...], _Bucket] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, _: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Return the event, with `suppressed` if similar ones were dropped before.

        Raises:
            structlog.DropEvent
        """
        if method not in LIMITED:
            return event
        # By name, not by data: data that differs each time, such as an id, would make every event a kind.
        kind = (method, type(event.get("exc_info")), *map(event.get, _KIND_FIELDS))
        with self._lock:
            suppressed = self._take(kind)
        if suppressed:
            event["suppressed"] = suppressed
        return event

    def _take(self, kind: tuple[object, ...]) -> int:
        now = self.now()
        bucket = self._buckets.pop(kind, None) or _Bucket(self.burst, now)
        self._buckets[kind] = bucket
        if len(self._buckets) > MAX_KINDS:
            self._buckets.popitem(last=False)
        bucket.lines = min(self.burst, bucket.lines + (now - bucket.at) / self.interval)
        bucket.at = now
        if bucket.lines < 1:
            bucket.suppressed += 1
            raise structlog.DropEvent
        bucket.lines -= 1
        suppressed, bucket.suppressed = bucket.suppressed, 0
        return suppressed
