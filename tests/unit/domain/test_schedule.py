"""Rule 24: continuous sync is due about every 30 minutes, and what failures and hints do to that."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import ALL, EXHIBITORS
from core.domain.records.outcomes import Counts
from core.domain.runs import stop_reasons
from core.domain.runs.run import SyncRun, Trigger
from core.domain.runs.schedule import (
    MAX_WAIT,
    QUIET_PERIOD,
    RETRY_AFTER_INTERRUPTION,
    Halt,
    Schedule,
    released,
)
from core.domain.runs.stop_reasons import StopReason
from tests.support.assertions import present
from tests.support.builders import NOW
from tests.support.systems import GLEANIN, SESSIONBOARD, SYSTEMS
from tests.support.timeouts import WITHIN

MINUTE = timedelta(minutes=1)
EARLIEST, LATEST = 27 * MINUTE, 33 * MINUTE
DUE = Schedule(MappingId("m1"), NOW - timedelta(days=1))


def running(number: int = 1, at: datetime = NOW, *, took: timedelta = MINUTE) -> SyncRun:
    queued = SyncRun(RunId(f"r{number}"), MappingId("m1"), Trigger.CONTINUOUS, ALL, at - took)
    return queued.start("host:1", at - took, MINUTE)


def ended(number: int = 1, at: datetime = NOW, *, took: timedelta = MINUTE) -> SyncRun:
    return running(number, at, took=took).finished(Counts(), at, SYSTEMS)


def failed(number: int = 1, stop: StopReason | None = None) -> SyncRun:
    return running(number).stopped(
        stop or stop_reasons.unreachable(GLEANIN, "No answer."), NOW, Counts(), SYSTEMS
    )


def wait(number: int = 1) -> timedelta:
    mapping = MappingId(f"m{number}")
    run = replace(ended(), mapping_id=mapping)
    return replace(DUE, mapping_id=mapping).after(run).due_at - NOW


def wait_after(failures: int) -> timedelta:
    schedule = DUE
    for number in range(failures):
        schedule = schedule.after(failed(number))
    return schedule.due_at - NOW


def test_another_token_ends_the_halt_of_the_same_system() -> None:
    of_gleanin, of_sessionboard, unknown = (
        replace(DUE.after(failed()).halted(Halt(system, NOW)), mapping_id=MappingId(system or "unknown"))
        for system in (GLEANIN.display_name, SESSIONBOARD.display_name, "")
    )
    failing = DUE.after(failed())
    later = NOW + MINUTE
    schedules = [of_gleanin, of_sessionboard, unknown, failing, DUE]
    assert released(schedules, GLEANIN, later) == [
        each.resume(later) for each in (of_gleanin, unknown, failing)
    ]
    assert not any(each.is_halted for each in released([of_gleanin], GLEANIN, later))


def test_rule_24_a_mapping_is_due_about_half_an_hour_after_the_end_of_its_last_run() -> None:
    for took in (MINUTE, 3 * 60 * MINUTE):
        assert EARLIEST <= DUE.after(ended(took=took)).due_at - NOW <= LATEST


def test_rule_24_the_interval_varies_by_at_most_a_tenth() -> None:
    waits = [wait(number) for number in range(100)]
    assert EARLIEST <= min(waits) < 28 * MINUTE
    assert 32 * MINUTE < max(waits) <= LATEST


def test_rule_24_the_interval_of_a_mapping_varies() -> None:
    waits = {(DUE.checked(at, at).due_at - at) for at in (NOW + number * MINUTE for number in range(100))}
    assert EARLIEST <= min(waits) < 28 * MINUTE
    assert 32 * MINUTE < max(waits) <= LATEST


def test_rule_24_every_process_computes_the_same_time() -> None:
    program = "from tests.unit.domain.test_schedule import wait; print(*(wait(n).total_seconds() for n in range(5)))"
    there = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "4", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    ).stdout.split()
    assert [float(each) for each in there] == [wait(number).total_seconds() for number in range(5)]


def test_rule_24_after_failed_runs_the_interval_grows_up_to_six_hours() -> None:
    waits = [wait_after(failures) for failures in range(1, 12)]
    for one, next_one in pairwise(waits[:4]):
        assert 1.6 < next_one / one < 2.5
    assert all(each <= MAX_WAIT * 1.1 for each in waits)
    assert waits[-1] >= MAX_WAIT * 0.9


def test_rule_24_a_run_that_completes_with_problems_is_no_failure() -> None:
    assert not DUE.after(ended()).is_failing
    recovered = DUE.after(failed()).after(ended(2))
    assert (recovered.failures, recovered.is_failing) == (0, False)


def test_rule_24_a_manual_sync_resets_the_interval() -> None:
    schedule = DUE
    for number in range(6):
        schedule = schedule.after(failed(number))
    assert schedule.reset_failures().after(failed(9)).due_at - NOW <= 2 * LATEST


def test_a_refused_token_halts_until_it_is_replaced() -> None:
    halted = DUE.after(failed(stop=stop_reasons.token_refused(GLEANIN, "It was revoked.")))
    assert halted.is_halted
    later = NOW + 24 * 60 * MINUTE
    anew = halted.resume(later)
    assert (anew.is_halted, anew.due_at) == (False, later)
    assert not anew.after(ended(2)).is_failing


def test_an_interrupted_run_is_repeated_soon_and_is_no_failure() -> None:
    for stop in (
        stop_reasons.INTERRUPTED,
        stop_reasons.LEASE_EXPIRED,
        stop_reasons.DATABASE_UNAVAILABLE,
        stop_reasons.TOKEN_REPLACED,
    ):
        after = DUE.after(failed(stop=stop))
        assert (after.due_at, after.is_failing) == (NOW + RETRY_AFTER_INTERRUPTION, False)


@pytest.mark.parametrize(
    "stop",
    [stop_reasons.INTERNAL_ERROR, stop_reasons.CRASHED_TWICE, stop_reasons.NO_PROGRESS],
    ids=lambda stop: stop.code,
)
def test_rule_24_recurring_stops_make_the_interval_grow(stop: StopReason) -> None:
    after = DUE.after(failed(stop=stop))
    assert after.is_failing
    assert after.due_at >= NOW + EARLIEST
    assert after.after(failed(2, stop)).due_at >= NOW + 2 * EARLIEST


def part(number: int = 1, stop: StopReason | None = None) -> SyncRun:
    run = replace(running(number), scope=EXHIBITORS)
    return run.stopped(stop, NOW, Counts(), SYSTEMS) if stop else run.finished(Counts(), NOW, SYSTEMS)


def test_rule_24_a_partial_run_does_not_reschedule_or_reset_failures() -> None:
    due = DUE.after(failed()).hinted(NOW - 9 * MINUTE)
    assert due.after(part()) == due
    assert due.after(part(stop=stop_reasons.unreachable(GLEANIN, "No answer."))) == due
    assert due.after(part(stop=stop_reasons.token_refused(GLEANIN, "No."))).is_halted, (
        "which concerns everything"
    )


def test_a_halt_ends_with_another_token_only() -> None:
    halted = DUE.after(failed(stop=stop_reasons.token_refused(GLEANIN, "No.")))
    for run in (ended(2), failed(3), failed(4, stop_reasons.INTERNAL_ERROR)):
        halted = halted.after(run)
        assert halted.is_halted
        assert halted.is_failing
    anew = halted.resume(NOW)
    assert not anew.is_halted
    assert not anew.after(ended(5)).is_failing


def test_a_halt_caused_by_another_mapping_is_no_failure() -> None:
    halted = DUE.halted(Halt("Gleanin", NOW))
    assert halted.is_failing
    assert halted.after(ended()).is_halted, "its run was under way"
    assert not halted.resume(NOW).is_failing


def test_rule_24_a_manual_sync_resets_the_interval_and_reports_no_recovery() -> None:
    failing = DUE
    for number in range(8):
        failing = failing.after(failed(number))
    forgiven = failing.reset_failures()
    assert forgiven.is_failing
    assert EARLIEST <= forgiven.after(failed(9)).due_at - NOW <= LATEST


def test_a_hint_does_not_advance_a_failing_mapping() -> None:
    failing = DUE.after(failed()).after(failed(2))
    hinted = failing.hinted(NOW)
    assert (hinted.due_at, hinted.hinted_at) == (failing.due_at, NOW)
    assert hinted.after(failed(3)).hinted_at == NOW, "not by one that fails"


def test_simultaneous_hints_count_as_one() -> None:
    hinted = DUE.hinted(NOW)
    assert hinted.is_hinted(NOW + timedelta(seconds=29))
    assert not hinted.is_hinted(NOW + timedelta(seconds=30))
    assert not hinted.is_hinted(NOW - MINUTE), "by a clock that was set back"


@pytest.mark.parametrize(
    "stop", [stop_reasons.DISCONNECTED, stop_reasons.MAPPING_REMOVED], ids=lambda stop: stop.code
)
def test_a_requested_stop_is_no_failure(stop: StopReason) -> None:
    assert DUE.after(failed(stop=stop)) == DUE


def test_a_hint_advances_the_mapping_and_further_hints_change_nothing() -> None:
    usual = DUE.after(ended())
    hinted = usual.hinted(NOW)
    assert hinted.due_at == NOW + QUIET_PERIOD
    assert hinted.hinted(NOW + MINUTE).due_at == hinted.due_at
    assert replace(hinted, due_at=NOW).hinted(NOW + MINUTE).due_at == NOW


def test_a_hint_during_a_run_is_not_lost_with_its_end() -> None:
    for due in (DUE.after(ended(1, NOW - 10 * MINUTE)), DUE):  # requested manually, and due anyway
        after = due.hinted(NOW - 2 * MINUTE).after(ended(2, NOW, took=9 * MINUTE))
        assert after.due_at == NOW - 2 * MINUTE + QUIET_PERIOD
        answer = replace(ended(3), started_at=after.due_at, finished_at=after.due_at)
        assert after.after(answer).hinted_at is None, "it is answered once"


def test_a_hint_right_before_a_run_is_handled_by_the_next_run() -> None:
    for late, is_answered in ((QUIET_PERIOD - MINUTE, False), (QUIET_PERIOD, True)):
        run = ended(2, NOW, took=MINUTE)
        hinted = DUE.hinted(present(run.started_at) - late)
        assert hinted.is_uncovered_by(run) is not is_answered
        assert (hinted.after(run).due_at < NOW + EARLIEST) is not is_answered


def test_a_hint_is_not_lost_with_an_interruption() -> None:
    hinted = DUE.hinted(NOW - MINUTE)
    assert hinted.after(failed(2, stop_reasons.INTERRUPTED)).hinted_at == NOW - MINUTE


def test_rule_24_the_interval_can_be_set() -> None:
    often = DUE.after(ended(), interval=MINUTE)
    assert timedelta(seconds=54) <= often.due_at - NOW <= timedelta(seconds=66)


def test_rule_24_a_check_without_changes_reschedules_like_a_run() -> None:
    checked = DUE.checked(NOW - MINUTE, NOW)
    assert EARLIEST <= checked.due_at - NOW <= LATEST
    assert checked == replace(DUE, due_at=checked.due_at, last_checked_at=NOW)
    assert DUE.checked(NOW - MINUTE, NOW) == checked, "as every process finds it"
    again = checked.checked(NOW + 30 * MINUTE, NOW + 31 * MINUTE, interval=MINUTE)
    assert again.last_checked_at == NOW + 31 * MINUTE
    assert timedelta(seconds=54) <= again.due_at - NOW - 31 * MINUTE <= timedelta(seconds=66)


def test_a_check_handles_a_hint_unless_its_reading_may_be_older() -> None:
    for late, is_answered in ((QUIET_PERIOD - MINUTE, False), (QUIET_PERIOD, True)):
        begun_at = NOW - MINUTE
        hinted = DUE.hinted(begun_at - late)
        assert hinted.is_uncovered_at(begun_at) is not is_answered
        checked = hinted.checked(begun_at, NOW)
        assert checked.hinted_at == (None if is_answered else hinted.hinted_at)
        assert (checked.due_at < NOW + EARLIEST) is not is_answered
        assert checked.last_checked_at == NOW


def test_a_hint_during_a_check_is_not_lost_with_its_end() -> None:
    checked = DUE.hinted(NOW - 2 * MINUTE).checked(NOW - 9 * MINUTE, NOW)
    assert (checked.hinted_at, checked.due_at) == (NOW - 2 * MINUTE, NOW - 2 * MINUTE + QUIET_PERIOD)
    assert checked.checked(checked.due_at, checked.due_at).hinted_at is None, "it is answered once"


def test_the_time_of_the_last_check_survives_any_run() -> None:
    checked = DUE.checked(NOW - MINUTE, NOW)
    for after in (
        checked.after(ended(2)),
        checked.after(failed(2)),
        checked.hinted(NOW).reset_failures().halted(Halt("Gleanin", NOW)).resume(NOW),
    ):
        assert after.last_checked_at == NOW
