"""When a mapping with continuous sync is due (rule 24), and what failures do to that."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.backoff import backoff, spread
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import Scope
from core.domain.runs.run import RunState, SyncRun
from core.domain.runs.stop_reasons import (
    DATABASE_UNAVAILABLE,
    INTERRUPTED,
    LEASE_EXPIRED,
    REQUESTED_STOPS,
    TOKEN_REFUSED,
    TOKEN_REPLACED,
    system_in,
)

INTERVAL = timedelta(minutes=30)
SPREAD = 0.1
"""By how much of its wait a sync may come earlier or later, so that organizations do not all start together."""
MAX_WAIT = timedelta(hours=6)
AFTER_AN_INTERRUPTION = timedelta(minutes=1)
QUIET = timedelta(minutes=4)
"""From a hint that something has changed until the sync: longer than Sessionboard's cache of 3 minutes."""
ONE_HINT = timedelta(seconds=30)
"""Hints that come within it are one: a run after the quiet time of the first is still later than the cache of each."""
PASSES_BY_ITSELF = frozenset(
    stop.code for stop in (INTERRUPTED, LEASE_EXPIRED, TOKEN_REPLACED, DATABASE_UNAVAILABLE)
)


@dataclass(frozen=True, slots=True)
class Halt:
    """A token of a connection was refused: nothing is tried by itself until an admin has given another one."""

    system: str
    """Whose token it was; empty where an earlier version of this program did not note it."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a mapping is synced next by itself. It is kept for every mapping; continuous sync decides if it counts."""

    mapping_id: MappingId
    due_at: datetime
    failures: int = 0
    """Runs in a row that stopped as a whole, since somebody last synced by hand: what the wait grows by."""
    failing_since: datetime | None = None
    """When the first of the runs ended that have all stopped as a whole since; None if the last one did not."""
    halt: Halt | None = None
    hinted_at: datetime | None = None
    """The last hint that no run has answered yet."""
    last_checked_at: datetime | None = None
    """When it was last found that nothing had changed on either side, without a run."""

    @property
    def has_failed(self) -> bool:
        """Check whether the last run stopped as a whole."""
        return self.failing_since is not None

    @property
    def is_halted(self) -> bool:
        return self.halt is not None

    @property
    def is_failing(self) -> bool:
        return self.is_halted or self.has_failed

    def after(self, run: SyncRun, interval: timedelta = INTERVAL) -> "Schedule":
        """Count from the end of a run.

        What concerned the whole run makes the wait longer each time; what passes by itself is made up for soon. A run
        of a part puts nothing off: the rest waits as it did.
        """
        assert run.finished_at is not None, "only a run that has ended is counted from"
        if run.state is not RunState.STOPPED or run.stop is None:
            return self._after_success(run, interval) if run.scope is Scope.ALL else self
        if run.stop.code in REQUESTED_STOPS:
            return self
        if run.stop.code in PASSES_BY_ITSELF:
            return replace(self, due_at=run.finished_at + AFTER_AN_INTERRUPTION)
        is_refused = run.stop.code == TOKEN_REFUSED
        if run.scope is not Scope.ALL and not is_refused:
            return self
        failures = self.failures + 1
        due_at = _spread(run.mapping_id, run.finished_at, backoff(interval, failures, MAX_WAIT))
        halt = Halt(system_in(run.stop), run.finished_at) if is_refused else self.halt
        failing_since = self.failing_since or run.finished_at
        return replace(self, due_at=due_at, failures=failures, failing_since=failing_since, halt=halt)

    def _after_success(self, run: SyncRun, interval: timedelta) -> "Schedule":
        if self.hinted_at is not None and self.is_unanswered_by(run):
            due_at, hinted_at = self.hinted_at + QUIET, self.hinted_at
        else:
            assert run.finished_at is not None, "it has ended"
            due_at, hinted_at = _spread(run.mapping_id, run.finished_at, interval), None
        # A token that was refused is one until there is another: whoever syncs by hand may have been lucky.
        failing_since = self.failing_since if self.is_halted else None
        return replace(self, due_at=due_at, failures=0, failing_since=failing_since, hinted_at=hinted_at)

    def checked(self, begun_at: datetime, now: datetime, interval: timedelta = INTERVAL) -> "Schedule":
        """Return the schedule after a check that found nothing changed.

        Args:
            begun_at: when the check began to read.
            now: when it has ended.
            interval: of continuous sync.
        """
        after = replace(self, due_at=_spread(self.mapping_id, now, interval), last_checked_at=now)
        if self.hinted_at is None or not self.is_unanswered_at(begun_at):
            return replace(after, hinted_at=None)
        return replace(after, due_at=min(after.due_at, self.hinted_at + QUIET))

    def checked_since(self, instant: datetime) -> datetime | None:
        """Return when it was last found, later than at an instant, that nothing had changed; None where it was not."""
        at = self.last_checked_at
        return at if at is not None and at > instant else None

    def is_unanswered_by(self, run: SyncRun) -> bool:
        """Tell whether a hint came so late that the run may have read what was there before it."""
        return run.started_at is not None and self.is_unanswered_at(run.started_at)

    def is_unanswered_at(self, read_at: datetime) -> bool:
        """Check whether what was read from then on may be older than what a hint told of."""
        return self.hinted_at is not None and self.hinted_at + QUIET > read_at

    def hinted(self, now: datetime) -> "Schedule":
        """Come earlier, after a quiet time; further hints within it are answered by one more run at the most.

        What fails comes when it would: that something has changed does not mend it.
        """
        due_at = self.due_at if self.has_failed else min(self.due_at, now + QUIET)
        return replace(self, due_at=due_at, hinted_at=now)

    def is_hinted(self, now: datetime) -> bool:
        """Tell whether a further hint would change nothing: what answers the last one answers it too."""
        return self.hinted_at is not None and self.hinted_at <= now < self.hinted_at + ONE_HINT

    def reset_failures(self) -> "Schedule":
        """Wait no longer than usual after the next failure: somebody syncs by hand."""
        return replace(self, failures=0)

    def halted(self, halt: Halt) -> "Schedule":
        """Try nothing by itself any more: the token that it shares with another mapping was refused."""
        return replace(self, halt=halt)

    def resume(self, now: datetime) -> "Schedule":
        """Try at once: somebody has given another token."""
        return replace(self.reset_failures(), due_at=now, halt=None)


