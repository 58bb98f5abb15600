"""The schedule of continuous sync: when a mapping is due, also after failures (rule 24)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.backoff import backoff, spread
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import ALL
from core.domain.runs.run import RunState, SyncRun
from core.domain.runs.stop_reasons import (
    DATABASE_UNAVAILABLE,
    INTERRUPTED,
    LEASE_EXPIRED,
    REQUESTED_STOPS,
    TOKEN_REFUSED,
    TOKEN_REPLACED,
)
from core.domain.systems import ExternalSystem

INTERVAL = timedelta(minutes=30)
SPREAD = 0.1
"""The fraction of the wait by which a sync may start earlier or later, so that not all start together."""
MAX_WAIT = timedelta(hours=6)
RETRY_AFTER_INTERRUPTION = timedelta(minutes=1)
QUIET_PERIOD = timedelta(minutes=4)
"""Time from a change hint to the sync: longer than Sessionboard's cache of 3 minutes."""
HINT_WINDOW = timedelta(seconds=30)
"""Hints within this time count as one: a run after the first one's quiet time is still later than every hint's cache."""
TRANSIENT_STOPS = frozenset(
    stop.code for stop in (INTERRUPTED, LEASE_EXPIRED, TOKEN_REPLACED, DATABASE_UNAVAILABLE)
)


