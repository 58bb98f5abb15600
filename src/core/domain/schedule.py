"""When a mapping with continuous sync is due (rule 24), and what failures do to that."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.identifiers import MappingId
from core.domain.runs import RunState, SyncRun
from core.domain.stops import DIED_AGAIN, STOPS_ASKED_FOR, StoppedBy

INTERVAL = timedelta(minutes=30)
SPREAD = 0.1
"""By how much of its wait a sync may come earlier or later, so that organizations do not all start together."""
LONGEST_WAIT = timedelta(hours=6)
AFTER_AN_INTERRUPTION = timedelta(minutes=1)
QUIET = timedelta(minutes=4)
"""From a hint that something has changed until the sync: longer than Sessionboard's cache of 3 minutes."""
REFUSED = "token_refused"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a mapping is synced next by itself. It is kept for every mapping; continuous sync decides if it counts."""

    mapping_id: MappingId
    due_at: datetime
    failures: int = 0
    """Runs in a row that stopped as a whole."""
    is_halted: bool = False
    """A token was refused: nothing is tried by itself until an admin has given another one."""
    hinted_at: datetime | None = None
    """The last hint that no run has answered yet."""

    @property
    def is_failing(self) -> bool:
        return self.is_halted or self.failures > 0

    def after(self, run: SyncRun, interval: timedelta = INTERVAL) -> "Schedule":
        """Count from the end of a run.

        What concerned the whole run makes the wait longer each time; an interruption of ours is made up for soon.
        """
        assert run.finished_at is not None, "only a run that has ended is counted from"
        if run.state is not RunState.STOPPED or run.stop is None:
            usual = self._at(run, interval, failures=0, is_halted=False)
            return (
                replace(usual, due_at=self.hinted_at + QUIET)
                if self.hinted_at and self.is_unanswered_by(run)
                else usual
            )
        if run.stop.code in STOPS_ASKED_FOR:
            return self
        # What ends its process again and again may be what ends it: that counts as a failure.
        if run.stop.by is StoppedBy.INTERRUPTION and run.stop != DIED_AGAIN:
            return replace(self, due_at=run.finished_at + AFTER_AN_INTERRUPTION)
        failures = self.failures + 1
        wait = min(interval * 2 ** min(failures - 1, 16), LONGEST_WAIT)
        return self._at(run, wait, failures=failures, is_halted=run.stop.code == REFUSED)

    def is_unanswered_by(self, run: SyncRun) -> bool:
        """Tell whether a hint came so late that the run may have read what was there before it."""
        if self.hinted_at is None or run.started_at is None:
            return False
        return self.hinted_at + QUIET > run.started_at

    def _at(self, run: SyncRun, wait: timedelta, *, failures: int, is_halted: bool) -> "Schedule":
        assert run.finished_at is not None
        return Schedule(self.mapping_id, run.finished_at + spread(wait, run), failures, is_halted)

    def hinted(self, now: datetime) -> "Schedule":
        """Come earlier, after a quiet time; further hints within it are answered by one more run at the most."""
        return replace(self, due_at=min(self.due_at, now + QUIET), hinted_at=now)

    def forgiven(self) -> "Schedule":
        """Wait no longer than usual after the next failure: somebody syncs by hand."""
        return replace(self, failures=min(self.failures, 1))

    def halted(self) -> "Schedule":
        """Try nothing by itself any more: the token that it shares with another mapping was refused."""
        return replace(self, is_halted=True)

    def begun_anew(self, now: datetime) -> "Schedule":
        """Try at once: somebody has given another token."""
        return replace(self.forgiven(), due_at=now, is_halted=False)


def released(schedules: Iterable[Schedule], now: datetime) -> Sequence[Schedule]:
    """Let those go on that a token had stopped, now that there is another one."""
    return [each.begun_anew(now) for each in schedules if each.is_failing]


def spread(wait: timedelta, run: SyncRun) -> timedelta:
    """Make a wait a little longer or shorter: out of what is stored, so that every process comes to the same moment."""
    share = int.from_bytes(hashlib.sha256(f"{run.mapping_id}:{run.id}".encode()).digest()[:4]) / 2**32
    return wait * (1 - SPREAD + 2 * SPREAD * share)
