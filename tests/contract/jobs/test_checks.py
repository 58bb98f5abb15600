"""Due mappings are checked without a run, alongside the runs, and some slots are reserved for manual runs."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from adapters.jobs.in_process import MAX_CONCURRENT, RESERVED_FOR_MANUAL
from core.domain.runs.fair_queue import MAX_PER_ORGANIZATION
from core.domain.runs.run import RunState, Trigger
from tests.contract.jobs.conftest import MakeJobs
from tests.support.assertions import present
from tests.support.jobs_harness import JobsHarness
from tests.support.timeouts import until

MOMENT = 0.2
"""Seconds to wait before checking that something did not happen."""


async def test_rule_24_due_mapping_is_checked_without_a_run(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mapping = await jobs_harness.due(1)
    before = await jobs_harness.schedule_of(mapping)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.checked == [mapping])
        await until(lambda: not jobs_harness.under_way)
        await asyncio.sleep(MOMENT)
    assert jobs_harness.checked == [mapping], "it is no longer due"
    after = await jobs_harness.schedule_of(mapping)
    assert after.last_checked_at is not None
    assert after.due_at > before.due_at
    assert await jobs_harness.runs_of(mapping) == []


async def test_check_becomes_a_run_as_soon_as_something_differs(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mapping = await jobs_harness.due(1)
    jobs_harness.differs.add(mapping)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.ended == [mapping])
        await asyncio.sleep(MOMENT)
    (run,) = await jobs_harness.runs_of(mapping)
    assert (run.trigger, run.state) == (Trigger.CONTINUOUS, RunState.COMPLETED)


async def test_interrupted_check_that_became_a_run_is_requeued(
    make: MakeJobs, jobs_harness: JobsHarness
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


async def test_interrupted_check_is_repeated_at_the_next_start(
    make: MakeJobs, jobs_harness: JobsHarness
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


async def test_rule_23_run_waits_for_a_check_of_its_mapping(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mapping, jobs = await jobs_harness.due(1), make(jobs_harness, reserved=2)
    async with jobs.working():
        await until(lambda: jobs_harness.under_way == [mapping])
        run = await jobs_harness.book(mapping)
        jobs.start(run.id)
        other = await jobs_harness.mapped(2)
        jobs.start((await jobs_harness.book(other)).id)
        await until(lambda: jobs_harness.begun == [other])
        await asyncio.sleep(MOMENT)
        assert jobs_harness.begun == [other], "another mapping's run does not wait"
        jobs_harness.go_on.set()
        await until(lambda: {*jobs_harness.ended} == {mapping, other})
    assert [run.id for run in await jobs_harness.runs_of(mapping)] == [run.id]


async def test_rule_23_mapping_is_not_checked_during_its_run(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mapping, jobs = await jobs_harness.due(1), make(jobs_harness)
    await jobs_harness.book(mapping)
    async with jobs.working():
        await until(lambda: jobs_harness.under_way == [mapping])
        await asyncio.sleep(1 + MOMENT)  # it polls again
        jobs_harness.go_on.set()
        await until(lambda: jobs_harness.ended == [mapping])
        await asyncio.sleep(MOMENT)
    assert jobs_harness.checked == [], "after the run there is nothing to check"


async def test_rule_23_two_workers_never_check_the_same_mapping(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mappings = [await jobs_harness.due(number) for number in range(1, 11)]
    async with AsyncExitStack() as both:
        for _ in range(2):
            await both.enter_async_context(make(jobs_harness, max_concurrent=10).working())
        await until(lambda: len(jobs_harness.under_way) == 10)
        await asyncio.sleep(MOMENT)
        jobs_harness.go_on.set()
        await until(lambda: not jobs_harness.under_way)
        await asyncio.sleep(MOMENT)
    assert sorted(jobs_harness.checked) == sorted(mappings)
    assert jobs_harness.log.entries == []


async def test_checks_count_towards_an_organizations_limit(make: MakeJobs, jobs_harness: JobsHarness) -> None:
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
    ("max_concurrent", "reserved"),
    [(5, 3), (MAX_CONCURRENT, RESERVED_FOR_MANUAL)],
    ids=["some", "as many as in operation"],
)
async def test_rule_23_slots_are_reserved_for_manual_runs(
    make: MakeJobs, jobs_harness: JobsHarness, max_concurrent: int, reserved: int
) -> None:
    by_itself = max_concurrent - reserved
    due = [await jobs_harness.due(number) for number in range(1, by_itself + 5)]
    by_hand = [await jobs_harness.mapped(100 + number) for number in range(reserved + 1)]
    jobs = make(jobs_harness, max_concurrent=max_concurrent, reserved=reserved)
    async with jobs.working():
        await until(lambda: len(jobs_harness.under_way) == by_itself)
        await asyncio.sleep(1 + MOMENT)
        assert sorted(jobs_harness.under_way) == sorted(jobs_harness.checked), (
            "nothing of continuous sync takes the others"
        )
        assert len(jobs_harness.checked) == by_itself
        for mapping in by_hand:
            jobs.start((await jobs_harness.book(mapping)).id)
        await until(lambda: len(jobs_harness.begun) == reserved)
        await asyncio.sleep(MOMENT)
        assert jobs_harness.max_concurrent == max_concurrent
        jobs_harness.go_on.set()
        await until(lambda: sorted(jobs_harness.ended) == sorted(by_hand))
        await until(lambda: sorted(jobs_harness.checked) == sorted(due))
    assert jobs_harness.max_concurrent == max_concurrent


def test_process_has_64_slots_and_reserves_8() -> None:
    assert (MAX_CONCURRENT, RESERVED_FOR_MANUAL) == (64, 8)


async def test_failed_check_is_logged_and_stops_no_other(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    one, two = await jobs_harness.due(1), await jobs_harness.due(2)
    jobs_harness.fails.add(one)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: {one, two} == {*jobs_harness.checked})
        await until(lambda: jobs_harness.log.entries)
    assert {name for name, _ in jobs_harness.log.entries} == {"jobs.run_failed"}
    assert all(data["mapping"] == one for _, data in jobs_harness.log.entries)
    assert "grace" not in str(jobs_harness.log.entries)
