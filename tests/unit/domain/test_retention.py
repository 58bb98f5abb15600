"""Which old runs can be purged."""

import pytest

from core.domain.ids import RunId
from core.domain.runs.retention import EndedRun


@pytest.mark.parametrize(
    ("is_latest", "has_checkpoint", "goes"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_a_run_is_retained_while_health_or_outcomes_depend_on_it(
    *, is_latest: bool, has_checkpoint: bool, goes: bool
) -> None:
    assert EndedRun(RunId("r1"), is_latest, has_checkpoint).may_be_deleted is goes
