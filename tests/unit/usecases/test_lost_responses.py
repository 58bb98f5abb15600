"""Rule 32 in one process: a write with a lost response is looked up before it is resent."""

from dataclasses import replace

import pytest

from core.domain.records.kinds import AGENDA, SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import THERE, Harness

SESSIONS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(12))
ACME = exhibitor("acme", primary(person("eve")))


def assert_everything_is_there_once(harness: Harness, mapping: EventMapping) -> None:
    assert harness.gleanin.duplicates == 0
    for number in range(12):
        opening = harness.the(mapping, SESSION, f"s{number}")
        assert harness.the(mapping, SPEAKER, f"p{number}").fields["sessions"] == (opening.id,)
    assert len(harness.gleanin.list_by_event(THERE)) == 25


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
@pytest.mark.parametrize("lost", [1, 2, 7, 20, 60])
async def test_rule_32_after_lost_responses_every_record_exists_exactly_once(
    harness: Harness, lost: int, written: bool, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = lost, written
    run = await harness.sync(mapping)
    if run.state is not RunState.COMPLETED:
        assert lost == 60
        assert not written, "what was written is found without a response"
        harness.gleanin.faults.lost_answers = 0
        run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert_everything_is_there_once(harness, mapping)
    before = len(harness.gleanin.writes)
    await harness.sync(mapping)
    assert len(harness.gleanin.writes) == before, "rule 21"


async def test_rule_32_create_with_a_lost_response_is_reported_as_created(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    harness.gleanin.faults.lost_answers = 1
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["opening"].outcome is Outcome.CREATED
    assert outcomes["opening"].destination_id == harness.the(mapping, SESSION, "opening").id
    assert len(harness.gleanin.writes) == 1


async def test_rule_32_update_with_a_lost_response_is_resent(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    await harness.sync(mapping)
    harness.offer(replace(session("opening"), title="Closing"))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 1, False
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["opening"].outcome is Outcome.UPDATED
    assert harness.the(mapping, SESSION, "opening").fields["title"] == "Closing"


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
async def test_rule_32_run_without_any_responses_ends_and_reports_it(
    harness: Harness, written: bool, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 1_000_000, written
    run = await harness.sync(mapping)
    assert len(await harness.outcomes(run)) == run.counts.read, "rule 26"
    harness.gleanin.faults.lost_answers = 0
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert_everything_is_there_once(harness, mapping)


async def test_rule_32_record_that_never_gets_a_response_fails_alone(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*SESSIONS)
    trouble = harness.gleanin.faults
    trouble.lost_are_written = False

    async def lose_every_third() -> None:
        trouble.lost_answers = int(harness.ids.owner().endswith(("0", "3", "6", "9")))

    harness.gate.before_write = lose_every_third
    run = await harness.sync(mapping, AGENDA)
    assert run.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_PROBLEMS)
    assert run.counts.read == 24
    assert harness.gleanin.duplicates == 0
