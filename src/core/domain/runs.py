"""Sync runs: one at a time per mapping, and one more that waits (rule 23)."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.identifiers import MappingId, RunId
from core.domain.kinds import Scope
from core.domain.messages import Remarks, closing_message
from core.domain.outcomes import Causes, Counts
from core.domain.stops import Stop


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
    paused_until: datetime | None = None
    """Between two of its slices: nobody carries it out, and from then on anybody may go on with it."""
    slices_in_vain: int = 0
    """Slices in which nothing became of any record: each makes the next one twice as long."""
    stop_asked: str | None = None
    """The code of the stop that somebody asked for, seen before the next write."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stop: Stop | None = None
    message: str = ""
    counts: Counts = field(default_factory=Counts)
    progress: dict[str, Progress] = field(default_factory=dict)
    """By the kind's plural."""
    confirms: RunId | None = None
    """The run whose outcomes are this one's too: nothing has changed on either side since."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def outcomes_of(self) -> RunId:
        """Tell under which run its outcomes stand."""
        return self.confirms or self.id

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

    def pause(self, until: datetime, counts: Counts | None = None, *, in_vain: bool) -> "SyncRun":
        """End a slice: others have their turn before this one goes on where it stopped."""
        assert self.state is RunState.RUNNING, "only what runs can pause"
        times = self.slices_in_vain + in_vain
        paused = replace(self, owner=None, lease_until=None, paused_until=until, slices_in_vain=times)
        return replace(paused, counts=counts or self.counts)

    def resume(self, owner: str, now: datetime, lease: timedelta) -> "SyncRun":
        if not self.can_resume(now):
            message = "the run is not between two slices"
            raise ValueError(message)
        return replace(self, owner=owner, lease_until=now + lease, paused_until=None)

    def can_resume(self, now: datetime) -> bool:
        return self.state is RunState.RUNNING and self.paused_until is not None and self.paused_until <= now

    def lease_has_run_out(self, now: datetime) -> bool:
        if self.state is not RunState.RUNNING or self.paused_until is not None:
            return False
        return self.lease_until is None or self.lease_until <= now

    def is_carried_out(self, now: datetime) -> bool:
        """Tell whether somebody carries it out, who sees a request to stop before the next write."""
        return (
            self.state is RunState.RUNNING and self.paused_until is None and not self.lease_has_run_out(now)
        )

    def ask_to_stop(self, stop: Stop) -> "SyncRun":
        """Ask whoever carries the run out to stop it before the next write."""
        return replace(self, stop_asked=stop.code)

    def confirming(self, other: "SyncRun") -> "SyncRun":
        """Let another run's outcomes stand for this one's too."""
        return replace(self, confirms=other.id, progress=other.progress)

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

    def stopped(self, stop: Stop, now: datetime, counts: Counts) -> "SyncRun":
        """End the run before its end; `counts` are those of its stored outcomes, whoever ends it (rule 26)."""
        closed = self._closed(RunState.STOPPED, now)
        message = f"Sync to Gleanin has stopped: {stop.sentence}"
        return replace(closed, stop=stop, message=message, counts=counts)

    def _closed(self, state: RunState, now: datetime) -> "SyncRun":
        if not self.is_open:
            message = f"the run is {self.state} already"
            raise ValueError(message)
        return replace(self, state=state, finished_at=now, owner=None, lease_until=None, paused_until=None)
