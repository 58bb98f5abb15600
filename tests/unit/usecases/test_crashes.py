"""Rule 32 across processes: after a kill or cancellation at any point, the next run corrects everything."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count

import pytest

from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import LEASE, THERE, Harness, nothing
from tests.support.kill_switch import Point, kill

PEOPLE = tuple(on(person(f"p{number}")) for number in range(4))
SESSIONS = (session("s1", *PEOPLE), session("s2", *PEOPLE[:2]), session("s3"))
EXHIBITORS = (exhibitor("acme", primary(person("eve"))),)
RECORDS = 8


def offer_the_conference(harness: Harness) -> None:
    harness.offer(*SESSIONS, exhibitors=EXHIBITORS)


def offer_it_edited(harness: Harness) -> None:
    """Change, add, empty and remove something of every kind."""
    first = tuple(on(replace(part.person, job_title="Countess")) for part in PEOPLE)
    harness.offer(
        session("s1", *first, title="Renamed"),
        session("s2", description="New"),
        session("s4", on(person("p9"))),
        exhibitors=(exhibitor("acme", primary(person("eve", full_name="Eve King"))),),
    )


async def assert_that_all_is_well(harness: Harness, mapping: EventMapping, *, edited: bool) -> None:
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert harness.gleanin.duplicates == 0
    assert len(harness.gleanin.list_by_event(THERE)) == RECORDS + (2 if edited else 0)
    succeeded = {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.KEPT}
    assert {outcome.outcome for outcome in (await harness.outcomes(run)).values()} <= succeeded
    s1, s2 = (harness.the(mapping, SESSION, source_id) for source_id in ("s1", "s2"))
    assert s1.fields["title"] == ("Renamed" if edited else "Talk s1")
    for number in range(4):
        fields = harness.the(mapping, SPEAKER, f"p{number}").fields
        assert fields.get("job_title") == ("Countess" if edited else None)
        assert set(fields["sessions"]) == ({s1.id, s2.id} if number < 2 else {s1.id})
    before = len(harness.gleanin.writes)
    await harness.sync(mapping)
    assert len(harness.gleanin.writes) == before, "rule 21"


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("taken_place", [True, False], ids=["taken place", "not taken place"])
@pytest.mark.parametrize("point", ["write", "store"])
async def test_rule_32_killed_at_any_write_or_store_of_a_first_sync(
    point: Point, taken_place: bool, in_flight: int
) -> None:
    struck = 0
    while True:
        harness = Harness()
        harness.gleanin.max_in_flight = in_flight
        mapping = await harness.mapping()
        offer_the_conference(harness)
        if not await kill(harness, mapping, point, struck + 1, taken_place=taken_place):
            break
        struck += 1
        await assert_that_all_is_well(harness, mapping, edited=False)
    assert struck >= {"write": RECORDS, "store": 6}[point]


@pytest.mark.parametrize("taken_place", [True, False], ids=["taken place", "not taken place"])
@pytest.mark.parametrize("point", ["write", "store"])
async def test_rule_32_killed_at_any_write_or_store_of_a_later_sync(point: Point, taken_place: bool) -> None:
    struck = 0
    while True:
        harness = Harness()
        mapping = await harness.mapping()
        offer_the_conference(harness)
        await harness.sync(mapping)
        offer_it_edited(harness)
        if not await kill(harness, mapping, point, struck + 1, taken_place=taken_place):
            break
        struck += 1
        await assert_that_all_is_well(harness, mapping, edited=True)
    assert struck >= 6


async def test_rule_32_killed_repeatedly(harness: Harness, mapping: EventMapping) -> None:
    offer_the_conference(harness)
    for number in range(1, 2 * RECORDS):
        await kill(harness, mapping, "write", number, taken_place=True)
    offer_it_edited(harness)
    for number in range(1, 9):
        await kill(harness, mapping, "store", number, taken_place=False)
    await assert_that_all_is_well(harness, mapping, edited=True)


def cancelling(syncing: asyncio.Task[SyncRun], *, at: int) -> Callable[[], Awaitable[None]]:
    passed = count(1)

    async def cancel_in_time() -> None:
        if next(passed) == at:
            syncing.cancel()
        await asyncio.sleep(0)

    return cancel_in_time


async def test_rule_32_cancelled_at_any_write() -> None:
    for number in range(1, RECORDS + 1):
        harness = Harness()
        mapping = await harness.mapping()
        offer_the_conference(harness)
        syncing = asyncio.create_task(harness.sync(mapping))
        harness.gate.before_write = cancelling(syncing, at=number)
        with pytest.raises(asyncio.CancelledError):
            await syncing
        harness.gate.before_write = nothing
        before = harness.clock.now()
        await assert_that_all_is_well(harness, mapping, edited=False)
        assert harness.clock.now() - before < LEASE, "a cancelled run leaves no lease behind"


async def test_rule_32_internal_error_ends_the_run_and_the_next_one_continues(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer_the_conference(harness)

    passed = count(1)

    async def break_down() -> None:
        if next(passed) == 2:
            raise ZeroDivisionError

    harness.gate.before_write = break_down
    with pytest.raises(ExceptionGroup):
        await harness.sync(mapping)
    harness.gate.before_write = nothing
    await assert_that_all_is_well(harness, mapping, edited=False)
