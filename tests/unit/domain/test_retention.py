"""What of the history may be forgotten once it is old enough."""

import pytest

from core.domain.ids import RunId
from core.domain.runs.retention import EndedRun


@pytest.mark.parametrize(
    ("is_latest", "has_checkpoint", "goes"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_a_run_stays_while_health_is_judged_by_it_or_its_outcomes_hold(
    *, is_latest: bool, has_checkpoint: bool, goes: bool
) -> None:
    assert EndedRun(RunId("r1"), is_latest, has_checkpoint).may_be_deleted is goes
