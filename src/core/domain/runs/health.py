"""How a mapping fares, in one word, since when and why, and what somebody can do about it.

Wherever something is called connected or mapped, this stands beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.records.kinds import RecordKind, kinds_in
from core.domain.runs.run import RunState, SyncRun
from core.domain.runs.schedule import PASSES_BY_ITSELF, Halt, Schedule
from core.domain.runs.stop_reasons import REQUESTED_STOPS, TIME_ZONES, TOKEN_REFUSED
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.systems import GLEANIN, SESSIONBOARD
from core.domain.tenancy.time_zones import known_mismatch

REPLACED = "The token that was refused has been replaced. The next sync shows whether the new one works."


class HealthState(StrEnum):
    HEALTHY = "healthy"
    PROBLEMS = "problems"
    FAILING = "failing"
    """The latest runs stopped as a whole."""
    HALTED = "halted"
    """A token was refused: nothing of the connection goes on by itself."""


_WORST_LAST = (HealthState.HEALTHY, HealthState.PROBLEMS, HealthState.FAILING, HealthState.HALTED)


class Remedy(StrEnum):
    """What somebody can do about it."""

    REPLACE_TOKEN = "replace_token"  # noqa: S105 - no token
    SYNC = "sync"
    VIEW_RESULTS = "view_results"
    MAPPING_SETTINGS = "mapping_settings"


@dataclass(frozen=True, slots=True)
class Health:
    state: HealthState = HealthState.HEALTHY
    since: datetime | None = None
    """When it began to be so; None where that is not known, and for what is healthy."""
    reason: str = ""
    """In sentences; empty for what is healthy."""
    remedy: Remedy | None = None
    system: str = ""
    """Whose token is to be replaced."""
    run_id: RunId | None = None
    """The run that shows it."""

    @property
    def is_well(self) -> bool:
        return self.state is HealthState.HEALTHY


def health_of(
    mapping: EventMapping,
    schedule: Schedule | None,
    ended: Iterable[SyncRun],
    halt: Halt | None,
    now: datetime,
) -> Health:
    """Judge how a mapping fares.

    Args:
        mapping: an active one.
        schedule: the mapping's; None where it was never synced.
        ended: of each scope the mapping's newest run that has ended, the newest first.
        halt: of the mapping's connection.
        now: when it is asked.
    """
    runs = [run for run in ended if run.stop is None or run.stop.code not in REQUESTED_STOPS]
    if halt is not None:
        return halted(halt)
    if schedule is not None and schedule.failing_since is not None:
        return _failing(schedule.failing_since, runs)
    if problem := next((run for run, kinds in deciding(runs) if _shows_problems(run, kinds)), None):
        return Health(HealthState.PROBLEMS, None, problem.message, _remedy(problem), run_id=problem.id)
    if mismatch := known_mismatch(mapping.time_zone, mapping.gleanin_time_zone, now):
        return Health(HealthState.PROBLEMS, None, mismatch, Remedy.SYNC)
    return Health()


def healths(
    mappings: Iterable[EventMapping],
    schedules: Iterable[tuple[OrganizationId, Schedule]],
    ended: Iterable[SyncRun],
    now: datetime,
) -> Mapping[MappingId, Health]:
    """Judge how active mappings fare, of one organization or of many.

    Args:
        mappings: the active ones.
        schedules: of the open connections' mappings, removed ones too: a token that one of those was refused with is
            the others' too.
        ended: of each mapping and scope the newest run that has ended, the newest first.
        now: when it is asked.
    """
    halts: dict[OrganizationId, Halt] = {}
    list_by_mapping: dict[MappingId, Schedule] = {}
    for organization_id, schedule in schedules:
        list_by_mapping[schedule.mapping_id] = schedule
        if schedule.halt:
            known = halts.setdefault(organization_id, schedule.halt)
            halts[organization_id] = min(known, schedule.halt, key=lambda each: each.since)
    runs: dict[MappingId, list[SyncRun]] = {}
    for run in ended:
        runs.setdefault(run.mapping_id, []).append(run)
    return {
        each.id: health_of(
            each, list_by_mapping.get(each.id), runs.get(each.id, ()), halts.get(each.organization_id), now
        )
        for each in mappings
    }


def halted(halt: Halt) -> Health:
    """Return how everything of a connection fares of which a token was refused."""
    who = halt.system or f"{GLEANIN} or {SESSIONBOARD}"
    reason = f"{who} refused the token. Nothing is synced by itself until another token is given."
    return Health(HealthState.HALTED, halt.since, reason, Remedy.REPLACE_TOKEN, halt.system)


def worst(healths: Iterable[Health]) -> Health:
    """Return the worst of several; of equally bad ones the first."""
    return max(healths, key=lambda each: _WORST_LAST.index(each.state), default=Health())


def deciding(runs: Iterable[SyncRun]) -> Sequence[tuple[SyncRun, Sequence[RecordKind]]]:
    """Return the runs that tell how things are now, each with the kinds that no later run has covered.

    Args:
        runs: that have ended, the newest first.
    """
    chosen: list[tuple[SyncRun, Sequence[RecordKind]]] = []
    covered: set[RecordKind] = set()
    for run in runs:
        kinds = [kind for kind in kinds_in(run.scope) if kind not in covered]
        if kinds:
            chosen.append((run, kinds))
        covered.update(kinds)
    return chosen


def _shows_problems(run: SyncRun, kinds: Iterable[RecordKind]) -> bool:
    """Check whether a run's problems are about certain kinds; remarks on the whole run are about all of them."""
    if run.state is RunState.COMPLETED:
        return False
    if run.stop is not None or run.counts.all_succeeded:
        return True
    return any(run.counts.of(kind).attempted > run.counts.of(kind).succeeded for kind in kinds)


def _failing(since: datetime, runs: Sequence[SyncRun]) -> Health:
    whole = (run for run in runs if run.stop is not None and run.stop.code not in PASSES_BY_ITSELF)
    last = next(whole, None)
    if last is None or last.stop is None:
        return Health(HealthState.FAILING, since, "The latest syncs have stopped.", Remedy.SYNC)
    if last.stop.code == TOKEN_REFUSED:
        return Health(HealthState.FAILING, since, REPLACED, Remedy.SYNC, run_id=last.id)
    return Health(HealthState.FAILING, since, last.message, _remedy(last), run_id=last.id)


def _remedy(run: SyncRun) -> Remedy:
    if run.stop is None:
        return Remedy.VIEW_RESULTS
    return Remedy.MAPPING_SETTINGS if run.stop.code == TIME_ZONES else Remedy.SYNC
