"""Rule 32, in one process: a write whose answer never came is looked up before it is sent again."""

from dataclasses import replace

import pytest

from core.domain.records.kinds import SESSION, SPEAKER, Scope
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from tests.unit.domain.builders import exhibitor, on, person, primary, session
from tests.unit.usecases.stage import THERE, Stage

SESSIONS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(12))
ACME = exhibitor("acme", primary(person("eve")))


def assert_everything_is_there_once(stage: Stage, mapping: EventMapping) -> None:
    assert stage.gleanin.duplicates == 0
    for number in range(12):
        opening = stage.the(mapping, SESSION, f"s{number}")
        assert stage.the(mapping, SPEAKER, f"p{number}").fields["sessions"] == (opening.id,)
    assert len(stage.gleanin.list_by_event(THERE)) == 25


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
@pytest.mark.parametrize("lost", [1, 2, 7, 20, 60])
async def test_rule_32_after_lost_answers_everything_is_there_exactly_once(
    stage: Stage, lost: int, written: bool, mapping: EventMapping
) -> None:
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = lost, written
    run = await stage.sync(mapping)
    if run.state is not RunState.COMPLETED:
        assert lost == 60
        assert not written, "what was written is found, and needs no answer"
        stage.gleanin.trouble.lost_answers = 0
        run = await stage.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert_everything_is_there_once(stage, mapping)
    before = len(stage.gleanin.writes)
    await stage.sync(mapping)
    assert len(stage.gleanin.writes) == before, "rule 21"


async def test_rule_32_a_lost_answer_to_a_create_that_took_place_is_told_as_created(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    stage.gleanin.trouble.lost_answers = 1
    told = await stage.outcomes(await stage.sync(mapping))
    assert told["opening"].outcome is Outcome.CREATED
    assert told["opening"].gleanin_id == stage.the(mapping, SESSION, "opening").id
    assert len(stage.gleanin.writes) == 1


async def test_rule_32_an_update_whose_answer_was_lost_is_sent_again(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    await stage.sync(mapping)
    stage.offer(replace(session("opening"), title="Closing"))
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = 1, False
    told = await stage.outcomes(await stage.sync(mapping))
    assert told["opening"].outcome is Outcome.UPDATED
    assert stage.the(mapping, SESSION, "opening").fields["title"] == "Closing"


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
async def test_rule_32_when_no_answer_comes_at_all_the_run_ends_and_tells_it(
    stage: Stage, written: bool, mapping: EventMapping
) -> None:
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = 1_000_000, written
    run = await stage.sync(mapping)
    assert len(await stage.outcomes(run)) == run.counts.read, "rule 26"
    stage.gleanin.trouble.lost_answers = 0
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert_everything_is_there_once(stage, mapping)


async def test_rule_32_a_record_that_never_gets_an_answer_fails_alone(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*SESSIONS)
    trouble = stage.gleanin.trouble
    trouble.lost_are_written = False

    async def lose_every_third() -> None:
        trouble.lost_answers = int(stage.names.owner().endswith(("0", "3", "6", "9")))

    stage.gate.pass_by = lose_every_third
    run = await stage.sync(mapping, Scope.AGENDA)
    assert run.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_PROBLEMS)
    assert run.counts.read == 24
    assert stage.gleanin.duplicates == 0
