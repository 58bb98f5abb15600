"""Rule 32: a create with a lost response may still take effect, and is not resent within a minute."""

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
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import THERE, Harness
from tests.support.kill_switch import killed

GAP = timedelta(seconds=60)
SESSIONS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(5))
ACME = exhibitor("acme", primary(person("eve")))


def assert_no_second_post_came_too_early(harness: Harness) -> None:
    by_record: dict[str, list[timedelta]] = {}
    first = harness.gleanin.posts[0][-1]
    for _, external_id, at in harness.gleanin.posts:
        by_record.setdefault(external_id, []).append(at - first)
    for times in by_record.values():
        assert all(later - earlier >= GAP for earlier, later in pairwise(times)), by_record


async def assert_everything_is_there_once(harness: Harness, mapping: EventMapping) -> None:
    assert harness.gleanin.duplicates == 0
    assert len(harness.gleanin.list_by_event(THERE)) == 11
    for number in range(5):
        opening = harness.the(mapping, SESSION, f"s{number}")
        assert harness.the(mapping, SPEAKER, f"p{number}").fields["sessions"] == (opening.id,)
    assert_no_second_post_came_too_early(harness)
    before = len(harness.gleanin.writes)
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert len(harness.gleanin.writes) == before, "rule 21"


@pytest.mark.parametrize("seconds", [0, 5, 12, 15, 40, 59])
@pytest.mark.parametrize("late", [1, 5, 11])
async def test_rule_32_create_that_takes_effect_late_exists_once(
    harness: Harness, seconds: float, late: int, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.late_creates, harness.gleanin.faults.late_seconds = late, seconds
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert {outcome.outcome for outcome in (await harness.outcomes(run)).values()} == {Outcome.CREATED}
    await assert_everything_is_there_once(harness, mapping)


async def test_rule_32_lost_create_is_resent_after_a_minute_and_not_before(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 2, False
    began = harness.clock.now()
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert GAP <= harness.clock.now() - began < GAP + timedelta(seconds=5)
    await assert_everything_is_there_once(harness, mapping)


async def test_rule_32_run_does_its_other_writes_before_it_waits(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.max_in_flight = 1
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 1, False
    began = harness.clock.now()
    await harness.sync(mapping)
    at_once = [
        external_id for _, external_id, at in harness.gleanin.posts if at - began < timedelta(seconds=1)
    ]
    assert len(at_once) == 10, "all but the speaker of the unconfirmed session"
    await assert_everything_is_there_once(harness, mapping)


async def test_rule_32_response_without_an_id_is_looked_up_immediately(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.lost_answers = 3
    began = harness.clock.now()
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert harness.clock.now() - began < timedelta(seconds=1), "the records exist: no wait is needed"


@pytest.mark.parametrize("disconnects", [True, False])
async def test_rules_08_and_32_stop_ends_the_wait_and_the_record_is_reported_as_unconfirmed(
    harness: Harness, disconnects: bool, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS)
    harness.gleanin.faults.late_creates, harness.gleanin.faults.late_seconds = 1, 30
    interfered = asyncio.Event()

    async def interfere() -> None:
        began = harness.clock.now()
        while harness.clock.now() < began + timedelta(seconds=10):  # noqa: ASYNC110 - other tasks advance the clock
            await asyncio.sleep(0)
        interfered.set()
        if disconnects:
            await harness.disconnect(mapping.organization_id, "Acme")
        else:
            await harness.remove_mapping(mapping.id)

    interference = asyncio.create_task(interfere())
    began = harness.clock.now()
    run = await harness.sync(mapping)
    await interference
    assert interfered.is_set()
    assert harness.clock.now() - began < timedelta(seconds=20)
    assert run.stop == (DISCONNECTED if disconnects else MAPPING_REMOVED)
    outcomes = await harness.outcomes(run)
    assert sorted(
        outcome.reason.code for outcome in outcomes.values() if outcome.outcome is Outcome.FAILED
    ) == [
        "no_answer",
        "run_stopped",
    ]
    assert len(outcomes) == run.counts.read == 10, "rule 26"


@pytest.mark.parametrize("ended_by", ["a sync", "removing the mapping", "a disconnect"])
async def test_rule_32_late_create_of_a_killed_run_exists_once(
    harness: Harness, ended_by: str, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.max_in_flight = 1
    harness.gleanin.faults.late_creates, harness.gleanin.faults.late_seconds = 1, 50
    with killed(harness, write=1):
        await harness.sync(mapping)
    if ended_by == "removing the mapping":
        await harness.remove_mapping(mapping.id)
        mapping = await harness.map(mapping.organization_id)
    if ended_by == "a disconnect":
        later = await harness.reconnect_and_map(mapping)
        run = await harness.sync(later)
        outcomes = await harness.outcomes(run)
        assert [
            outcome.reason.code for outcome in outcomes.values() if outcome.outcome is Outcome.SKIPPED
        ] == ["ended_connection"], "rule 10: it was sent under the ended connection, and is found in Gleanin"
        assert len(harness.gleanin.list_by_event(THERE)) == 11
    else:
        assert (await harness.sync(mapping)).state is RunState.COMPLETED
        await assert_everything_is_there_once(harness, mapping)


async def test_rule_32_unsent_records_of_a_stopped_run_are_sent_immediately(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.refuses_tokens = True
    await harness.sync(mapping)
    harness.gleanin.faults.refuses_tokens = False
    began = harness.clock.now()
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert harness.clock.now() == began
    await assert_everything_is_there_once(harness, mapping)


async def test_rule_32_resend_delay_is_configurable(harness: Harness, mapping: EventMapping) -> None:
    harness.resend_after = timedelta(seconds=1)
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 1, False
    began = harness.clock.now()
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert timedelta(seconds=1) <= harness.clock.now() - began < timedelta(seconds=2)


async def test_rule_32_intents_with_a_known_result_are_removed(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.lost_answers = 2
    await harness.sync(mapping)
    async with harness.units.read() as unit:
        assert not await unit.intents.list_open(mapping.organization_id, THERE)


async def killed_while_creating(harness: Harness, late: float) -> EventMapping:
    """Kill a first sync at its first create, which takes effect some seconds later."""
    harness.gleanin.max_in_flight = 1
    mapping = await harness.mapping()
    harness.offer(*SESSIONS, exhibitors=(ACME,))
    harness.gleanin.faults.late_creates, harness.gleanin.faults.late_seconds = 1, late
    with killed(harness, write=1):
        await harness.sync(mapping)
    return mapping


async def test_rules_21_and_32_late_create_is_updated_to_later_edits(
    harness: Harness,
) -> None:
    mapping = await killed_while_creating(harness, 40)
    harness.offer(replace(SESSIONS[0], title="Edited"), *SESSIONS[1:], exhibitors=(ACME,))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["s0"].reason.code == "found_again"
    assert harness.the(mapping, SESSION, "s0").fields["title"] == "Edited"
    await assert_everything_is_there_once(harness, mapping)


async def test_rule_26_stop_while_resending_gives_every_record_an_outcome(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(*SESSIONS[:1], exhibitors=(ACME,))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 2, False

    async def refuse_later() -> None:
        harness.gleanin.faults.refuses_tokens = len(harness.gleanin.posts) >= 2

    harness.gate.before_write = refuse_later
    run = await harness.sync(mapping)
    assert run.stop is not None
    assert set(await harness.outcomes(run)) == {"s0", "p0", "eve"}
    assert run.counts.read == 3
