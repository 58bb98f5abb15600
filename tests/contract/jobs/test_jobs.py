"""Requested runs are performed in the background."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from core.domain.ids import MappingId, RunId
from core.domain.runs.fair_queue import MAX_PER_ORGANIZATION
from core.domain.runs.run import RunState, Trigger
from tests.contract.jobs.conftest import MakeJobs
from tests.support.assertions import present
from tests.support.jobs_harness import RARELY, JobsHarness
from tests.support.store_samples import committing
from tests.support.timeouts import until


def are_in_turn(begun: Sequence[MappingId], mappings: Sequence[MappingId]) -> bool:
    """Check the order, in which two runs that start at the same moment may be swapped."""
    return sorted(begun) == sorted(mappings) and all(
        abs(begun.index(each) - place) <= 1 for place, each in enumerate(mappings)
    )


async def test_run_is_performed_in_the_background(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    mapping, jobs = await jobs_harness.mapped(1), make(jobs_harness)
    async with jobs.working():
        run = await jobs_harness.book(mapping)
        jobs.start(run.id)
        assert not jobs_harness.begun, "starting only requests it"
        jobs_harness.go_on.set()
        await until(lambda: jobs_harness.ended == [mapping])
    (run,) = await jobs_harness.runs_of(mapping)
    assert run.state is RunState.COMPLETED


async def test_queued_run_starts_with_the_next_process(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    mapping = await jobs_harness.mapped(1)
    before = make(jobs_harness)
    before.start((await jobs_harness.book(mapping)).id)  # and then the process ends
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.ended == [mapping])


async def test_rule_23_running_run_is_not_started_again(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    one, two = await jobs_harness.mapped(1), await jobs_harness.mapped(2)
    jobs = make(jobs_harness)
    async with jobs.working():
        first = await jobs_harness.book(one)
        jobs.start(first.id)
        await until(lambda: jobs_harness.begun)
        second = await jobs_harness.book(two)
        for _ in range(5):
            jobs.start(first.id)
            jobs.start(second.id)
            await asyncio.sleep(0.01)
        await until(lambda: len(jobs_harness.begun) == 2)
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.ended) == 2)
        await asyncio.sleep(0.2)
    assert jobs_harness.begun == [one, two]


async def test_rule_23_next_run_of_a_mapping_follows_immediately(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mapping, jobs = await jobs_harness.mapped(1), make(jobs_harness, poll_interval=RARELY)
    async with jobs.working():
        jobs.start((await jobs_harness.book(mapping)).id)
        await until(lambda: jobs_harness.begun)
        jobs.start((await jobs_harness.book(mapping)).id)
        await asyncio.sleep(0.1)
        assert jobs_harness.begun == [mapping]
        jobs_harness.go_on.set()
        await until(lambda: jobs_harness.ended == [mapping, mapping], within=RARELY / 2)


async def test_failed_run_is_logged_and_stops_no_other(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    one, two, three = [await jobs_harness.mapped(number) for number in (1, 2, 3)]
    jobs_harness.fails.add(one)
    jobs = make(jobs_harness)
    jobs_harness.go_on.set()
    async with jobs.working():
        for each in (one, two):
            jobs.start((await jobs_harness.book(each)).id)
        await until(lambda: {*jobs_harness.ended} == {one, two})
        await until(lambda: jobs_harness.log.entries)
        jobs.start((await jobs_harness.book(three)).id)
        await until(lambda: three in jobs_harness.ended)
    ((name, data),) = jobs_harness.log.entries
    assert (name, data["error"]) == ("jobs.run_failed", "RuntimeError")
    assert "grace" not in str(data)


async def test_concurrent_runs_are_limited_and_the_others_wait(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mappings = [await jobs_harness.mapped(number) for number in range(1, 7)]
    for mapping in mappings:
        await jobs_harness.book(mapping)
    jobs = make(jobs_harness, max_concurrent=2)
    async with jobs.working():
        await until(lambda: len(jobs_harness.begun) == 2)
        await asyncio.sleep(0.1)
        assert sorted(jobs_harness.begun) == mappings[:2]
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.ended) == 6)
    assert are_in_turn(jobs_harness.begun, mappings)
    assert jobs_harness.max_concurrent == 2


async def test_concurrent_runs_of_an_organization_are_limited(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    many = [
        await jobs_harness.mapped(1),
        *[await jobs_harness.mapped(number, organization=1) for number in range(2, 7)],
    ]
    for organization_id in many:
        await jobs_harness.book(organization_id)
    jobs = make(jobs_harness)
    async with jobs.working():
        await until(lambda: len(jobs_harness.begun) == MAX_PER_ORGANIZATION)
        other = await jobs_harness.mapped(7)
        jobs.start((await jobs_harness.book(other)).id)
        await until(lambda: other in jobs_harness.begun)
        await asyncio.sleep(0.1)
        assert sorted(jobs_harness.begun) == [*many[:MAX_PER_ORGANIZATION], other]
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.ended) == 7)
    assert are_in_turn(jobs_harness.begun[3:], many[MAX_PER_ORGANIZATION:])


async def test_manual_runs_come_before_due_runs(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    busy, due, requested, both = [await jobs_harness.mapped(number) for number in (1, 2, 3, 4)]
    jobs = make(jobs_harness, max_concurrent=1)
    async with jobs.working():
        jobs.start((await jobs_harness.book(busy)).id)
        await until(lambda: jobs_harness.begun)
        for mapping in (due, both):
            jobs.start((await jobs_harness.book(mapping, Trigger.CONTINUOUS)).id)
        await asyncio.sleep(0.2)
        for mapping in (requested, both):  # the second one is due as well
            jobs.start((await jobs_harness.book(mapping)).id)
        await asyncio.sleep(0.2)
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.ended) == 4)
    assert {*jobs_harness.begun[1:3]} == {requested, both}
    assert jobs_harness.begun[3] == due


async def test_two_workers_share_the_runs_without_duplicates(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    mappings = [await jobs_harness.mapped(number) for number in range(1, 21)]
    for mapping in mappings:
        await jobs_harness.book(mapping)
    async with AsyncExitStack() as both:
        for _ in range(2):
            await both.enter_async_context(make(jobs_harness, max_concurrent=2).working())
        await until(lambda: len(jobs_harness.under_way) == 4)
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.ended) == 20)
    assert sorted(jobs_harness.begun) == sorted(mappings)
    assert jobs_harness.max_concurrent == 4
    assert jobs_harness.log.entries == []


async def test_shutdown_requeues_interrupted_runs(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    one, two, waits = [await jobs_harness.mapped(number) for number in (1, 2, 3)]
    for each in (one, two, waits):
        await jobs_harness.book(each)
    async with make(jobs_harness, max_concurrent=2).working():
        await until(lambda: len(jobs_harness.begun) == 2)
    assert sorted(jobs_harness.begun) == [one, two], "runs that have not started wait for the next process"
    assert sorted(jobs_harness.ended) == [one, two]
    for mapping in (one, two):
        again, interrupted = await jobs_harness.runs_of(mapping)
        assert (present(interrupted.stop).code, again.state) == ("interrupted", RunState.QUEUED)
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: len(jobs_harness.ended) == 5)
    assert sorted(jobs_harness.begun[2:]) == [one, two, waits]


async def test_interrupted_run_continues_in_another_worker(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    mapping = await jobs_harness.mapped(1)
    async with AsyncExitStack() as other:
        async with make(jobs_harness).working():
            await jobs_harness.book(mapping)
            await until(lambda: jobs_harness.begun)
            await other.enter_async_context(make(jobs_harness).working())
            jobs_harness.ended.clear()
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.begun) == 2)


async def test_shutdown_does_not_requeue_ended_runs(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    mapping = await jobs_harness.mapped(1)
    jobs_harness.go_on.set()
    await jobs_harness.book(mapping)
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.ended)
        await asyncio.sleep(0.1)
    assert len(await jobs_harness.runs_of(mapping)) == 1


async def test_run_with_an_expired_lease_is_recovered(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    mapping = await jobs_harness.mapped(1)
    run = await jobs_harness.book(mapping)
    long_ago = jobs_harness.clock.now() - 2 * jobs_harness.lease
    async with committing(jobs_harness.units) as unit:
        await unit.runs.update(run.start("dead worker", long_ago, jobs_harness.lease))
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await until(lambda: jobs_harness.ended == [mapping])
    again, abandoned = await jobs_harness.runs_of(mapping)
    assert abandoned.id == run.id
    assert (abandoned.state, again.state) == (RunState.STOPPED, RunState.COMPLETED)


async def test_abandoned_run_is_recovered_without_a_free_slot(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    slow, dead = await jobs_harness.mapped(1), await jobs_harness.mapped(2)
    await jobs_harness.book(slow)
    async with make(jobs_harness, max_concurrent=1).working():
        await until(lambda: jobs_harness.begun == [slow])
        run = await jobs_harness.book(dead)
        long_ago = jobs_harness.clock.now() - 2 * jobs_harness.lease
        async with committing(jobs_harness.units) as unit:
            await unit.runs.update(run.start("dead worker", long_ago, jobs_harness.lease))

        for _ in range(400):
            await asyncio.sleep(0.05)
            if any(run.state is RunState.STOPPED for run in await jobs_harness.runs_of(dead)):
                break
        else:
            pytest.fail("the run was not recovered")
        assert jobs_harness.begun == [slow]
        jobs_harness.go_on.set()
        await until(lambda: dead in jobs_harness.ended)


async def test_unknown_run_is_ignored(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    mapping, jobs = await jobs_harness.mapped(1), make(jobs_harness)
    jobs_harness.go_on.set()
    async with jobs.working():
        jobs.start(RunId("unknown"))
        jobs.start((await jobs_harness.book(mapping)).id)
        await until(lambda: jobs_harness.ended == [mapping])
