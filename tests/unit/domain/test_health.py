"""The health of a mapping."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.ids import MappingId, OrganizationId
from core.domain.records.kinds import AGENDA, ALL, EXHIBITOR_CONTACT, EXHIBITORS, SESSION, Scope
from core.domain.records.outcomes import Counts, Outcome, count
from core.domain.runs import stop_reasons
from core.domain.runs.health import Health, HealthState, Remedy, health_of, healths, worst
from core.domain.runs.messages import Remarks
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.stop_reasons import StopReason
from tests.support.store_samples import MAPPING, NOW, a_mapping, a_run
from tests.support.systems import GLEANIN, SYSTEMS

HOUR = timedelta(hours=1)
WELL = Schedule(MAPPING, NOW)
FAILING = replace(WELL, failures=3, failing_since=NOW - 3 * HOUR)
HALT = Halt("Gleanin", NOW - HOUR)
DOWN = stop_reasons.unreachable(GLEANIN, "No answer.")
BLOCKED = count([(SESSION, Outcome.BLOCKED)])


def ended(number: int = 1, scope: Scope = ALL, counts: Counts | None = None) -> SyncRun:
    started = replace(a_run(number), scope=scope).start("here", NOW, HOUR)
    return started.finished(counts or Counts(), NOW, SYSTEMS)


def stopped(number: int = 1, stop: StopReason = DOWN, scope: Scope = ALL) -> SyncRun:
    return replace(a_run(number), scope=scope).start("here", NOW, HOUR).stopped(stop, NOW, Counts(), SYSTEMS)


def health(
    *runs: SyncRun, schedule: Schedule | None = WELL, halt: Halt | None = None, **mapping: object
) -> Health:
    return health_of(replace(a_mapping(), **mapping), schedule, runs, halt, NOW)  # type: ignore[arg-type] # fields


def test_a_mapping_never_synced_is_healthy() -> None:
    assert health(schedule=None) == Health()


def test_a_successful_mapping_is_healthy() -> None:
    assert health(ended()).is_well


def test_a_run_with_problems_leads_to_its_results() -> None:
    mapping_health = health(ended(7, counts=BLOCKED))
    assert (mapping_health.state, mapping_health.remedy, mapping_health.run_id) == (
        HealthState.PROBLEMS,
        Remedy.VIEW_RESULTS,
        a_run(7).id,
    )
    assert mapping_health.since is None, "an earlier run may have had them too"
    assert mapping_health.reason.startswith("Sync to Gleanin finished with problems")


def test_notes_alone_are_problems_too() -> None:
    run = (
        a_run()
        .start("here", NOW, HOUR)
        .finished(Counts(), NOW, SYSTEMS, remarks=Remarks(notes=("Not all was read.",)))
    )
    assert health(run).state is HealthState.PROBLEMS


def test_a_failing_mapping_reports_since_when_and_why() -> None:
    mapping_health = health(stopped(2), stopped(1), schedule=FAILING)
    assert (mapping_health.state, mapping_health.since, mapping_health.remedy) == (
        HealthState.FAILING,
        NOW - 3 * HOUR,
        Remedy.SYNC,
    )
    assert "Gleanin cannot be reached" in mapping_health.reason


def test_rule_07_a_time_zone_stop_links_to_the_settings() -> None:
    stop = StopReason(stop_reasons.TIME_ZONES, stop_reasons.StopCause.RULE, "Confirm it.")
    assert health(stopped(stop=stop), schedule=FAILING).remedy is Remedy.MAPPING_SETTINGS


def test_rule_07_a_known_mismatch_is_a_problem_before_anything_was_synced() -> None:
    mapping_health = health(schedule=None, time_zone="Europe/Paris", destination_time_zone="America/New_York")
    assert mapping_health.state is HealthState.PROBLEMS
    assert "Europe/Paris" in mapping_health.reason
    assert "America/New_York" in mapping_health.reason
    assert health(time_zone="Europe/Paris", destination_time_zone="Europe/Madrid").is_well
    assert health(time_zone="Europe/Paris", destination_time_zone=None).is_well


def test_a_refused_token_is_reported_for_every_mapping() -> None:
    for mapping_health in (
        health(halt=HALT),
        health(ended(), halt=HALT),
        health(stopped(), schedule=FAILING, halt=HALT),
    ):
        assert (mapping_health.state, mapping_health.since) == (HealthState.HALTED, HALT.since)
        assert (mapping_health.remedy, mapping_health.system) == (Remedy.REPLACE_TOKEN, "Gleanin")
        assert "Gleanin refused the token" in mapping_health.reason


def test_a_replaced_token_is_not_reported_as_refused() -> None:
    mapping_health = health(stopped(stop=stop_reasons.token_refused(GLEANIN, "Revoked.")), schedule=FAILING)
    assert (mapping_health.state, mapping_health.remedy) == (HealthState.FAILING, Remedy.SYNC)
    assert "has been replaced" in mapping_health.reason


def test_a_successful_partial_sync_does_not_cover_the_rest() -> None:
    exhibitor = count([(EXHIBITOR_CONTACT, Outcome.BLOCKED)])
    remark = (
        a_run(1).start("here", NOW, HOUR).finished(Counts(), NOW, SYSTEMS, remarks=Remarks(notes=("Oh.",)))
    )
    for problem in (ended(1, counts=exhibitor), remark, stopped(stop=stop_reasons.INTERRUPTED)):
        assert health(ended(2, AGENDA), problem).state is HealthState.PROBLEMS
        assert health(ended(3, AGENDA), ended(2, EXHIBITORS), problem).is_well
    assert health(ended(2, AGENDA), ended(1, counts=BLOCKED)).is_well, "what was blocked is mended"
    assert health(ended(2), ended(1, AGENDA, BLOCKED)).is_well


@pytest.mark.parametrize(
    "stop", [stop_reasons.MAPPING_REMOVED, stop_reasons.DISCONNECTED], ids=lambda stop: stop.code
)
def test_a_run_stopped_on_purpose_is_no_problem(stop: StopReason) -> None:
    assert health(stopped(stop=stop)).is_well


def test_an_interruption_is_a_problem_until_the_next_sync() -> None:
    mapping_health = health(stopped(stop=stop_reasons.INTERRUPTED))
    assert (mapping_health.state, mapping_health.remedy) == (HealthState.PROBLEMS, Remedy.SYNC)


def test_an_interruption_does_not_hide_why_a_mapping_fails() -> None:
    mapping_health = health(stopped(2, stop_reasons.INTERRUPTED, AGENDA), stopped(1), schedule=FAILING)
    assert (mapping_health.state, mapping_health.run_id) == (HealthState.FAILING, a_run(1).id)
    assert "Gleanin cannot be reached" in mapping_health.reason


def test_the_worst_state_counts() -> None:
    halted, failing = health(halt=HALT), health(stopped(), schedule=FAILING)
    problems, well = health(ended(counts=BLOCKED)), health(ended())
    assert worst([well, problems, failing, halted]) == halted
    assert worst([well, failing, problems]) == failing
    assert worst([]) == Health()


def test_a_token_refused_for_a_removed_mapping_halts_only_its_organization() -> None:
    ours, theirs = a_mapping(), replace(a_mapping(2), organization_id=OrganizationId("org2"))
    removed = replace(WELL, mapping_id=MappingId("gone"), halt=HALT)
    known = healths([ours, theirs], [(ours.organization_id, removed)], [], NOW)
    assert known[ours.id].state is HealthState.HALTED
    assert known[theirs.id].is_well
