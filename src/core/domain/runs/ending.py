"""A run ends here, whoever ends it: what becomes of the run, of its mapping's schedule, and what people are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.records.outcomes import Causes, Counts
from core.domain.runs.health_change import HealthChange, health_change_between
from core.domain.runs.messages import Remarks
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import INTERVAL, Halt, Schedule
from core.domain.runs.stop_reasons import StopReason
from core.domain.tenancy.event_mappings import EventMapping


@dataclass(frozen=True, slots=True)
class Stored:
    """What the outcomes that a run has stored come to: its counts follow from nothing else (rule 26)."""

    counts: Counts
    causes: Causes


@dataclass(frozen=True, slots=True)
class MappingState:
    """How things are with the mapping whose run ends."""

    mapping: EventMapping
    schedule: Schedule | None
    """None for one that no run has ended of yet."""
    halt: Halt | None
    """Of its connection."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    run: SyncRun
    before: Schedule
    """The mapping's schedule until now."""
    schedule: Schedule
    halt: Halt | None
    """A token was refused just now: it stops the connection's other mappings too."""
    change: HealthChange | None
    """What somebody may want to be told."""


def end_run(
    run: SyncRun,
    stop: StopReason | None,
    stored: Stored,
    state: MappingState,
    now: datetime,
    *,
    interval: timedelta = INTERVAL,
    remarks: Remarks | None = None,
    support_contact: str | None = None,
) -> RunEnd:
    """End a run.

    Args:
        run: an open one.
        stop: why it ends before its end; None for one that has seen to everything.
        stored: what its stored outcomes come to.
        state: of the run's mapping.
        now: when it ends.
        interval: of continuous sync.
        remarks: what there is to know of the run as a whole.
        support_contact: whom its message names if problems persist (rule 28).
    """
    if stop is not None:
        ended = run.stopped(stop, now, stored.counts)
    else:
        ended = run.finished(stored.counts, now, support_contact, remarks, stored.causes)
    before = state.schedule or Schedule(run.mapping_id, run.requested_at)
    after = before.after(ended, interval)
    change = health_change_between(before, after) if state.mapping.is_active else None
    if change is HealthChange.HALTED and state.schedule is None and state.halt is not None:
        change = None  # it was told for another mapping of the connection, before this one had a schedule
    return RunEnd(ended, before, after, after.halt if not before.is_halted else None, change)