@dataclass(frozen=True, slots=True)
class Halt:
    """The state after a refused token: automatic syncs of the connection pause until the token is replaced."""

    system: str
    """The display name of the system that refused its token; empty if stored by a version that did not record it."""
    since: datetime
    identifier: str = ""
    """The identifier of the same system; empty if stored by a version that did not record it."""

    def is_about(self, system: ExternalSystem) -> bool:
        """Check whether a system refused its token, or may have: it is not known which one did.

        A display name can change when a plug-in is updated, so it only decides where no identifier is stored.
        """
        if self.identifier:
            return self.identifier == system.identifier
        return self.system in (system.display_name, "")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a mapping is next synced automatically. Every mapping has one; it applies if continuous sync is on."""

    mapping_id: MappingId
    due_at: datetime
    failures: int = 0
    """Consecutive stopped runs since the last manual sync; the wait grows with them."""
    failing_since: datetime | None = None
    """When the first of the consecutive stopped runs ended; None if the last run did not stop."""
    halt: Halt | None = None
    hinted_at: datetime | None = None
    """The last hint that no run has covered yet."""
    last_checked_at: datetime | None = None
    """The last check that found nothing changed in either system and needed no run."""

    @property
    def has_failed(self) -> bool:
        """Check whether the last run stopped."""
        return self.failing_since is not None

    @property
    def is_halted(self) -> bool:
        return self.halt is not None

    def is_due(self, now: datetime) -> bool:
        """Check whether the time for the next sync has come."""
        return not self.is_halted and self.due_at <= now

    @property
    def is_failing(self) -> bool:
        return self.is_halted or self.has_failed

    def after(self, run: SyncRun, interval: timedelta = INTERVAL) -> "Schedule":
        """Return the schedule after an ended run.

        Each stopped run makes the wait longer, except that interruptions are retried soon. A run of a single scope
        does not delay the next sync of the others.
        """
        assert run.finished_at is not None, "the run must have ended"
        if run.state is not RunState.STOPPED or run.stop is None:
            return self._after_success(run, interval) if run.scope == ALL else self
        if run.stop.code in REQUESTED_STOPS:
            return self
        if run.stop.code in TRANSIENT_STOPS:
            return replace(self, due_at=run.finished_at + RETRY_AFTER_INTERRUPTION)
        is_refused = run.stop.code == TOKEN_REFUSED
        if run.scope != ALL and not is_refused:
            return self
        failures = self.failures + 1
        due_at = _spread(run.mapping_id, run.finished_at, backoff(interval, failures, MAX_WAIT))
        halt = Halt(run.stop.system, run.finished_at, run.stop.identifier) if is_refused else self.halt
        failing_since = self.failing_since or run.finished_at
        return replace(self, due_at=due_at, failures=failures, failing_since=failing_since, halt=halt)

    def _after_success(self, run: SyncRun, interval: timedelta) -> "Schedule":
        if self.hinted_at is not None and self.is_uncovered_by(run):
            due_at, hinted_at = self.hinted_at + QUIET_PERIOD, self.hinted_at
        else:
            assert run.finished_at is not None, "it has ended"
            due_at, hinted_at = _spread(run.mapping_id, run.finished_at, interval), None
        # A refused token keeps the halt until it is replaced, even if a manual sync happened to succeed.
        failing_since = self.failing_since if self.is_halted else None
        return replace(self, due_at=due_at, failures=0, failing_since=failing_since, hinted_at=hinted_at)

    def checked(self, begun_at: datetime, now: datetime, interval: timedelta = INTERVAL) -> "Schedule":
        """Return the schedule after a check that found nothing changed.

        Args:
            begun_at: when the check began to read.
            now: when it ended.
            interval: of continuous sync.
        """
        after = replace(self, due_at=_spread(self.mapping_id, now, interval), last_checked_at=now)
        if self.hinted_at is None or not self.is_uncovered_at(begun_at):
            return replace(after, hinted_at=None)
        return replace(after, due_at=min(after.due_at, self.hinted_at + QUIET_PERIOD))

    def checked_since(self, instant: datetime) -> datetime | None:
        """Return the time of the last check that found nothing changed, if it is after an instant; None otherwise."""
        at = self.last_checked_at
        return at if at is not None and at > instant else None

    def is_uncovered_by(self, run: SyncRun) -> bool:
        """Check whether the last hint came so late that the run may have read older data."""
        return run.started_at is not None and self.is_uncovered_at(run.started_at)

    def is_uncovered_at(self, read_at: datetime) -> bool:
        """Check whether data read from this time on may be older than the change behind the last hint."""
        return self.hinted_at is not None and self.hinted_at + QUIET_PERIOD > read_at

    def hinted(self, now: datetime) -> "Schedule":
        """Return the schedule after a hint: due after a quiet time; further hints in it add at most one run.

        A failing mapping keeps its due time, because a change in the data does not fix it.
        """
        due_at = self.due_at if self.has_failed else min(self.due_at, now + QUIET_PERIOD)
        return replace(self, due_at=due_at, hinted_at=now)

    def is_hinted(self, now: datetime) -> bool:
        """Check whether a further hint would have no effect, because the run for the last one covers it too."""
        return self.hinted_at is not None and self.hinted_at <= now < self.hinted_at + HINT_WINDOW

    def reset_failures(self) -> "Schedule":
        """Return the schedule with the normal wait after the next failure, because of a manual sync."""
        return replace(self, failures=0)

    def halted(self, halt: Halt) -> "Schedule":
        """Return the schedule as halted: the token that it shares with another mapping was refused."""
        return replace(self, halt=halt)

    def resume(self, now: datetime) -> "Schedule":
        """Return the schedule as due immediately, after the token was replaced."""
        return replace(self.reset_failures(), due_at=now, halt=None)


@dataclass(frozen=True, slots=True)
class Check:
    """A check that found nothing changed in either system since a run."""

    run_id: RunId
    at: datetime


def last_checks(schedules: Iterable[Schedule], ended: Iterable[SyncRun]) -> Mapping[MappingId, Check]:
    """Return the last check of each mapping that was checked after its last run.

    Args:
        schedules: of the mappings.
        ended: the last ended runs of each mapping, newest first.
    """
    last: dict[MappingId, SyncRun] = {}
    for run in ended:
        last.setdefault(run.mapping_id, run)
    checks: dict[MappingId, Check] = {}
    for schedule in schedules:
        latest = last.get(schedule.mapping_id)
        if latest is not None and latest.finished_at and (at := schedule.checked_since(latest.finished_at)):
            checks[schedule.mapping_id] = Check(latest.id, at)
    return checks


def released(schedules: Iterable[Schedule], system: ExternalSystem, now: datetime) -> Sequence[Schedule]:
    """Return the schedules that resume, changed, after a system's token or access fields were replaced.

    Schedules that the other system's token halted stay halted and are not returned.
    """
    return [
        schedule.resume(now)
        for schedule in schedules
        if schedule.is_failing and (schedule.halt is None or schedule.halt.is_about(system))
    ]


def _spread(mapping_id: MappingId, since: datetime, wait: timedelta) -> datetime:
    """Return the end of a wait made slightly longer or shorter, by the same amount in every process."""
    share = int.from_bytes(hashlib.sha256(f"{mapping_id}:{since.isoformat()}".encode()).digest()[:4]) / 2**32
    return since + spread(wait * (1 - SPREAD), wait * (1 + SPREAD), share)
