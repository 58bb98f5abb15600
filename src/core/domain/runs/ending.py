"""The end of a run: the ended run, its mapping's new schedule and the health change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.links.link_outcomes import NO_LINKS, LinkCounts
from core.domain.records.outcomes import Causes, Counts
from core.domain.runs.health_change import HealthChange, health_change_between
from core.domain.runs.messages import Remarks
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import INTERVAL, Halt, Schedule
from core.domain.runs.stop_reasons import StopReason
from core.domain.tenancy.event_mappings import EventMapping


@dataclass(frozen=True, slots=True)
class Stored:
    """Totals of the outcomes that a run has stored: the only source of its counts (rule 26)."""

    counts: Counts
    causes: Causes
    links: LinkCounts = NO_LINKS


@dataclass(frozen=True, slots=True)
class MappingState:
    """The state of the mapping whose run ends."""

    mapping: EventMapping
    schedule: Schedule | None
    """None if no run of the mapping has ended yet."""
    halt: Halt | None
    """Of the mapping's connection."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    run: SyncRun
    before: Schedule
    """The mapping's schedule before the end."""
    schedule: Schedule
    halt: Halt | None
    """Set if this run had its token refused, which halts the connection's other mappings too."""
    change: HealthChange | None
    """The change to notify people of."""


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
        run: an open run.
        stop: why it stopped early; None if it is complete.
        stored: the totals of its stored outcomes.
        state: of the run's mapping.
        now: when it ends.
        interval: of continuous sync.
        remarks: on the run as a whole.
        support_contact: whom to contact if problems persist (rule 28).
    """
    systems = state.mapping.systems
    if stop is not None:
        ended = run.stopped(stop, now, stored.counts, systems, stored.links)
    else:
        ended = run.finished(
            stored.counts,
            now,
            systems,
            support_contact,
            remarks,
            causes=stored.causes,
            links=stored.links,
        )
    before = state.schedule or Schedule(run.mapping_id, run.requested_at)
    after = before.after(ended, interval)
    change = health_change_between(before, after) if state.mapping.is_active else None
    if change is HealthChange.HALTED and state.schedule is None and state.halt is not None:
        change = (
            None  # already reported for another mapping of the connection, before this one had a schedule
        )
    return RunEnd(ended, before, after, after.halt if not before.is_halted else None, change)
