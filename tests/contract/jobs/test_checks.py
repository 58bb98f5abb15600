"""A mapping that is due is checked without a run, beside the runs, and some places are kept for people."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from adapters.jobs.in_process import AT_ONCE, KEPT_FOR_PEOPLE
from core.domain.runs.fair_queue import MOST_PER_ORGANIZATION
from core.domain.runs.run import RunState, Trigger
from tests.contract.jobs.conftest import Making
from tests.contract.jobs.yard import Yard
from tests.limits import until
from tests.present import present

MOMENT = 0.2
"""Seconds in which what should not happen would have happened."""


async def test_rule_24_a_mapping_that_is_due_is_checked_without_a_run(make: Making, yard: Yard) -> None:
    mapping = await yard.due(1)
    before = await yard.schedule_of(mapping)
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: yard.checked == [mapping])
        await until(lambda: not yard.under_way)
        await asyncio.sleep(MOMENT)
    assert yard.checked == [mapping], "it is not due any more"
    after = await yard.schedule_of(mapping)
    assert after.last_checked_at is not None
    assert after.due_at > before.due_at
    assert await yard.runs_of(mapping) == []


async def test_a_check_becomes_a_run_as_soon_as_something_differs(make: Making, yard: Yard) -> None:
    mapping = await yard.due(1)
    yard.differs.add(mapping)
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: yard.ended == [mapping])
        await asyncio.sleep(MOMENT)
    (run,) = await yard.runs_of(mapping)
    assert (run.trigger, run.state) == (Trigger.CONTINUOUS, RunState.COMPLETED)


async def test_a_check_that_has_come_to_a_run_is_handed_on_when_it_is_interrupted(
    make: Making, yard: Yard
) -> None:
    mapping = await yard.due(1)
    yard.differs.add(mapping)
    async with make(yard).working():
        await until(lambda: yard.under_way == [mapping])
    again, interrupted = await yard.runs_of(mapping)
    assert (present(interrupted.stop).code, again.state) == ("interrupted", RunState.QUEUED)
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: len(yard.ended) == 2)
    assert [run.id for run in await yard.runs_of(mapping)] == [again.id, interrupted.id]


async def test_a_check_that_is_interrupted_leaves_nothing_and_is_made_at_the_next_start(
    make: Making, yard: Yard
) -> None:
    mapping = await yard.due(1)
    async with make(yard).working():
        await until(lambda: yard.under_way == [mapping])
    assert not yard.under_way
    assert await yard.runs_of(mapping) == []
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: yard.checked == [mapping, mapping])
    assert await yard.runs_of(mapping) == []


async def test_rule_23_a_run_does_not_go_on_beside_a_check_of_its_mapping(make: Making, yard: Yard) -> None:
    mapping, jobs = await yard.due(1), make(yard, kept=2)
    async with jobs.working():
        await until(lambda: yard.under_way == [mapping])
        run = await yard.book(mapping)
        jobs.start(run.id)
        other = await yard.mapped(2)
        jobs.start((await yard.book(other)).id)
        await until(lambda: yard.begun == [other])
        await asyncio.sleep(MOMENT)
        assert yard.begun == [other], "nor is the run of another mapping kept waiting"
        yard.go_on.set()
        await until(lambda: {*yard.ended} == {mapping, other})
    assert [each.id for each in await yard.runs_of(mapping)] == [run.id]


async def test_rule_23_a_mapping_is_not_checked_beside_its_run(make: Making, yard: Yard) -> None:
    mapping, jobs = await yard.due(1), make(yard)
    await yard.book(mapping)
    async with jobs.working():
        await until(lambda: yard.under_way == [mapping])
        await asyncio.sleep(1 + MOMENT)  # it looks again
        yard.go_on.set()
        await until(lambda: yard.ended == [mapping])
        await asyncio.sleep(MOMENT)
    assert yard.checked == [], "and after it there is nothing to check"


async def test_rule_23_two_workers_check_no_mapping_at_once(make: Making, yard: Yard) -> None:
    mappings = [await yard.due(number) for number in range(1, 11)]
    async with AsyncExitStack() as both:
        for _ in range(2):
            await both.enter_async_context(make(yard, at_once=10).working())
        await until(lambda: len(yard.under_way) == 10)
        await asyncio.sleep(MOMENT)
        yard.go_on.set()
        await until(lambda: not yard.under_way)
        await asyncio.sleep(MOMENT)
    assert sorted(yard.checked) == sorted(mappings)
    assert yard.log.kept == []


async def test_checks_count_for_an_organization_s_share(make: Making, yard: Yard) -> None:
    many = [await yard.due(1), *[await yard.due(number, organization=1) for number in range(2, 7)]]
    other = await yard.due(7)
    async with make(yard).working():
        await until(lambda: len(yard.under_way) == MOST_PER_ORGANIZATION + 1)
        await asyncio.sleep(1 + MOMENT)
        assert sorted(yard.checked) == sorted([*many[:MOST_PER_ORGANIZATION], other])
        yard.go_on.set()
        await until(lambda: len(yard.checked) == 7)


@pytest.mark.parametrize(
    ("at_once", "kept"), [(5, 3), (AT_ONCE, KEPT_FOR_PEOPLE)], ids=["some", "as many as in operation"]
)
async def test_rule_23_places_are_kept_for_what_people_ask_for(
    make: Making, yard: Yard, at_once: int, kept: int
) -> None:
    by_itself = at_once - kept
    due = [await yard.due(number) for number in range(1, by_itself + 5)]
    by_hand = [await yard.mapped(100 + number) for number in range(kept + 1)]
    jobs = make(yard, at_once=at_once, kept=kept)
    async with jobs.working():
        await until(lambda: len(yard.under_way) == by_itself)
        await asyncio.sleep(1 + MOMENT)
        assert sorted(yard.under_way) == sorted(yard.checked), "nothing of continuous sync takes the others"
        assert len(yard.checked) == by_itself
        for mapping in by_hand:
            jobs.start((await yard.book(mapping)).id)
        await until(lambda: len(yard.begun) == kept)
        await asyncio.sleep(MOMENT)
        assert yard.most_at_once == at_once
        yard.go_on.set()
        await until(lambda: sorted(yard.ended) == sorted(by_hand))
        await until(lambda: sorted(yard.checked) == sorted(due))
    assert yard.most_at_once == at_once


def test_a_process_has_64_places_and_keeps_8() -> None:
    assert (AT_ONCE, KEPT_FOR_PEOPLE) == (64, 8)


async def test_a_check_that_fails_is_told_of_and_stops_no_other(make: Making, yard: Yard) -> None:
    one, two = await yard.due(1), await yard.due(2)
    yard.fails.add(one)
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: {one, two} == {*yard.checked})
        await until(lambda: yard.log.kept)
    assert {name for name, _ in yard.log.kept} == {"jobs.run_failed"}
    assert all(data["mapping"] == one for _, data in yard.log.kept)
    assert "grace" not in str(yard.log.kept)
