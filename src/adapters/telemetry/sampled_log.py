"""An event log that samples events that outsiders can cause, so that they cannot fill the disk.

In each window, the first events from an address are written, then the 2nd, 4th, 8th … with their number so far. If any
were left out, the first event after the window adds a summary. Metrics count all events.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ports.log import Datum, EventLog

SAMPLED = "access."
WINDOW = 60.0
"""Seconds."""
MAX_PER_ADDRESS = 5
MAX_TOTAL = 30
"""Lines of one event in a window before it is sampled."""


@dataclass(slots=True)
class _Window:
    started_at: float
    seen: int = 0
    written: int = 0
    by_address: Counter[Datum] = field(default_factory=Counter)
    """Has at most one entry for each line written in full."""

    def writes(self, address: Datum) -> bool:
        self.seen += 1
        if self.written < MAX_TOTAL and self.by_address[address] < MAX_PER_ADDRESS:
            self.by_address[address] += 1
            self.written += 1
            return True
        return self.seen & (self.seen - 1) == 0  # a power of two


class SampledEvents:
    def __init__(
        self,
        log: EventLog,
        clock: Callable[[], float] = time.monotonic,
        *,
        windows: dict[str, _Window] | None = None,
        bound: dict[str, Datum] | None = None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._windows: dict[str, _Window] = {} if windows is None else windows
        self._bound = bound or {}

    def bound(self, **ids: Datum) -> "SampledEvents":
        return SampledEvents(
            self._log.bound(**ids), self._clock, windows=self._windows, bound=self._bound | ids
        )

    def event(self, name: str, **data: Datum) -> None:
        if not name.startswith(SAMPLED):
            self._log.event(name, **data)
        elif (repeated := self._repeated(name, data)) is not None:
            self._log.event(name, **data, **repeated)

    def warning(self, name: str, **data: Datum) -> None:
        if not name.startswith(SAMPLED):
            self._log.warning(name, **data)
        elif (repeated := self._repeated(name, data)) is not None:
            self._log.warning(name, **data, **repeated)

    def fault(self, name: str, error: BaseException, **data: Datum) -> None:
        self._log.fault(name, error, **data)

    def _repeated(self, name: str, data: dict[str, Datum]) -> dict[str, Datum] | None:
        """Return the data to add about repetition; None if the event must not be written."""
        now, window = self._clock(), self._windows.get(name)
        if window is None or now >= window.started_at + WINDOW:
            if window is not None and window.seen > window.written:
                self._log.warning(
                    "access.repeated", of=name, count=window.seen, seconds=round(now - window.started_at)
                )
            window = self._windows[name] = _Window(now)
        if not window.writes((self._bound | data).get("address")):
            return None
        return {"seen": window.seen} if window.seen > window.written else {}
