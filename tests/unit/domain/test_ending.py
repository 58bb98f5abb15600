"""The end of a run: its state, its mapping's schedule, and the notification."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.domain.records.kinds import SESSION
from core.domain.records.outcomes import Counts, Outcome, count
from core.domain.runs import stop_reasons
from core.domain.runs.ending import MappingState, RunEnd, Stored, end_run
from core.domain.runs.health_change import HealthChange
from core.domain.runs.run import RunState
from core.domain.runs.schedule import RETRY_AFTER_INTERRUPTION, Halt, Schedule
from core.domain.runs.stop_reasons import StopReason
from tests.support.store_samples import MAPPING, NOW, a_mapping, a_run
from tests.support.systems import GLEANIN

HOUR = timedelta(hours=1)
KNOWN = Schedule(MAPPING, NOW)
REFUSED = stop_reasons.token_refused(GLEANIN, "It was revoked.")
HALT = Halt("Gleanin", NOW - HOUR)
SRC = Path(__file__).parents[3] / "src"


def ended(
    stop: StopReason | None = None, state: MappingState | None = None, counts: Counts | None = None
) -> RunEnd:
    run = a_run().start("here", NOW - HOUR, HOUR)
    return end_run(
        run, stop, Stored(counts or Counts(), {}), state or MappingState(a_mapping(), KNOWN, None), NOW
    )


def test_rule_24_a_complete_run_reschedules_its_mapping() -> None:
    end = ended()
    assert (end.run.state, end.run.finished_at, end.change, end.halt) == (RunState.COMPLETED, NOW, None, None)
    assert end.schedule.due_at > NOW


@pytest.mark.parametrize(
    "stop", [None, stop_reasons.INTERRUPTED, stop_reasons.DISCONNECTED, REFUSED], ids=str
)
def test_rule_26_the_counts_are_those_of_the_stored_outcomes(stop: StopReason | None) -> None:
    counts = count([(SESSION, Outcome.CREATED)])
    assert ended(stop, counts=counts).run.counts == counts


def test_rule_29_a_refused_token_halts_the_connection_and_notifies_once() -> None:
    end = ended(REFUSED)
    assert end.halt == Halt("Gleanin", NOW, "gleanin")
    assert end.schedule.halt == end.halt
    assert end.change is HealthChange.HALTED
    again = ended(REFUSED, MappingState(a_mapping(), end.schedule, end.halt))
    assert (again.halt, again.change) == (None, None)
    first = ended(REFUSED, MappingState(a_mapping(), None, HALT))
    assert first.change is None, "another mapping of the connection was notified already"
    assert first.halt is not None


def test_a_recovery_is_notified() -> None:
    failing = ended(stop_reasons.unreachable(GLEANIN, "No answer."))
    assert failing.change is HealthChange.FAILING
    assert ended(state=MappingState(a_mapping(), failing.schedule, None)).change is HealthChange.RECOVERED


def test_a_removed_mapping_sends_no_notification() -> None:
    removed = MappingState(replace(a_mapping(), removed_at=NOW), KNOWN, None)
    assert ended(stop_reasons.unreachable(GLEANIN, "No answer."), removed).change is None


def test_an_interrupted_mapping_is_due_soon() -> None:
    assert ended(stop_reasons.LEASE_EXPIRED).schedule.due_at == NOW + RETRY_AFTER_INTERRUPTION


def test_no_other_function_ends_a_run() -> None:
    endings = re.compile(r"\brun\.(finished|stopped)\(")
    found = {
        path.relative_to(SRC).as_posix() for path in SRC.rglob("*.py") if endings.search(path.read_text())
    }
    assert found == {"core/domain/runs/ending.py"}
