"""A log in which what anybody can cause from outside is written a few times a minute, however often it happens.

Who sends a thousand wrong passwords a second is not to fill the disk. Nothing is lost but repetition: of each event the
first ones from an address are written, then each 2nd, 4th, 8th … of the window, with how many there were so far, and a
window that left any out is summed up by the first event after it. Metrics count all.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ports.log import Datum, EventLog

SAMPLED = "access."
WINDOW = 60.0
"""Seconds."""
MAX_OF_ADDRESS = 5
MAX_OF_ALL = 30
"""Lines of one event in a window, before only some are written."""


@dataclass(slots=True)
class _Window:
    started_at: float
    seen: int = 0
    written: int = 0
    by_address: Counter[Datum] = field(default_factory=Counter)
    """It has no more entries than lines were written in full."""

    def writes(self, address: Datum) -> bool:
        self.seen += 1
        if self.written < MAX_OF_ALL and self.by_address[address] < MAX_OF_ADDRESS:
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
        """Return what is to be said of repetition; None for an event that is not to be written."""
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
