"""A mapping that is due is checked without a run, beside the runs, and some places are kept for people."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from adapters.jobs.in_process import AT_ONCE, KEPT_FOR_PEOPLE
from core.domain.runs.fair_queue import MAX_PER_ORGANIZATION
from core.domain.runs.run import RunState, Trigger
from tests.contract.jobs.conftest import Making
from tests.support.assertions import present
from tests.support.jobs_harness import JobsHarness
from tests.support.timeouts import until

MOMENT = 0.2
"""Seconds in which what should not happen would have happened."""


async def test_rule_24_a_mapping_that_is_due_is_checked_without_a_run(
    make: Making, jobs_harness: JobsHarness
) -> None:
    mapping = await jobs_harness.due(1)
    before = await jobs_harness.schedule_of(mapping)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.checked == [mapping])
        await until(lambda: not jobs_harness.under_way)
        await asyncio.sleep(MOMENT)
    assert jobs_harness.checked == [mapping], "it is not due any more"
    after = await jobs_harness.schedule_of(mapping)
    assert after.last_checked_at is not None
    assert after.due_at > before.due_at
    assert await jobs_harness.runs_of(mapping) == []


async def test_a_check_becomes_a_run_as_soon_as_something_differs(
    make: Making, jobs_harness: JobsHarness
) -> None:
    mapping = await jobs_harness.due(1)
    jobs_harness.differs.add(mapping)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.ended == [mapping])
        await asyncio.sleep(MOMENT)
    (run,) = await jobs_harness.runs_of(mapping)
    assert (run.trigger, run.state) == (Trigger.CONTINUOUS, RunState.COMPLETED)


async def test_a_check_that_has_come_to_a_run_is_handed_on_when_it_is_interrupted(
    make: Making, jobs_harness: JobsHarness
) -> None:
    mapping = await jobs_harness.due(1)
    jobs_harness.differs.add(mapping)
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.under_way == [mapping])
    again, interrupted = await jobs_harness.runs_of(mapping)
    assert (present(interrupted.stop).code, again.state) == ("interrupted", RunState.QUEUED)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: len(jobs_harness.ended) == 2)
    assert [run.id for run in await jobs_harness.runs_of(mapping)] == [again.id, interrupted.id]


async def test_a_check_that_is_interrupted_leaves_nothing_and_is_made_at_the_next_start(
    make: Making, jobs_harness: JobsHarness
) -> None:
    mapping = await jobs_harness.due(1)
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.under_way == [mapping])
    assert not jobs_harness.under_way
    assert await jobs_harness.runs_of(mapping) == []
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.checked == [mapping, mapping])
    assert await jobs_harness.runs_of(mapping) == []


async def test_rule_23_a_run_does_not_go_on_beside_a_check_of_its_mapping(
    make: Making, jobs_harness: JobsHarness
) -> None:
    mapping, jobs = await jobs_harness.due(1), make(jobs_harness, kept=2)
    async with jobs.working():
        await until(lambda: jobs_harness.under_way == [mapping])
        run = await jobs_harness.book(mapping)
        jobs.start(run.id)
        other = await jobs_harness.mapped(2)
        jobs.start((await jobs_harness.book(other)).id)
        await until(lambda: jobs_harness.begun == [other])
        await asyncio.sleep(MOMENT)
        assert jobs_harness.begun == [other], "nor is the run of another mapping kept waiting"
        jobs_harness.go_on.set()
        await until(lambda: {*jobs_harness.ended} == {mapping, other})
    assert [each.id for each in await jobs_harness.runs_of(mapping)] == [run.id]


async def test_rule_23_a_mapping_is_not_checked_beside_its_run(
    make: Making, jobs_harness: JobsHarness
) -> None:
    mapping, jobs = await jobs_harness.due(1), make(jobs_harness)
    await jobs_harness.book(mapping)
    async with jobs.working():
        await until(lambda: jobs_harness.under_way == [mapping])
        await asyncio.sleep(1 + MOMENT)  # it looks again
        jobs_harness.go_on.set()
        await until(lambda: jobs_harness.ended == [mapping])
        await asyncio.sleep(MOMENT)
    assert jobs_harness.checked == [], "and after it there is nothing to check"


async def test_rule_23_two_workers_check_no_mapping_at_once(make: Making, jobs_harness: JobsHarness) -> None:
    mappings = [await jobs_harness.due(number) for number in range(1, 11)]
    async with AsyncExitStack() as both:
        for _ in range(2):
            await both.enter_async_context(make(jobs_harness, at_once=10).working())
        await until(lambda: len(jobs_harness.under_way) == 10)
        await asyncio.sleep(MOMENT)
        jobs_harness.go_on.set()
        await until(lambda: not jobs_harness.under_way)
        await asyncio.sleep(MOMENT)
    assert sorted(jobs_harness.checked) == sorted(mappings)
    assert jobs_harness.log.entries == []


async def test_checks_count_for_an_organization_s_share(make: Making, jobs_harness: JobsHarness) -> None:
    many = [
        await jobs_harness.due(1),
        *[await jobs_harness.due(number, organization=1) for number in range(2, 7)],
    ]
    other = await jobs_harness.due(7)
    async with make(jobs_harness).working():
        await until(lambda: len(jobs_harness.under_way) == MAX_PER_ORGANIZATION + 1)
        await asyncio.sleep(1 + MOMENT)
        assert sorted(jobs_harness.checked) == sorted([*many[:MAX_PER_ORGANIZATION], other])
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.checked) == 7)


@pytest.mark.parametrize(
    ("at_once", "kept"), [(5, 3), (AT_ONCE, KEPT_FOR_PEOPLE)], ids=["some", "as many as in operation"]
)
async def test_rule_23_places_are_kept_for_what_people_ask_for(
    make: Making, jobs_harness: JobsHarness, at_once: int, kept: int
) -> None:
    by_itself = at_once - kept
    due = [await jobs_harness.due(number) for number in range(1, by_itself + 5)]
    by_hand = [await jobs_harness.mapped(100 + number) for number in range(kept + 1)]
    jobs = make(jobs_harness, at_once=at_once, kept=kept)
    async with jobs.working():
        await until(lambda: len(jobs_harness.under_way) == by_itself)
        await asyncio.sleep(1 + MOMENT)
        assert sorted(jobs_harness.under_way) == sorted(jobs_harness.checked), (
            "nothing of continuous sync takes the others"
        )
        assert len(jobs_harness.checked) == by_itself
        for mapping in by_hand:
            jobs.start((await jobs_harness.book(mapping)).id)
        await until(lambda: len(jobs_harness.begun) == kept)
        await asyncio.sleep(MOMENT)
        assert jobs_harness.most_at_once == at_once
        jobs_harness.go_on.set()
        await until(lambda: sorted(jobs_harness.ended) == sorted(by_hand))
        await until(lambda: sorted(jobs_harness.checked) == sorted(due))
    assert jobs_harness.most_at_once == at_once


def test_a_process_has_64_places_and_keeps_8() -> None:
    assert (AT_ONCE, KEPT_FOR_PEOPLE) == (64, 8)


async def test_a_check_that_fails_is_told_of_and_stops_no_other(
    make: Making, jobs_harness: JobsHarness
) -> None:
    one, two = await jobs_harness.due(1), await jobs_harness.due(2)
    jobs_harness.fails.add(one)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: {one, two} == {*jobs_harness.checked})
        await until(lambda: jobs_harness.log.entries)
    assert {name for name, _ in jobs_harness.log.entries} == {"jobs.run_failed"}
    assert all(data["mapping"] == one for _, data in jobs_harness.log.entries)
    assert "grace" not in str(jobs_harness.log.entries)
