"""A real conference, end to end."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.sessionboard.date_shift import shift_dates
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.sync.preview import Preview
from entrypoints.sandbox.state import SandboxState
from tests.support.scenario import open_scenario

SAVED = Path(__file__).parents[3] / "shared/data/pyconfr-2025.json"


@pytest.fixture
def pyconfr() -> dict[str, Any]:
    if not SAVED.is_file():
        pytest.skip(f"the saved conference is not at hand ({SAVED.name})")
    return shift_dates(json.loads(SAVED.read_text(encoding="utf-8")), datetime.now(UTC))


async def test_a_real_conference_arrives_and_its_second_sync_writes_nothing(
    pyconfr: dict[str, Any], tmp_path: Path
) -> None:
    state = SandboxState()
    state.add(pyconfr)
    async with open_scenario(state, tmp_path) as scenario:
        mapping = await scenario.mapping()
        plan = await scenario.container.resolve(Preview)(mapping.id)
        assert scenario.writes == 0

        first = await scenario.sync(mapping.id)
        _, outcomes = await scenario.container.resolve(GetRunWithOutcomes)(first.id)
        assert first.state is RunState.COMPLETED_WITH_PROBLEMS
        assert first.counts == plan.counts
        assert first.counts.of(SESSION).numbers == {Outcome.CREATED: 84}
        assert first.counts.of(SPEAKER).numbers == {Outcome.CREATED: 77, Outcome.BLOCKED: 10}
        assert first.counts.of(EXHIBITOR_CONTACT).numbers == {Outcome.CREATED: 5}
        assert len(outcomes) == 84 + 87 + 5
        blocked = [outcome for outcome in outcomes if outcome.outcome is Outcome.BLOCKED]
        assert {each.reason.sentence for each in blocked} == {"Required field is missing: last name."}
        assert "84 sessions attempted, 84 synced; 87 speakers attempted, 77 synced" in first.message

        assert [len(scenario.in_gleanin(kind)) for kind in ("sessions", "speakers", "exhibitors")] == [
            84,
            77,
            5,
        ]
        assert {speaker["email"] for speaker in scenario.in_gleanin("speakers")} == {
            person["email"]
            for session in pyconfr["sessions"]
            for person in session["speakers"]
            if person["last_name"]
        }

        written = scenario.writes
        second = await scenario.sync(mapping.id)
        assert scenario.writes == written == 84 + 77 + 5
        assert second.counts.of(SESSION).numbers == {Outcome.UNCHANGED: 84}
        assert second.counts.of(SPEAKER).numbers == {Outcome.UNCHANGED: 77, Outcome.BLOCKED: 10}
