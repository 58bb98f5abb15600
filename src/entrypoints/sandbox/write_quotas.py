"""How often Sessionboard's stand-in may be written: requests per 15 minutes and kind, and operations per day."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

WINDOW = 15 * 60
DAY = 24 * 60 * 60
REQUESTS = 100
OPERATIONS = 10_000


@dataclass(slots=True)
class SandboxQuotas:
    """Counts what was accepted; what is refused does not count."""

    clock: Callable[[], float]
    requests: int | None = REQUESTS
    """Per window and kind, where a bulk is one request; None: no limit."""
    operations: int | None = OPERATIONS
    """Per day of UTC, over all kinds, where each operation of a bulk counts; None: no limit."""
    _began: dict[str, float] = field(default_factory=dict)
    _requests: Counter[str] = field(default_factory=Counter)
    _day: int = 0
    _operations: int = 0

    def spend(self, kind: str, operations: int) -> float | None:
        """Count a request, or return after how many seconds it may come again."""
        now = self.clock()
        self._turn(kind, now)
        if self.requests is not None and self._requests[kind] >= self.requests:
            return self._began[kind] + WINDOW - now
        if self.operations is not None and self._operations + operations > self.operations:
            return (self._day + 1) * DAY - now
        self._requests[kind] += 1
        self._operations += operations
        return None

    def headers(self, kind: str) -> dict[str, str]:
        """Return the headers of an answer about the window of a kind."""
        if self.requests is None:
            return {}
        now = self.clock()
        self._turn(kind, now)
        return {
            "RateLimit-Limit": str(self.requests),
            "RateLimit-Remaining": str(max(0, self.requests - self._requests[kind])),
            "RateLimit-Reset": str(ceil(self._began[kind] + WINDOW - now)),
        }

    def reset(self) -> None:
        """Forget what was counted."""
        self._began.clear()
        self._requests.clear()
        self._operations = 0

    def _turn(self, kind: str, now: float) -> None:
        """Begin a new window or a new day if it is time."""
        if now >= self._began.setdefault(kind, now) + WINDOW:
            self._began[kind] = now
            self._requests[kind] = 0
        if self._day != (day := int(now // DAY)):
            self._day, self._operations = day, 0
