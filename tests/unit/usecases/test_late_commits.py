"""Rule 32: a create whose answer never came may still be carried out, and is not sent twice within a minute."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.runs.stop_reasons import DISCONNECTED, MAPPING_REMOVED
from core.domain.tenancy.event_mappings import EventMapping
from tests.unit.domain.builders import exhibitor, on, person, primary, session
from tests.unit.usecases.power import killed
from tests.unit.usecases.stage import THERE, Stage

GAP = timedelta(seconds=60)
SESSIONS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(5))
ACME = exhibitor("acme", primary(person("eve")))


def assert_no_second_post_came_too_early(stage: Stage) -> None:
    by_record: dict[str, list[timedelta]] = {}
    first = stage.gleanin.posts[0][-1]
    for _, external_id, at in stage.gleanin.posts:
        by_record.setdefault(external_id, []).append(at - first)
    for times in by_record.values():
        assert all(later - earlier >= GAP for earlier, later in pairwise(times)), by_record


async def assert_everything_is_there_once(stage: Stage, mapping: EventMapping) -> None:
    assert stage.gleanin.duplicates == 0
    assert len(stage.gleanin.list_by_event(THERE)) == 11
    for number in range(5):
        opening = stage.the(mapping, SESSION, f"s{number}")
        assert stage.the(mapping, SPEAKER, f"p{number}").fields["sessions"] == (opening.id,)
    assert_no_second_post_came_too_early(stage)
    before = len(stage.gleanin.writes)
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert len(stage.gleanin.writes) == before, "rule 21"


@pytest.mark.parametrize("seconds", [0, 5, 12, 15, 40, 59])
@pytest.mark.parametrize("late", [1, 5, 11])
async def test_rule_32_a_create_that_is_carried_out_late_stands_once(
    stage: Stage, seconds: float, late: int, mapping: EventMapping
) -> None:
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.late_creates, stage.gleanin.trouble.late_seconds = late, seconds
    run = await stage.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert {each.outcome for each in (await stage.outcomes(run)).values()} == {Outcome.CREATED}
    await assert_everything_is_there_once(stage, mapping)


async def test_rule_32_what_never_took_place_is_sent_again_after_a_minute_and_not_before(
    stage: Stage, mapping: EventMapping
) -> None:
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = 2, False
    began = stage.clock.now()
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert GAP <= stage.clock.now() - began < GAP + timedelta(seconds=5)
    await assert_everything_is_there_once(stage, mapping)


async def test_rule_32_a_run_does_its_other_writes_before_it_waits(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.most_in_flight = 1
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = 1, False
    began = stage.clock.now()
    await stage.sync(mapping)
    at_once = [external_id for _, external_id, at in stage.gleanin.posts if at - began < timedelta(seconds=1)]
    assert len(at_once) == 10, "all but the speaker of the session in question"
    await assert_everything_is_there_once(stage, mapping)


async def test_rule_32_an_answer_without_a_result_is_looked_up_at_once(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.lost_answers = 3
    began = stage.clock.now()
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert stage.clock.now() - began < timedelta(seconds=1), "they are there: nobody has to wait"


@pytest.mark.parametrize("disconnects", [True, False])
async def test_rules_08_and_32_a_stop_ends_the_wait_at_once_and_the_record_is_told_as_unsure(
    stage: Stage, disconnects: bool, mapping: EventMapping
) -> None:
    stage.offer(*SESSIONS)
    stage.gleanin.trouble.late_creates, stage.gleanin.trouble.late_seconds = 1, 30
    asked = asyncio.Event()

    async def interfere() -> None:
        began = stage.clock.now()
        while stage.clock.now() < began + timedelta(seconds=10):  # noqa: ASYNC110 - the clock is moved by others
            await asyncio.sleep(0)
        asked.set()
        if disconnects:
            await stage.disconnect(mapping.organization_id, "Acme")
        else:
            await stage.remove_mapping(mapping.id)

    interference = asyncio.create_task(interfere())
    began = stage.clock.now()
    run = await stage.sync(mapping)
    await interference
    assert asked.is_set()
    assert stage.clock.now() - began < timedelta(seconds=20)
    assert run.stop == (DISCONNECTED if disconnects else MAPPING_REMOVED)
    told = await stage.outcomes(run)
    assert sorted(each.reason.code for each in told.values() if each.outcome is Outcome.FAILED) == [
        "no_answer",
        "run_stopped",
    ]
    assert len(told) == run.counts.read == 10, "rule 26"


@pytest.mark.parametrize("ended_by", ["a sync", "removing the mapping", "a disconnect"])
async def test_rule_32_a_create_of_a_killed_run_that_is_carried_out_late_stands_once(
    stage: Stage, ended_by: str, mapping: EventMapping
) -> None:
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.most_in_flight = 1
    stage.gleanin.trouble.late_creates, stage.gleanin.trouble.late_seconds = 1, 50
    with killed(stage, write=1):
        await stage.sync(mapping)
    if ended_by == "removing the mapping":
        await stage.remove_mapping(mapping.id)
        mapping = await stage.map(mapping.organization_id)
    if ended_by == "a disconnect":
        later = await stage.reconnect_and_map(mapping)
        run = await stage.sync(later)
        told = await stage.outcomes(run)
        assert [each.reason.code for each in told.values() if each.outcome is Outcome.SKIPPED] == [
            "ended_connection"
        ], "rule 10: it was sent under the connection that has ended, and is found to be there"
        assert len(stage.gleanin.list_by_event(THERE)) == 11
    else:
        assert (await stage.sync(mapping)).state is RunState.COMPLETED
        await assert_everything_is_there_once(stage, mapping)


async def test_rule_32_what_a_stopped_run_never_sent_is_sent_at_once(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.refuses_tokens = True
    await stage.sync(mapping)
    stage.gleanin.trouble.refuses_tokens = False
    began = stage.clock.now()
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert stage.clock.now() == began
    await assert_everything_is_there_once(stage, mapping)


async def test_rule_32_the_wait_is_a_setting(stage: Stage, mapping: EventMapping) -> None:
    stage.resend_after = timedelta(seconds=1)
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = 1, False
    began = stage.clock.now()
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert timedelta(seconds=1) <= stage.clock.now() - began < timedelta(seconds=2)


async def test_rule_32_nothing_stays_noted_of_what_is_known(stage: Stage, mapping: EventMapping) -> None:
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.lost_answers = 2
    await stage.sync(mapping)
    async with stage.units.read() as unit:
        assert not await unit.intents.list_open(mapping.organization_id, THERE)


async def killed_while_creating(stage: Stage, late: float) -> EventMapping:
    """Kill a first sync as its first create leaves, which is carried out so many seconds later."""
    stage.gleanin.most_in_flight = 1
    mapping = await stage.mapping()
    stage.offer(*SESSIONS, exhibitors=(ACME,))
    stage.gleanin.trouble.late_creates, stage.gleanin.trouble.late_seconds = 1, late
    with killed(stage, write=1):
        await stage.sync(mapping)
    return mapping


async def test_rules_21_and_32_what_lands_late_is_brought_to_what_was_edited_meanwhile(stage: Stage) -> None:
    mapping = await killed_while_creating(stage, 40)
    stage.offer(replace(SESSIONS[0], title="Edited"), *SESSIONS[1:], exhibitors=(ACME,))
    told = await stage.outcomes(await stage.sync(mapping))
    assert told["s0"].reason.code == "found_again"
    assert stage.the(mapping, SESSION, "s0").fields["title"] == "Edited"
    await assert_everything_is_there_once(stage, mapping)


async def test_rule_26_a_stop_while_lost_creates_are_sent_again_leaves_no_record_without_an_outcome(
    stage: Stage, mapping: EventMapping
) -> None:
    stage.offer(*SESSIONS[:1], exhibitors=(ACME,))
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = 2, False

    async def refuse_later() -> None:
        stage.gleanin.trouble.refuses_tokens = len(stage.gleanin.posts) >= 2

    stage.gate.pass_by = refuse_later
    run = await stage.sync(mapping)
    assert run.stop is not None
    assert set(await stage.outcomes(run)) == {"s0", "p0", "eve"}
    assert run.counts.read == 3
