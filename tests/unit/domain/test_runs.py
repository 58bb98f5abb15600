"""One run at a time, and one more that waits (rules 8, 23, 28 and 29)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import stops
from core.domain.identifiers import MappingId, RunId
from core.domain.kinds import SESSION, SPEAKER, Scope
from core.domain.outcomes import Counts, Outcome, count
from core.domain.runs import Progress, RunState, SyncRun, Trigger
from tests.unit.domain.builders import NOW

LEASE = timedelta(seconds=30)
MOMENT = timedelta(microseconds=1)
REQUESTS = st.lists(st.tuples(st.sampled_from(Trigger), st.sampled_from(Scope)), min_size=1)


def queued(trigger: Trigger = Trigger.MANUAL, scope: Scope = Scope.AGENDA) -> SyncRun:
    return SyncRun(RunId("r1"), MappingId("m1"), trigger, scope, NOW)


def running() -> SyncRun:
    return queued().start("host:1", NOW, LEASE)


def paused(until: timedelta = LEASE, *, in_vain: bool = False) -> SyncRun:
    return running().pause(NOW + until, in_vain=in_vain)


@given(REQUESTS)
def test_rule_23_a_waiting_run_serves_all_that_was_asked_meanwhile(
    requests: list[tuple[Trigger, Scope]],
) -> None:
    run = queued(*requests[0])
    for trigger, scope in requests[1:]:
        run = run.merge(trigger, scope)
    scopes = {scope for _, scope in requests}
    assert run.scope == (scopes.pop() if len(scopes) == 1 else Scope.ALL)
    assert (run.trigger is Trigger.MANUAL) == any(trigger is Trigger.MANUAL for trigger, _ in requests)
    assert (run.id, run.state, run.requested_at) == ("r1", RunState.QUEUED, NOW)


def test_rule_23_a_run_starts_once() -> None:
    with pytest.raises(ValueError, match="running run cannot start"):
        running().start("host:2", NOW, LEASE)


def test_rule_23_a_lease_runs_out_at_its_end() -> None:
    assert not running().lease_has_run_out(NOW + LEASE - timedelta(microseconds=1))
    assert running().lease_has_run_out(NOW + LEASE)


def test_rule_23_only_a_running_run_has_a_lease_to_run_out() -> None:
    assert not queued().lease_has_run_out(NOW + 10 * LEASE)
    assert not running().finished(Counts(), NOW).lease_has_run_out(NOW + 10 * LEASE)


def test_rule_08_a_waiting_run_stops_at_once_and_a_running_one_is_asked_to() -> None:
    assert not queued().is_carried_out(NOW)
    assert running().is_carried_out(NOW)
    asked = running().ask_to_stop(stops.DISCONNECTED)
    assert (asked.state, asked.stop_asked) == (RunState.RUNNING, "disconnected")
    assert stops.STOPS_ASKED_FOR["disconnected"] is stops.DISCONNECTED


def test_rule_28_a_run_that_went_well_is_completed_and_gives_its_lease_back() -> None:
    counts = count([(SESSION, Outcome.CREATED)])
    done = running().finished(counts, NOW + LEASE, "help@example.org")
    assert (done.state, done.counts, done.finished_at) == (RunState.COMPLETED, counts, NOW + LEASE)
    assert (done.owner, done.lease_until, done.is_open) == (None, None, False)
    assert done.message == "Sync to Gleanin is complete. Synced: 1 session, 0 speakers."


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.FAILED])
def test_rule_28_a_run_with_problems_says_so_and_whom_to_contact(outcome: Outcome) -> None:
    done = running().finished(count([(SPEAKER, outcome)]), NOW, "help@example.org")
    assert done.state is RunState.COMPLETED_WITH_PROBLEMS
    assert done.message.endswith("contact help@example.org.")


def test_rule_29_a_stopped_run_says_why_and_keeps_its_counts() -> None:
    counts = count([(SESSION, Outcome.CREATED)])
    stop = stops.masked_emails("j***@a***.com")
    stopped = running().stopped(stop, NOW, counts)
    assert (stopped.state, stopped.stop, stopped.counts) == (RunState.STOPPED, stop, counts)
    assert stopped.message == f"Sync to Gleanin has stopped: {stop.sentence}"
    assert "j***@a***.com" in stopped.message


def test_rule_23_a_closed_run_stays_closed() -> None:
    for closed in (running().finished(Counts(), NOW), running().stopped(stops.INTERRUPTED, NOW, Counts())):
        with pytest.raises(ValueError, match="already"):
            closed.finished(Counts(), NOW)
        with pytest.raises(ValueError, match="already"):
            closed.stopped(stops.FAULT, NOW, Counts())
        with pytest.raises(ValueError, match="cannot start"):
            closed.start("host:2", NOW, LEASE)


def test_rule_23_between_two_slices_a_run_goes_on_and_is_held_by_nobody() -> None:
    run = paused()
    assert (run.state, run.is_open) == (RunState.RUNNING, True)
    assert (run.owner, run.lease_until, run.paused_until) == (None, None, NOW + LEASE)
    assert run.started_at == NOW


@pytest.mark.parametrize("run", [queued(), running().finished(Counts(), NOW)], ids=["queued", "ended"])
def test_only_what_runs_can_pause(run: SyncRun) -> None:
    with pytest.raises(AssertionError):
        run.pause(NOW, in_vain=False)


def test_a_run_is_gone_on_with_from_the_end_of_its_pause_on() -> None:
    assert not paused().can_resume(NOW + LEASE - MOMENT)
    with pytest.raises(ValueError, match="not between two slices"):
        paused().resume("host:2", NOW + LEASE - MOMENT, LEASE)
    now = NOW + LEASE
    resumed = paused().resume("host:2", now, LEASE)
    assert (resumed.owner, resumed.lease_until, resumed.paused_until) == ("host:2", now + LEASE, None)
    assert (resumed.state, resumed.started_at) == (RunState.RUNNING, NOW), "it began with its first slice"


@pytest.mark.parametrize(
    "run",
    [
        queued(),
        running(),
        paused().resume("host:2", NOW + LEASE, LEASE),
        paused().stopped(stops.FAULT, NOW, Counts()),
    ],
    ids=["queued", "running", "resumed", "ended"],
)
def test_only_a_run_between_two_slices_is_gone_on_with(run: SyncRun) -> None:
    assert not run.can_resume(NOW + 100 * LEASE)
    with pytest.raises(ValueError, match="not between two slices"):
        run.resume("host:3", NOW + 100 * LEASE, LEASE)


def test_rule_23_a_run_between_two_slices_does_not_start_again() -> None:
    with pytest.raises(ValueError, match="running run cannot start"):
        paused().start("host:2", NOW + LEASE, LEASE)


def test_rule_23_between_two_slices_no_lease_runs_out_and_in_the_next_one_a_new_one_does() -> None:
    assert not paused().lease_has_run_out(NOW + 100 * LEASE)
    resumed = paused().resume("host:2", NOW + 9 * LEASE, LEASE)
    assert not resumed.lease_has_run_out(NOW + 10 * LEASE - MOMENT)
    assert resumed.lease_has_run_out(NOW + 10 * LEASE)


def test_slices_in_vain_are_counted() -> None:
    run, told = running(), list[int]()
    for in_vain in (True, True, False, True):
        run = run.pause(NOW, in_vain=in_vain)
        told.append(run.slices_in_vain)
        run = run.resume("host:1", NOW, LEASE)
        assert run.slices_in_vain == told[-1]
    assert told == [1, 2, 2, 3]


@pytest.mark.parametrize("until", [-LEASE, LEASE], ids=["its turn has come", "it is not its turn"])
def test_rule_08_between_two_slices_a_run_stops_at_once(until: timedelta) -> None:
    assert not paused(until).is_carried_out(NOW)
    stopped = paused(until).stopped(stops.DISCONNECTED, NOW, Counts())
    assert (stopped.state, stopped.stop) == (RunState.STOPPED, stops.DISCONNECTED)
    assert (stopped.finished_at, stopped.paused_until, stopped.is_open) == (NOW, None, False)


def test_rule_08_a_run_that_was_gone_on_with_is_asked_to_stop() -> None:
    resumed = paused().resume("host:2", NOW + LEASE, LEASE)
    asked = resumed.ask_to_stop(stops.MAPPING_REMOVED)
    assert (asked.state, asked.stop_asked) == (RunState.RUNNING, stops.MAPPING_REMOVED.code)


def test_an_ended_run_is_between_no_slices_any_more() -> None:
    for ended in (paused().stopped(stops.FAULT, NOW, Counts()), paused().finished(Counts(), NOW)):
        assert ended.paused_until is None
        assert not ended.is_open


def test_rule_26_a_run_that_confirms_another_has_its_outcomes_and_its_progress() -> None:
    proved = replace(queued(), id=RunId("r0"), progress={"sessions": Progress(84, 84)})
    run = running().confirming(proved)
    assert (run.confirms, run.outcomes_of, run.progress) == ("r0", "r0", {"sessions": Progress(84, 84)})
    assert run == replace(running(), confirms=RunId("r0"), progress=proved.progress), "and nothing else of it"
    ended = run.finished(count([(SESSION, Outcome.UNCHANGED)]), NOW)
    assert ended.outcomes_of == "r0"


def test_rule_26_any_other_run_has_outcomes_of_its_own() -> None:
    for run in (queued(), running(), paused(), running().finished(Counts(), NOW)):
        assert (run.confirms, run.outcomes_of) == (None, "r1")
