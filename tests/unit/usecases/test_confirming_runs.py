"""A run that confirms another: what it tells is what that one told (rule 26)."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from core.domain.identifiers import MappingId
from core.domain.kinds import SESSION, SPEAKER, Scope
from core.domain.outcomes import Outcome
from core.domain.runs import RunState, SyncRun, Trigger
from core.usecases.look_up_records import ListOutcomes, OutcomesAsked, PageOutcomes
from tests.unit.domain.builders import exhibitor, on, person, primary, session
from tests.unit.usecases.stage import Stage

INTERVAL = timedelta(minutes=34)
"""As long as the wait for the next continuous sync can be."""
PROGRAMME = (
    session("opening", on(person("ada")), on(person("bob", last_name=None))),
    session("engines", on(person("ada"))),
    session("maybe", status="pending"),
)


@dataclass(frozen=True, slots=True)
class Runs:
    stage: Stage
    mapping: MappingId
    proved: SyncRun
    """It read everything, and had nothing to write."""
    confirming: SyncRun


async def next_run(
    stage: Stage, mapping: MappingId, trigger: Trigger = Trigger.CONTINUOUS, scope: Scope = Scope.ALL
) -> SyncRun:
    stage.clock.advance(INTERVAL)
    return await stage.run_sync((await stage.request_sync(mapping, scope, trigger)).id)


@pytest.fixture
async def runs(stage: Stage) -> Runs:
    mapping = await stage.mapping()
    stage.offer(*PROGRAMME, exhibitors=(exhibitor("acme", primary(person("eve"))),))
    written = await next_run(stage, mapping.id)
    proved, confirming = await next_run(stage, mapping.id), await next_run(stage, mapping.id)
    assert (written.confirms, proved.confirms, confirming.confirms) == (None, None, proved.id)
    return Runs(stage, mapping.id, proved, confirming)


async def test_rule_26_all_outcomes_are_those_of_the_run_that_is_confirmed(runs: Runs) -> None:
    list_outcomes = ListOutcomes(runs.stage.units)
    run, told = await list_outcomes(runs.confirming.id)
    assert run == runs.confirming
    assert told == (await list_outcomes(runs.proved.id))[1]
    by_id = {each.record.source_id: each.outcome for each in told}
    assert len(by_id) == len(told)
    assert by_id == {
        "opening": Outcome.UNCHANGED,
        "engines": Outcome.UNCHANGED,
        "maybe": Outcome.SKIPPED,
        "ada": Outcome.UNCHANGED,
        "bob": Outcome.BLOCKED,
        "eve": Outcome.UNCHANGED,
    }


async def test_rule_26_outcomes_of_a_confirming_run_can_be_restricted(runs: Runs) -> None:
    _, told = await ListOutcomes(runs.stage.units)(runs.confirming.id, [Outcome.BLOCKED, Outcome.SKIPPED])
    assert {each.record.source_id for each in told} == {"maybe", "bob"}


async def test_rule_26_outcomes_of_a_confirming_run_come_in_parts_too(runs: Runs) -> None:
    page_outcomes, told = PageOutcomes(runs.stage.units), list[str]()
    start: int | None = 0
    while start is not None:
        part = await page_outcomes(OutcomesAsked(runs.confirming, start=start, limit=4))
        assert part == await page_outcomes(OutcomesAsked(runs.proved, start=start, limit=4))
        told += [each.record.source_id for each in part.items]
        start = part.next
    assert sorted(told) == ["ada", "bob", "engines", "eve", "maybe", "opening"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"only": (Outcome.BLOCKED,)}, {"bob"}),
        ({"kinds": (SPEAKER,)}, {"ada", "bob"}),
        ({"kinds": (SESSION,), "only": (Outcome.UNCHANGED,)}, {"opening", "engines"}),
        ({"search": "EVE@"}, {"eve"}),
        ({"search": "nobody"}, set()),
    ],
)
async def test_rule_26_outcomes_of_a_confirming_run_can_be_searched(
    runs: Runs, asked: dict[str, object], expected: set[str]
) -> None:
    page = await PageOutcomes(runs.stage.units)(OutcomesAsked(runs.confirming, **asked))  # type: ignore[arg-type]
    assert {each.record.source_id for each in page.items} == expected


async def test_rule_27_the_counts_and_the_message_are_those_of_the_run_that_is_confirmed(runs: Runs) -> None:
    proved, confirming = runs.proved, runs.confirming
    assert confirming.state is proved.state is RunState.COMPLETED_WITH_PROBLEMS
    assert (confirming.counts, confirming.message) == (proved.counts, proved.message)
    assert confirming.progress == proved.progress
    assert confirming.counts.of(SESSION).read == 3


async def test_outcomes_are_not_stored_again_by_who_confirms_them(runs: Runs) -> None:
    async with runs.stage.units.reading() as unit:
        assert await unit.outcomes.of_run(runs.confirming.id) == []
        assert len(await unit.outcomes.history(runs.mapping, "ada")) == 2


async def test_a_run_confirms_the_one_that_read_and_not_another_that_confirmed(runs: Runs) -> None:
    again = await next_run(runs.stage, runs.mapping)
    assert again.confirms == runs.proved.id
    assert (await ListOutcomes(runs.stage.units)(again.id))[1]
