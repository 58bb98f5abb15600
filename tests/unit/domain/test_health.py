"""How a mapping fares: one state, from one place."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.ids import MappingId, OrganizationId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, Scope
from core.domain.records.outcomes import Counts, Outcome, count
from core.domain.runs import stop_reasons
from core.domain.runs.health import Health, HealthState, Remedy, health_of, healths, worst
from core.domain.runs.messages import Remarks
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.stop_reasons import StopReason
from tests.support.store_samples import MAPPING, NOW, a_mapping, a_run

HOUR = timedelta(hours=1)
WELL = Schedule(MAPPING, NOW)
FAILING = replace(WELL, failures=3, failing_since=NOW - 3 * HOUR)
HALT = Halt("Gleanin", NOW - HOUR)
DOWN = stop_reasons.unreachable("Gleanin", "No answer.")
BLOCKED = count([(SESSION, Outcome.BLOCKED)])


def ended(number: int = 1, scope: Scope = Scope.ALL, counts: Counts | None = None) -> SyncRun:
    started = replace(a_run(number), scope=scope).start("here", NOW, HOUR)
    return started.finished(counts or Counts(), NOW)


def stopped(number: int = 1, stop: StopReason = DOWN, scope: Scope = Scope.ALL) -> SyncRun:
    return replace(a_run(number), scope=scope).start("here", NOW, HOUR).stopped(stop, NOW, Counts())


def health(
    *runs: SyncRun, schedule: Schedule | None = WELL, halt: Halt | None = None, **mapping: object
) -> Health:
    return health_of(replace(a_mapping(), **mapping), schedule, runs, halt, NOW)  # type: ignore[arg-type] # fields


def test_what_was_never_synced_is_healthy() -> None:
    assert health(schedule=None) == Health()


def test_what_went_well_is_healthy() -> None:
    assert health(ended()).is_well


def test_a_run_with_problems_leads_to_its_results() -> None:
    told = health(ended(7, counts=BLOCKED))
    assert (told.state, told.remedy, told.run_id) == (HealthState.PROBLEMS, Remedy.VIEW_RESULTS, a_run(7).id)
    assert told.since is None, "an earlier run may have had them too"
    assert told.reason.startswith("Sync to Gleanin finished with problems")


def test_remarks_alone_are_problems_too() -> None:
    run = (
        a_run()
        .start("here", NOW, HOUR)
        .finished(Counts(), NOW, remarks=Remarks(notes=("Not all was read.",)))
    )
    assert health(run).state is HealthState.PROBLEMS


def test_what_fails_says_since_when_and_why() -> None:
    told = health(stopped(2), stopped(1), schedule=FAILING)
    assert (told.state, told.since, told.remedy) == (HealthState.FAILING, NOW - 3 * HOUR, Remedy.SYNC)
    assert "Gleanin cannot be reached" in told.reason


def test_rule_07_time_zones_that_stop_a_sync_lead_to_the_settings() -> None:
    stop = StopReason(stop_reasons.TIME_ZONES, stop_reasons.StopCause.RULE, "Confirm it.")
    assert health(stopped(stop=stop), schedule=FAILING).remedy is Remedy.MAPPING_SETTINGS


def test_rule_07_a_known_mismatch_is_a_problem_before_anything_was_synced() -> None:
    told = health(schedule=None, time_zone="Europe/Paris", gleanin_time_zone="America/New_York")
    assert told.state is HealthState.PROBLEMS
    assert "Europe/Paris" in told.reason
    assert "America/New_York" in told.reason
    assert health(time_zone="Europe/Paris", gleanin_time_zone="Europe/Madrid").is_well
    assert health(time_zone="Europe/Paris", gleanin_time_zone=None).is_well


def test_a_refused_token_is_told_whatever_the_mapping_did_itself() -> None:
    for told in (
        health(halt=HALT),
        health(ended(), halt=HALT),
        health(stopped(), schedule=FAILING, halt=HALT),
    ):
        assert (told.state, told.since) == (HealthState.HALTED, HALT.since)
        assert (told.remedy, told.system) == (Remedy.REPLACE_TOKEN, "Gleanin")
        assert "Gleanin refused the token" in told.reason


def test_a_token_that_has_been_replaced_is_not_called_refused() -> None:
    told = health(stopped(stop=stop_reasons.token_refused("Gleanin", "Revoked.")), schedule=FAILING)
    assert (told.state, told.remedy) == (HealthState.FAILING, Remedy.SYNC)
    assert "has been replaced" in told.reason


def test_a_part_that_went_well_does_not_answer_for_the_rest() -> None:
    exhibitor = count([(EXHIBITOR_CONTACT, Outcome.BLOCKED)])
    remark = a_run(1).start("here", NOW, HOUR).finished(Counts(), NOW, remarks=Remarks(notes=("Oh.",)))
    for problem in (ended(1, counts=exhibitor), remark, stopped(stop=stop_reasons.INTERRUPTED)):
        assert health(ended(2, Scope.AGENDA), problem).state is HealthState.PROBLEMS
        assert health(ended(3, Scope.AGENDA), ended(2, Scope.EXHIBITORS), problem).is_well
    assert health(ended(2, Scope.AGENDA), ended(1, counts=BLOCKED)).is_well, "what was blocked is mended"
    assert health(ended(2), ended(1, Scope.AGENDA, BLOCKED)).is_well


@pytest.mark.parametrize(
    "stop", [stop_reasons.MAPPING_REMOVED, stop_reasons.DISCONNECTED], ids=lambda stop: stop.code
)
def test_what_somebody_stopped_on_purpose_is_no_problem(stop: StopReason) -> None:
    assert health(stopped(stop=stop)).is_well


def test_an_interruption_is_a_problem_that_a_sync_mends() -> None:
    told = health(stopped(stop=stop_reasons.INTERRUPTED))
    assert (told.state, told.remedy) == (HealthState.PROBLEMS, Remedy.SYNC)


def test_an_interruption_does_not_hide_why_a_mapping_fails() -> None:
    told = health(stopped(2, stop_reasons.INTERRUPTED, Scope.AGENDA), stopped(1), schedule=FAILING)
    assert (told.state, told.run_id) == (HealthState.FAILING, a_run(1).id)
    assert "Gleanin cannot be reached" in told.reason


def test_the_worst_of_several_counts() -> None:
    halted, failing = health(halt=HALT), health(stopped(), schedule=FAILING)
    problems, well = health(ended(counts=BLOCKED)), health(ended())
    assert worst([well, problems, failing, halted]) == halted
    assert worst([well, failing, problems]) == failing
    assert worst([]) == Health()


def test_a_token_refused_with_a_removed_mapping_halts_its_organizations_others_and_nobody_elses() -> None:
    own, theirs = a_mapping(), replace(a_mapping(2), organization_id=OrganizationId("org2"))
    removed = replace(WELL, mapping_id=MappingId("gone"), halt=HALT)
    known = healths([own, theirs], [(own.organization_id, removed)], [], NOW)
    assert known[own.id].state is HealthState.HALTED
    assert known[theirs.id].is_well