@dataclass(frozen=True, slots=True)
class Check:
    """It was found that nothing had changed on either side since a run."""

    run_id: RunId
    at: datetime


def last_checks(schedules: Iterable[Schedule], ended: Iterable[SyncRun]) -> Mapping[MappingId, Check]:
    """Return the last check of each mapping that was checked after its last run.

    Args:
        schedules: the mappings'.
        ended: of each mapping the newest runs that have ended, the newest first.
    """
    last: dict[MappingId, SyncRun] = {}
    for run in ended:
        last.setdefault(run.mapping_id, run)
    checks: dict[MappingId, Check] = {}
    for schedule in schedules:
        known = last.get(schedule.mapping_id)
        if known is not None and known.finished_at and (at := schedule.checked_since(known.finished_at)):
            checks[schedule.mapping_id] = Check(known.id, at)
    return checks


def released(schedules: Iterable[Schedule], system: str, now: datetime) -> Sequence[Schedule]:
    """Return the schedules that go on, changed, now that a system's token has been replaced.

    What the other system's token has halted stays halted.
    """
    return [
        each.resume(now)
        for each in schedules
        if each.is_failing and (each.halt is None or each.halt.system in (system, ""))
    ]


def _spread(mapping_id: MappingId, since: datetime, wait: timedelta) -> datetime:
    """Wait a little longer or shorter: as every process finds it out of what is stored."""
    share = int.from_bytes(hashlib.sha256(f"{mapping_id}:{since.isoformat()}".encode()).digest()[:4]) / 2**32
    return since + spread(wait * (1 - SPREAD), wait * (1 + SPREAD), share)
