"""Sync runs: one at a time per mapping, and one more that waits (rule 23)."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import Scope
from core.domain.records.outcomes import Causes, Counts
from core.domain.runs.messages import Remarks, closing_message
from core.domain.runs.stop_reasons import StopReason


class Trigger(StrEnum):
    MANUAL = "manual"
    CONTINUOUS = "continuous"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    COMPLETED_WITH_PROBLEMS = "completed_with_problems"
    STOPPED = "stopped"


OPEN_STATES = frozenset({RunState.QUEUED, RunState.RUNNING})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is with one kind of record."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class SyncRun:
    id: RunId
    mapping_id: MappingId
    trigger: Trigger
    scope: Scope
    requested_at: datetime
    requested_by: str = ""
    """Who asked for it, as the audit log calls them."""
    state: RunState = RunState.QUEUED
    owner: str | None = None
    """Which process holds the run's lease."""
    lease_until: datetime | None = None
    cancel_requested: str | None = None
    """The code of the stop that somebody asked for, seen before the next write."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stop: StopReason | None = None
    message: str = ""
    counts: Counts = field(default_factory=Counts)
    progress: dict[str, Progress] = field(default_factory=dict)
    """By the kind's plural."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def merge(self, trigger: Trigger, scope: Scope, by: str = "") -> "SyncRun":
        """Let one waiting run serve a further request (rule 23); it is somebody's as soon as somebody asks for it."""
        whole = replace(self, scope=self.scope | scope)
        if trigger is Trigger.MANUAL and self.trigger is not Trigger.MANUAL:
            return replace(whole, trigger=trigger, requested_by=by or self.requested_by)
        return whole

    def start(self, owner: str, now: datetime, lease: timedelta) -> "SyncRun":
        if self.state is not RunState.QUEUED:
            message = f"a {self.state} run cannot start"
            raise ValueError(message)
        return replace(self, state=RunState.RUNNING, owner=owner, lease_until=now + lease, started_at=now)

    def lease_has_run_out(self, now: datetime) -> bool:
        return self.state is RunState.RUNNING and (self.lease_until is None or self.lease_until <= now)

    def is_carried_out(self, now: datetime) -> bool:
        """Check whether somebody carries it out, who sees a request to stop before the next write."""
        return self.state is RunState.RUNNING and not self.lease_has_run_out(now)

    def request_cancel(self, stop: StopReason) -> "SyncRun":
        """Ask whoever carries the run out to stop it before the next write."""
        return replace(self, cancel_requested=stop.code)

    def finished(
        self,
        counts: Counts,
        now: datetime,
        support_contact: str | None = None,
        remarks: Remarks | None = None,
        causes: Causes = {},  # noqa: B006 - never changed
    ) -> "SyncRun":
        fine = counts.all_succeeded and not remarks
        state = RunState.COMPLETED if fine else RunState.COMPLETED_WITH_PROBLEMS
        message = closing_message(counts, self.scope, support_contact, remarks, causes)
        return replace(self._closed(state, now), counts=counts, message=message)

    def stopped(self, stop: StopReason, now: datetime, counts: Counts) -> "SyncRun":
        """End the run before its end; `counts` are those of its stored outcomes, whoever ends it (rule 26)."""
        closed = self._closed(RunState.STOPPED, now)
        message = f"Sync to Gleanin has stopped: {stop.sentence}"
        return replace(closed, stop=stop, message=message, counts=counts)

    def _closed(self, state: RunState, now: datetime) -> "SyncRun":
        if not self.is_open:
            message = f"the run is {self.state} already"
            raise ValueError(message)
        return replace(self, state=state, finished_at=now, owner=None, lease_until=None)
