"""Sync runs: at most one running and one queued per mapping (rule 23)."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.ids import MappingId, RunId
from core.domain.links.link_outcomes import NO_LINKS, LinkCounts
from core.domain.records.kinds import RecordKind, Scope
from core.domain.records.outcomes import Causes, Counts
from core.domain.runs.messages import Remarks, closing_message, links_sentence
from core.domain.runs.stop_reasons import StopReason
from core.domain.systems import Systems

LATEST_RUNS = 3
"""Runs: the running one, the queued one and the last ended one."""


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
    """The progress of a run with one kind of record."""

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
    """The actor's name, as in the audit log."""
    state: RunState = RunState.QUEUED
    owner: str | None = None
    """The process that holds the run's lease."""
    lease_until: datetime | None = None
    cancel_requested: str | None = None
    """The code of the requested stop; checked before every write."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stop: StopReason | None = None
    message: str = ""
    counts: Counts = field(default_factory=Counts)
    progress: dict[RecordKind, Progress] = field(default_factory=dict)
    """By the kind's plural."""
    links: LinkCounts = field(default_factory=LinkCounts)
    """What became of the links that were written back into the source (rule 38)."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def merge(self, trigger: Trigger, scope: Scope, by: str = "") -> "SyncRun":
        """Add a further request to a queued run (rule 23). A manual request makes it a manual run of that actor."""
        merged = replace(self, scope=self.scope | scope)
        if trigger is Trigger.MANUAL and self.trigger is not Trigger.MANUAL:
            return replace(merged, trigger=trigger, requested_by=by or self.requested_by)
        return merged

    def start(self, owner: str, now: datetime, lease: timedelta) -> "SyncRun":
        if self.state is not RunState.QUEUED:
            message = f"a {self.state} run cannot start"
            raise ValueError(message)
        return replace(self, state=RunState.RUNNING, owner=owner, lease_until=now + lease, started_at=now)

    def is_lease_expired(self, now: datetime) -> bool:
        return self.state is RunState.RUNNING and (self.lease_until is None or self.lease_until <= now)

    def is_carried_out(self, now: datetime) -> bool:
        """Check whether a process carries out the run; it stops before its next write if requested."""
        return self.state is RunState.RUNNING and not self.is_lease_expired(now)

    def request_cancel(self, stop: StopReason) -> "SyncRun":
        """Return the run with a request to stop before its next write."""
        return replace(self, cancel_requested=stop.code)

    def finished(
        self,
        counts: Counts,
        now: datetime,
        systems: Systems,
        support_contact: str | None = None,
        remarks: Remarks | None = None,
        *,
        causes: Causes = {},  # noqa: B006 - never changed
        links: LinkCounts = NO_LINKS,
    ) -> "SyncRun":
        is_clean = counts.all_succeeded and not remarks
        state = RunState.COMPLETED if is_clean else RunState.COMPLETED_WITH_PROBLEMS
        message = closing_message(counts, self.scope, systems, support_contact, remarks, causes=causes)
        about_links = () if remarks is None else remarks.about_links
        message = " ".join((message, *links_sentence(links, systems.source), *about_links))
        return replace(self._closed(state, now), counts=counts, message=message, links=links)

    def stopped(
        self,
        stop: StopReason,
        now: datetime,
        counts: Counts,
        systems: Systems,
        links: LinkCounts = NO_LINKS,
    ) -> "SyncRun":
        """Return the run as stopped early; `counts` always come from its stored outcomes (rule 26)."""
        closed = self._closed(RunState.STOPPED, now)
        message = f"Sync to {systems.destination} has stopped: {stop.sentence}"
        return replace(closed, stop=stop, message=message, counts=counts, links=links)

    def _closed(self, state: RunState, now: datetime) -> "SyncRun":
        if not self.is_open:
            message = f"the run is already {self.state}"
            raise ValueError(message)
        return replace(self, state=state, finished_at=now, owner=None, lease_until=None)
