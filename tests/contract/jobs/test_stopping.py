"""A process that ends during a sync: what was sent is recorded, and the next process continues with the rest."""

import asyncio
from datetime import datetime

from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.schedule import INTERVAL, SPREAD
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.change_settings import SettingsChange
from ports.store.errors import DatabaseUnavailable
from tests.contract.jobs.conftest import MakeJobs
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.harness import Harness, nothing
from tests.support.jobs_harness import RARELY
from tests.support.timeouts import WITHIN, happens


def held_after_its_first_write(harness: Harness) -> asyncio.Event:
    """Block the next sync after its first write, and return the event that is set by then."""
    before, first_write = len(harness.gleanin.writes), asyncio.Event()

    async def hold() -> None:
        if len(harness.gleanin.writes) > before:
            first_write.set()
            await asyncio.Event().wait()

    harness.gate.before_write = hold
    return first_write


async def seen_through(make: MakeJobs, harness: Harness, mapping: EventMapping) -> SyncRun:
    """Unblock the latest run, and return it when it has ended."""
    harness.gate.before_write = nothing
    async with make(harness).working(), asyncio.timeout(WITHIN):
        while (await harness.list_runs(mapping.id))[0].is_open:  # noqa: ASYNC110 - a run raises no event
            await asyncio.sleep(0.01)
    done, *_ = await harness.list_runs(mapping.id)
    return done


async def test_rule_32_interrupted_run_continues_at_the_next_start(
    make: MakeJobs,
) -> None:
    harness = Harness()
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(3)))
    first_write = held_after_its_first_write(harness)
    run = await harness.request_sync(mapping.id)
    async with make(harness).working():
        await happens(first_write)
    again, interrupted = await harness.list_runs(mapping.id)
    assert interrupted.id == run.id
    assert (interrupted.state, present(interrupted.stop).code) == (RunState.STOPPED, "interrupted")
    assert (again.state, again.requested_by) == (RunState.QUEUED, run.requested_by)
    sent = len(harness.gleanin.writes)
    assert 0 < sent < 6

    done = await seen_through(make, harness, mapping)
    assert done.state is RunState.COMPLETED
    assert harness.gleanin.duplicates == 0
    assert len(harness.gleanin.writes) == 6


async def test_rule_32_run_that_loses_its_database_is_requeued(make: MakeJobs) -> None:
    harness = Harness()
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(3)))

    async def lose_it_once() -> None:
        if harness.gleanin.writes:
            harness.gate.before_write = nothing
            raise DatabaseUnavailable("It is being restarted.")

    harness.gate.before_write = lose_it_once
    run = await harness.request_sync(mapping.id)
    async with make(harness, poll_interval=RARELY).working(), asyncio.timeout(WITHIN):
        while (await harness.list_runs(mapping.id))[0].state is not RunState.COMPLETED:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    again, lost = await harness.list_runs(mapping.id)
    assert (lost.id, present(lost.stop).code) == (run.id, "store_unusable")
    assert again.requested_by == run.requested_by
    assert harness.gleanin.duplicates == 0
    assert len(harness.gleanin.writes) == 6


async def test_rule_23_queued_run_survives_a_restart(make: MakeJobs) -> None:
    harness = Harness()
    mapping = await harness.mapping()
    run = await harness.request_sync(mapping.id)
    async with make(harness, max_concurrent=0).working():  # without a slot
        await asyncio.sleep(0.1)
    assert [work.run_id for work in await harness.select_next_runs(5)] == [run.id]


async def _due(harness: Harness, mapping: EventMapping) -> None:
    """Make a mapping due whose last sync had nothing to write."""
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    harness.offer(session("s1", on(person("p1"))))
    for _ in range(2):
        await harness.sync(mapping)
    harness.clock.advance(INTERVAL * (1 + SPREAD))


async def _last_checked_at(harness: Harness, mapping: EventMapping) -> datetime | None:
    return (await harness.schedule_of(mapping.id)).last_checked_at


async def test_rule_24_unchanged_due_mapping_gets_no_run(make: MakeJobs) -> None:
    harness = Harness()
    mapping = await harness.mapping()
    await _due(harness, mapping)
    async with make(harness).working(), asyncio.timeout(WITHIN):
        while await _last_checked_at(harness, mapping) is None:  # noqa: ASYNC110 - a check raises no event
            await asyncio.sleep(0.01)
    assert len(await harness.list_runs(mapping.id)) == 2
    assert await harness.select_next_runs(5) == []


async def test_rule_32_interrupted_check_that_became_a_run_is_requeued(
    make: MakeJobs,
) -> None:
    harness = Harness()
    mapping = await harness.mapping()
    await _due(harness, mapping)
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(1, 4)))
    first_write = held_after_its_first_write(harness)
    async with make(harness).working():
        await happens(first_write)
    again, interrupted, *_ = await harness.list_runs(mapping.id)
    assert (interrupted.trigger, present(interrupted.stop).code) == (Trigger.CONTINUOUS, "interrupted")
    assert (again.trigger, again.state) == (Trigger.CONTINUOUS, RunState.QUEUED)

    done = await seen_through(make, harness, mapping)
    assert (done.id, done.state) == (again.id, RunState.COMPLETED)
    assert harness.gleanin.duplicates == 0
