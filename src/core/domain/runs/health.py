"""The health of a mapping: its state, since when and why, and what to do about it.

It is shown wherever something is called connected or mapped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.runs.run import RunState, SyncRun
from core.domain.runs.schedule import TRANSIENT_STOPS, Halt, Schedule
from core.domain.runs.stop_reasons import REQUESTED_STOPS, TIME_ZONES, TOKEN_REFUSED
from core.domain.tenancy.event_mappings import EventMapping

REPLACED = "The refused token has been replaced. The next sync shows whether the new one works."


class HealthState(StrEnum):
    HEALTHY = "healthy"
    PROBLEMS = "problems"
    FAILING = "failing"
    """The latest runs stopped as a whole."""
    HALTED = "halted"
    """A token was refused: automatic syncs of the connection are paused."""


_WORST_LAST = (HealthState.HEALTHY, HealthState.PROBLEMS, HealthState.FAILING, HealthState.HALTED)


class Remedy(StrEnum):
    """What an admin can do about a problem."""

    REPLACE_TOKEN = "replace_token"  # noqa: S105 - no token
    SYNC = "sync"
    VIEW_RESULTS = "view_results"
    MAPPING_SETTINGS = "mapping_settings"


@dataclass(frozen=True, slots=True)
class Health:
    state: HealthState = HealthState.HEALTHY
    since: datetime | None = None
    """When this state began; None if unknown or healthy."""
    reason: str = ""
    """In sentences; empty if healthy."""
    remedy: Remedy | None = None
    system: str = ""
    """The system whose token must be replaced."""
    run_id: RunId | None = None
    """The run that shows the problem."""
    identifier: str = ""
    """The identifier of the system whose token must be replaced; empty if not known."""

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
    """Return the health of a mapping.

    Args:
        mapping: an active mapping.
        schedule: of the mapping; None if it was never synced.
        ended: the mapping's last ended run of each scope, newest first.
        halt: of the mapping's connection.
        now: the current time.
    """
    runs = [run for run in ended if run.stop is None or run.stop.code not in REQUESTED_STOPS]
    if halt is not None:
        return halted(halt)
    if schedule is not None and schedule.failing_since is not None:
        return _failing(schedule.failing_since, runs)
    if problem := next((run for run, kinds in deciding(runs) if _shows_problems(run, kinds)), None):
        return Health(HealthState.PROBLEMS, None, problem.message, _remedy(problem), run_id=problem.id)
    if mismatch := mapping.known_mismatch(now):
        return Health(HealthState.PROBLEMS, None, mismatch, Remedy.SYNC)
    return Health()


def healths(
    mappings: Iterable[EventMapping],
    schedules: Iterable[tuple[OrganizationId, Schedule]],
    ended: Iterable[SyncRun],
    now: datetime,
) -> Mapping[MappingId, Health]:
    """Return the health of active mappings, of one or several organizations.

    Args:
        mappings: the active mappings.
        schedules: of the open connections' mappings, including removed ones: all mappings of a connection share its
            token, so a refused token halts all of them.
        ended: the last ended run of each mapping and scope, newest first.
        now: the current time.
    """
    halts: dict[OrganizationId, Halt] = {}
    schedule_by_mapping: dict[MappingId, Schedule] = {}
    for organization_id, schedule in schedules:
        schedule_by_mapping[schedule.mapping_id] = schedule
        if schedule.halt:
            known = halts.setdefault(organization_id, schedule.halt)
            halts[organization_id] = min(known, schedule.halt, key=lambda halt: halt.since)
    runs: dict[MappingId, list[SyncRun]] = {}
    for run in ended:
        runs.setdefault(run.mapping_id, []).append(run)
    return {
        mapping.id: health_of(
            mapping,
            schedule_by_mapping.get(mapping.id),
            runs.get(mapping.id, ()),
            halts.get(mapping.organization_id),
            now,
        )
        for mapping in mappings
    }


def halted(halt: Halt) -> Health:
    """Return the health of all mappings of a connection whose token was refused."""
    system = halt.system or "One of the two systems"
    reason = f"{system} refused the token. Nothing is synced automatically until the token is replaced."
    remedy = Remedy.REPLACE_TOKEN
    return Health(HealthState.HALTED, halt.since, reason, remedy, halt.system, identifier=halt.identifier)


def worst(healths: Iterable[Health]) -> Health:
    """Return the worst health; the first of equally bad ones."""
    return max(healths, key=lambda health: _WORST_LAST.index(health.state), default=Health())


def deciding(runs: Iterable[SyncRun]) -> Sequence[tuple[SyncRun, Sequence[RecordKind]]]:
    """Return the runs that decide the current health, each with the kinds that no later run has covered.

    Args:
        runs: ended runs, newest first.
    """
    chosen: list[tuple[SyncRun, Sequence[RecordKind]]] = []
    covered: set[RecordKind] = set()
    for run in runs:
        kinds = [kind for kind in KINDS.in_scope(run.scope) if kind not in covered]
        if kinds:
            chosen.append((run, kinds))
        covered.update(kinds)
    return chosen


def _shows_problems(run: SyncRun, kinds: Iterable[RecordKind]) -> bool:
    """Check whether a run has problems with any of these kinds; remarks on the whole run concern all kinds."""
    if run.state is RunState.COMPLETED:
        return False
    if run.stop is not None or run.counts.all_succeeded:
        return True
    return any(run.counts.of(kind).attempted > run.counts.of(kind).succeeded for kind in kinds)


def _failing(since: datetime, runs: Sequence[SyncRun]) -> Health:
    stopped = (run for run in runs if run.stop is not None and run.stop.code not in TRANSIENT_STOPS)
    last = next(stopped, None)
    if last is None or last.stop is None:
        return Health(HealthState.FAILING, since, "The latest syncs stopped early.", Remedy.SYNC)
    if last.stop.code == TOKEN_REFUSED:
        return Health(HealthState.FAILING, since, REPLACED, Remedy.SYNC, run_id=last.id)
    return Health(HealthState.FAILING, since, last.message, _remedy(last), run_id=last.id)


def _remedy(run: SyncRun) -> Remedy:
    if run.stop is None:
        return Remedy.VIEW_RESULTS
    return Remedy.MAPPING_SETTINGS if run.stop.code == TIME_ZONES else Remedy.SYNC
