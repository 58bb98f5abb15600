"""Booked runs are carried out while whoever booked them goes on."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from core.domain.ids import MappingId, RunId
from core.domain.runs.fair_queue import MOST_PER_ORGANIZATION
from core.domain.runs.run import RunState, Trigger
from tests.contract.jobs.conftest import Making
from tests.contract.jobs.yard import Yard
from tests.contract.persistence.samples import committing
from tests.limits import until
from tests.present import present

RARELY = 59
"""Seconds between two looks: what happens sooner waited for none."""


def are_in_turn(begun: Sequence[MappingId], mappings: Sequence[MappingId]) -> bool:
    """Check the order, in which two that start at the same moment may have changed places."""
    return sorted(begun) == sorted(mappings) and all(
        abs(begun.index(each) - place) <= 1 for place, each in enumerate(mappings)
    )


async def test_a_run_is_carried_out_and_nobody_waits_for_it(make: Making, yard: Yard) -> None:
    mapping, jobs = await yard.mapped(1), make(yard)
    async with jobs.working():
        run = await yard.book(mapping)
        jobs.start(run.id)
        assert not yard.begun, "it only asks for it"
        yard.go_on.set()
        await until(lambda: yard.ended == [mapping])
    (run,) = await yard.runs_of(mapping)
    assert run.state is RunState.COMPLETED


async def test_what_waited_when_nobody_worked_is_taken_up_at_the_next_start(make: Making, yard: Yard) -> None:
    mapping = await yard.mapped(1)
    before = make(yard)
    before.start((await yard.book(mapping)).id)  # and then the process ends
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: yard.ended == [mapping])


async def test_rule_23_a_run_that_is_on_its_way_is_not_started_again(make: Making, yard: Yard) -> None:
    one, two = await yard.mapped(1), await yard.mapped(2)
    jobs = make(yard)
    async with jobs.working():
        first = await yard.book(one)
        jobs.start(first.id)
        await until(lambda: yard.begun)
        second = await yard.book(two)
        for _ in range(5):
            jobs.start(first.id)
            jobs.start(second.id)
            await asyncio.sleep(0.01)
        await until(lambda: len(yard.begun) == 2)
        yard.go_on.set()
        await until(lambda: len(yard.ended) == 2)
        await asyncio.sleep(0.2)
    assert yard.begun == [one, two]


async def test_rule_23_the_next_run_of_a_mapping_follows_at_once(make: Making, yard: Yard) -> None:
    mapping, jobs = await yard.mapped(1), make(yard, look_every=RARELY)
    async with jobs.working():
        jobs.start((await yard.book(mapping)).id)
        await until(lambda: yard.begun)
        jobs.start((await yard.book(mapping)).id)
        await asyncio.sleep(0.1)
        assert yard.begun == [mapping]
        yard.go_on.set()
        await until(lambda: yard.ended == [mapping, mapping], within=RARELY / 2)


async def test_a_run_that_fails_is_told_of_and_stops_no_other(make: Making, yard: Yard) -> None:
    one, two, three = [await yard.mapped(number) for number in (1, 2, 3)]
    yard.fails.add(one)
    jobs = make(yard)
    yard.go_on.set()
    async with jobs.working():
        for each in (one, two):
            jobs.start((await yard.book(each)).id)
        await until(lambda: {*yard.ended} == {one, two})
        await until(lambda: yard.log.kept)
        jobs.start((await yard.book(three)).id)
        await until(lambda: three in yard.ended)
    ((name, data),) = yard.log.kept
    assert (name, data["error"]) == ("jobs.run_failed", "RuntimeError")
    assert "grace" not in str(data)


async def test_so_many_are_carried_out_at_once_and_the_others_in_their_turn(make: Making, yard: Yard) -> None:
    mappings = [await yard.mapped(number) for number in range(1, 7)]
    for each in mappings:
        await yard.book(each)
    jobs = make(yard, at_once=2)
    async with jobs.working():
        await until(lambda: len(yard.begun) == 2)
        await asyncio.sleep(0.1)
        assert sorted(yard.begun) == mappings[:2]
        yard.go_on.set()
        await until(lambda: len(yard.ended) == 6)
    assert are_in_turn(yard.begun, mappings)
    assert yard.most_at_once == 2


async def test_an_organization_has_no_more_than_its_share_at_once(make: Making, yard: Yard) -> None:
    many = [await yard.mapped(1), *[await yard.mapped(number, organization=1) for number in range(2, 7)]]
    for each in many:
        await yard.book(each)
    jobs = make(yard)
    async with jobs.working():
        await until(lambda: len(yard.begun) == MOST_PER_ORGANIZATION)
        other = await yard.mapped(7)
        jobs.start((await yard.book(other)).id)
        await until(lambda: other in yard.begun)
        await asyncio.sleep(0.1)
        assert sorted(yard.begun) == [*many[:MOST_PER_ORGANIZATION], other]
        yard.go_on.set()
        await until(lambda: len(yard.ended) == 7)
    assert are_in_turn(yard.begun[3:], many[MOST_PER_ORGANIZATION:])


async def test_what_people_ask_for_comes_before_what_is_due(make: Making, yard: Yard) -> None:
    busy, due, asked, both = [await yard.mapped(number) for number in (1, 2, 3, 4)]
    jobs = make(yard, at_once=1)
    async with jobs.working():
        jobs.start((await yard.book(busy)).id)
        await until(lambda: yard.begun)
        for mapping in (due, both):
            jobs.start((await yard.book(mapping, Trigger.CONTINUOUS)).id)
        await asyncio.sleep(0.2)
        for mapping in (asked, both):  # the latter serves both
            jobs.start((await yard.book(mapping)).id)
        await asyncio.sleep(0.2)
        yard.go_on.set()
        await until(lambda: len(yard.ended) == 4)
    assert {*yard.begun[1:3]} == {asked, both}
    assert yard.begun[3] == due


async def test_two_workers_share_the_work_and_none_of_it_is_done_twice(make: Making, yard: Yard) -> None:
    mappings = [await yard.mapped(number) for number in range(1, 21)]
    for each in mappings:
        await yard.book(each)
    async with AsyncExitStack() as both:
        for _ in range(2):
            await both.enter_async_context(make(yard, at_once=2).working())
        await until(lambda: len(yard.under_way) == 4)
        yard.go_on.set()
        await until(lambda: len(yard.ended) == 20)
    assert sorted(yard.begun) == sorted(mappings)
    assert yard.most_at_once == 4
    assert yard.log.kept == []


async def test_stopping_sees_runs_through_and_books_the_interrupted_ones_again(
    make: Making, yard: Yard
) -> None:
    one, two, waits = [await yard.mapped(number) for number in (1, 2, 3)]
    for each in (one, two, waits):
        await yard.book(each)
    async with make(yard, at_once=2).working():
        await until(lambda: len(yard.begun) == 2)
    assert sorted(yard.begun) == [one, two], "what has not begun yet waits for the next start"
    assert sorted(yard.ended) == [one, two]
    for mapping in (one, two):
        again, interrupted = await yard.runs_of(mapping)
        assert (present(interrupted.stop).code, again.state) == ("interrupted", RunState.QUEUED)
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: len(yard.ended) == 5)
    assert sorted(yard.begun[2:]) == [one, two, waits]


async def test_what_one_worker_is_interrupted_in_goes_on_in_another(make: Making, yard: Yard) -> None:
    mapping = await yard.mapped(1)
    async with AsyncExitStack() as other:
        async with make(yard).working():
            await yard.book(mapping)
            await until(lambda: yard.begun)
            await other.enter_async_context(make(yard).working())
            yard.ended.clear()
        yard.go_on.set()
        await until(lambda: len(yard.begun) == 2)


async def test_stopping_asks_for_nothing_that_has_ended(make: Making, yard: Yard) -> None:
    mapping = await yard.mapped(1)
    yard.go_on.set()
    await yard.book(mapping)
    async with make(yard).working():
        await until(lambda: yard.ended)
        await asyncio.sleep(0.1)
    assert len(await yard.runs_of(mapping)) == 1


async def test_a_run_that_gives_no_sign_of_life_is_taken_over(make: Making, yard: Yard) -> None:
    mapping = await yard.mapped(1)
    run = await yard.book(mapping)
    long_ago = yard.clock.now() - 2 * yard.lease
    async with committing(yard.units) as unit:
        await unit.runs.update(run.start("somebody who died", long_ago, yard.lease))
    yard.go_on.set()
    async with make(yard).working():
        await until(lambda: yard.ended == [mapping])
    again, abandoned = await yard.runs_of(mapping)
    assert abandoned.id == run.id
    assert (abandoned.state, again.state) == (RunState.STOPPED, RunState.COMPLETED)


async def test_a_dead_run_is_taken_over_while_every_place_is_taken(make: Making, yard: Yard) -> None:
    slow, dead = await yard.mapped(1), await yard.mapped(2)
    await yard.book(slow)
    async with make(yard, at_once=1).working():
        await until(lambda: yard.begun == [slow])
        run = await yard.book(dead)
        long_ago = yard.clock.now() - 2 * yard.lease
        async with committing(yard.units) as unit:
            await unit.runs.update(run.start("somebody who died", long_ago, yard.lease))

        for _ in range(400):
            await asyncio.sleep(0.05)
            if any(each.state is RunState.STOPPED for each in await yard.runs_of(dead)):
                break
        else:
            pytest.fail("nobody has taken it over")
        assert yard.begun == [slow]
        yard.go_on.set()
        await until(lambda: dead in yard.ended)


async def test_a_run_that_nobody_knows_harms_nothing(make: Making, yard: Yard) -> None:
    mapping, jobs = await yard.mapped(1), make(yard)
    yard.go_on.set()
    async with jobs.working():
        jobs.start(RunId("unknown"))
        jobs.start((await yard.book(mapping)).id)
        await until(lambda: yard.ended == [mapping])
