"""Rule 32, across processes: killed or cancelled at any point, the next run puts everything right."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from typing import Literal

import pytest

from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from tests.unit.domain.builders import exhibitor, on, person, primary, session
from tests.unit.usecases.power import Killed, Power
from tests.unit.usecases.stage import LEASE, THERE, Stage, nothing

PEOPLE = tuple(on(person(f"p{number}")) for number in range(4))
SESSIONS = (session("s1", *PEOPLE), session("s2", *PEOPLE[:2]), session("s3"))
EXHIBITORS = (exhibitor("acme", primary(person("eve"))),)
RECORDS = 8
Point = Literal["write", "store"]


def offer_the_conference(stage: Stage) -> None:
    stage.offer(*SESSIONS, exhibitors=EXHIBITORS)


def offer_it_edited(stage: Stage) -> None:
    """Change, add, empty and take away something of every kind."""
    first = tuple(on(replace(part.person, job_title="Countess")) for part in PEOPLE)
    stage.offer(
        session("s1", *first, title="Renamed"),
        session("s2", description="New"),
        session("s4", on(person("p9"))),
        exhibitors=(exhibitor("acme", primary(person("eve", full_name="Eve King"))),),
    )


async def assert_that_all_is_well(stage: Stage, mapping: EventMapping, *, edited: bool) -> None:
    run = await stage.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert stage.gleanin.duplicates == 0
    assert len(stage.gleanin.list_by_event(THERE)) == RECORDS + (2 if edited else 0)
    succeeded = {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.KEPT}
    assert {each.outcome for each in (await stage.outcomes(run)).values()} <= succeeded
    s1, s2 = (stage.the(mapping, SESSION, each) for each in ("s1", "s2"))
    assert s1.fields["title"] == ("Renamed" if edited else "Talk s1")
    for number in range(4):
        fields = stage.the(mapping, SPEAKER, f"p{number}").fields
        assert fields.get("job_title") == ("Countess" if edited else None)
        assert set(fields["sessions"]) == ({s1.id, s2.id} if number < 2 else {s1.id})
    before = len(stage.gleanin.writes)
    await stage.sync(mapping)
    assert len(stage.gleanin.writes) == before, "rule 21"


async def kill(stage: Stage, mapping: EventMapping, point: Point, number: int, *, taken_place: bool) -> bool:
    """Kill a sync at its n-th write or store; tell whether it got that far."""
    power = Power(stage)
    power.fail_at(
        write=number * (point == "write"), store=number * (point == "store"), taken_place=taken_place
    )
    try:
        await stage.sync(mapping)
    except Killed:
        return True
    finally:
        power.back()
    return False


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("taken_place", [True, False], ids=["taken place", "not taken place"])
@pytest.mark.parametrize("point", ["write", "store"])
async def test_rule_32_killed_at_any_write_or_store_of_a_first_sync(
    point: Point, taken_place: bool, in_flight: int
) -> None:
    struck = 0
    while True:
        stage = Stage()
        stage.gleanin.most_in_flight = in_flight
        mapping = await stage.mapping()
        offer_the_conference(stage)
        if not await kill(stage, mapping, point, struck + 1, taken_place=taken_place):
            break
        struck += 1
        await assert_that_all_is_well(stage, mapping, edited=False)
    assert struck >= {"write": RECORDS, "store": 6}[point]


@pytest.mark.parametrize("taken_place", [True, False], ids=["taken place", "not taken place"])
@pytest.mark.parametrize("point", ["write", "store"])
async def test_rule_32_killed_at_any_write_or_store_of_a_later_sync(point: Point, taken_place: bool) -> None:
    struck = 0
    while True:
        stage = Stage()
        mapping = await stage.mapping()
        offer_the_conference(stage)
        await stage.sync(mapping)
        offer_it_edited(stage)
        if not await kill(stage, mapping, point, struck + 1, taken_place=taken_place):
            break
        struck += 1
        await assert_that_all_is_well(stage, mapping, edited=True)
    assert struck >= 6


async def test_rule_32_killed_again_and_again(stage: Stage, mapping: EventMapping) -> None:
    offer_the_conference(stage)
    for number in range(1, 2 * RECORDS):
        await kill(stage, mapping, "write", number, taken_place=True)
    offer_it_edited(stage)
    for number in range(1, 9):
        await kill(stage, mapping, "store", number, taken_place=False)
    await assert_that_all_is_well(stage, mapping, edited=True)


def cancelling(syncing: asyncio.Task[SyncRun], *, at: int) -> Callable[[], Awaitable[None]]:
    passed = count(1)

    async def cancel_in_time() -> None:
        if next(passed) == at:
            syncing.cancel()
        await asyncio.sleep(0)

    return cancel_in_time


async def test_rule_32_cancelled_at_any_write() -> None:
    for number in range(1, RECORDS + 1):
        stage = Stage()
        mapping = await stage.mapping()
        offer_the_conference(stage)
        syncing = asyncio.create_task(stage.sync(mapping))
        stage.gate.pass_by = cancelling(syncing, at=number)
        with pytest.raises(asyncio.CancelledError):
            await syncing
        stage.gate.pass_by = nothing
        before = stage.clock.now()
        await assert_that_all_is_well(stage, mapping, edited=False)
        assert stage.clock.now() - before < LEASE, "a cancelled run leaves no lease behind"


async def test_rule_32_a_fault_of_the_program_ends_the_run_and_the_next_one_goes_on(stage: Stage) -> None:
    mapping = await stage.mapping()
    offer_the_conference(stage)

    passed = count(1)

    async def break_down() -> None:
        if next(passed) == 2:
            raise ZeroDivisionError

    stage.gate.pass_by = break_down
    with pytest.raises(ExceptionGroup):
        await stage.sync(mapping)
    stage.gate.pass_by = nothing
    await assert_that_all_is_well(stage, mapping, edited=False)
