"""One run at a time, and one more that waits (rules 8, 23, 28 and 29)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import AGENDA, ALL, KINDS, SESSION, SPEAKER, Scope
from core.domain.records.outcomes import Counts, Outcome, count
from core.domain.runs import stop_reasons
from core.domain.runs.run import RunState, SyncRun, Trigger
from tests.support.builders import NOW
from tests.support.systems import SESSIONBOARD, SYSTEMS

LEASE = timedelta(seconds=30)
REQUESTS = st.lists(st.tuples(st.sampled_from(Trigger), st.sampled_from(KINDS.scopes)), min_size=1)


def queued(trigger: Trigger = Trigger.MANUAL, scope: Scope = AGENDA) -> SyncRun:
    return SyncRun(RunId("r1"), MappingId("m1"), trigger, scope, NOW)


def running() -> SyncRun:
    return queued().start("host:1", NOW, LEASE)


@given(REQUESTS)
def test_rule_23_a_waiting_run_covers_all_requests_in_between(
    requests: list[tuple[Trigger, Scope]],
) -> None:
    run = queued(*requests[0])
    for trigger, scope in requests[1:]:
        run = run.merge(trigger, scope)
    scopes = {scope for _, scope in requests}
    assert run.scope == (scopes.pop() if len(scopes) == 1 else ALL)
    assert (run.trigger is Trigger.MANUAL) == any(trigger is Trigger.MANUAL for trigger, _ in requests)
    assert (run.id, run.state, run.requested_at) == ("r1", RunState.QUEUED, NOW)


def test_rule_23_a_run_starts_once() -> None:
    with pytest.raises(ValueError, match="running run cannot start"):
        running().start("host:2", NOW, LEASE)


def test_rule_23_a_lease_expires_at_its_end() -> None:
    assert not running().is_lease_expired(NOW + LEASE - timedelta(microseconds=1))
    assert running().is_lease_expired(NOW + LEASE)


def test_rule_23_only_a_running_run_has_a_lease() -> None:
    assert not queued().is_lease_expired(NOW + 10 * LEASE)
    assert not running().finished(Counts(), NOW, SYSTEMS).is_lease_expired(NOW + 10 * LEASE)


def test_rule_08_a_waiting_run_stops_immediately_and_a_running_one_is_asked_to() -> None:
    assert not queued().is_carried_out(NOW)
    assert running().is_carried_out(NOW)
    stopping = running().request_cancel(stop_reasons.DISCONNECTED)
    assert (stopping.state, stopping.cancel_requested) == (RunState.RUNNING, "disconnected")
    assert stop_reasons.REQUESTED_STOPS["disconnected"] is stop_reasons.DISCONNECTED


def test_rule_28_a_successful_run_is_completed_without_a_lease() -> None:
    counts = count([(SESSION, Outcome.CREATED)])
    done = running().finished(counts, NOW + LEASE, SYSTEMS, "help@example.org")
    assert (done.state, done.counts, done.finished_at) == (RunState.COMPLETED, counts, NOW + LEASE)
    assert (done.owner, done.lease_until, done.is_open) == (None, None, False)
    assert done.message == "Sync to Gleanin is complete. Synced: 1 session, 0 speakers."


@pytest.mark.parametrize("outcome", [Outcome.BLOCKED, Outcome.FAILED])
def test_rule_28_a_run_with_problems_names_the_contact(outcome: Outcome) -> None:
    done = running().finished(count([(SPEAKER, outcome)]), NOW, SYSTEMS, "help@example.org")
    assert done.state is RunState.COMPLETED_WITH_PROBLEMS
    assert done.message.endswith("contact help@example.org.")


def test_rule_29_a_stopped_run_has_a_reason_and_its_counts() -> None:
    counts = count([(SESSION, Outcome.CREATED)])
    stop = stop_reasons.masked_emails("j***@a***.com", SESSIONBOARD)
    stopped = running().stopped(stop, NOW, counts, SYSTEMS)
    assert (stopped.state, stopped.stop, stopped.counts) == (RunState.STOPPED, stop, counts)
    assert stopped.message == f"Sync to Gleanin has stopped: {stop.sentence}"
    assert "j***@a***.com" in stopped.message


def test_rule_23_an_ended_run_stays_ended() -> None:
    for closed in (
        running().finished(Counts(), NOW, SYSTEMS),
        running().stopped(stop_reasons.INTERRUPTED, NOW, Counts(), SYSTEMS),
    ):
        with pytest.raises(ValueError, match="already"):
            closed.finished(Counts(), NOW, SYSTEMS)
        with pytest.raises(ValueError, match="already"):
            closed.stopped(stop_reasons.INTERNAL_ERROR, NOW, Counts(), SYSTEMS)
        with pytest.raises(ValueError, match="cannot start"):
            closed.start("host:2", NOW, LEASE)
