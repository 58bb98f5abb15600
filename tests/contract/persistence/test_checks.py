"""Who checks a mapping: one at a time, and for a time (rules 23 and 24), wherever it is kept."""

from dataclasses import replace
from datetime import datetime

import pytest

from core.domain.runs.fair_queue import waiting
from core.domain.runs.schedule import Schedule
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import LEASE, MAPPING, NOW, a_mapping, committing, store

SECOND = a_mapping(2, "s2", "g2")


@pytest.fixture
async def checked(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store with two mappings, the first of which is being checked."""
    await store(mapped, SECOND, Schedule(MAPPING, NOW), Schedule(SECOND.id, NOW))
    assert await _begin(mapped, "a")
    return mapped


async def _begin(units: UnitOfWorkFactory, owner: str, now: datetime = NOW) -> bool:
    async with committing(units) as unit:
        return await unit.schedules.begin_check(MAPPING, owner, now, now + LEASE)


async def _held_until(units: UnitOfWorkFactory) -> datetime | None:
    async with units.read() as unit:
        (*_, until) = [None, *(each.lease_until for each in await unit.runs.open_work())]
        return until


async def test_rule_23_a_mapping_is_checked_by_one_at_a_time(checked: UnitOfWorkFactory) -> None:
    assert not await _begin(checked, "b")
    assert not await _begin(checked, "a"), "not even by the same process twice"
    assert await _held_until(checked) == NOW + LEASE
    async with checked.write() as unit:
        assert await unit.schedules.begin_check(SECOND.id, "b", NOW, NOW + LEASE), "another mapping is free"


async def test_a_check_of_a_process_that_died_is_made_again_after_its_time(
    checked: UnitOfWorkFactory,
) -> None:
    assert not await _begin(checked, "b", NOW + LEASE / 2)
    assert await _begin(checked, "b", NOW + LEASE)
    assert await _held_until(checked) == NOW + 2 * LEASE
    async with committing(checked) as unit:
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + 9 * LEASE), "should it come back"
        assert not await unit.schedules.end_check(MAPPING, "a")
    assert await _held_until(checked) == NOW + 2 * LEASE


async def test_a_check_goes_on_for_as_long_as_its_owner_says(checked: UnitOfWorkFactory) -> None:
    async with committing(checked) as unit:
        assert not await unit.schedules.renew_check(MAPPING, "b", NOW + 9 * LEASE)
        assert not await unit.schedules.renew_check(SECOND.id, "a", NOW + 9 * LEASE)
        assert await unit.schedules.renew_check(MAPPING, "a", NOW + 2 * LEASE)
    assert await _held_until(checked) == NOW + 2 * LEASE
    assert not await _begin(checked, "b", NOW + LEASE)


async def test_a_check_that_has_ended_frees_the_mapping_once(checked: UnitOfWorkFactory) -> None:
    async with committing(checked) as unit:
        assert not await unit.schedules.end_check(MAPPING, "b")
        assert await unit.schedules.end_check(MAPPING, "a")
        assert not await unit.schedules.end_check(MAPPING, "a")
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + LEASE)
    assert await _held_until(checked) is None
    assert await _begin(checked, "b")


async def test_rule_23_a_run_that_starts_ends_whatever_check_there_is(checked: UnitOfWorkFactory) -> None:
    async with committing(checked) as unit:
        assert await unit.schedules.end_check(MAPPING)
        assert not await unit.schedules.end_check(MAPPING), "there is none any more"
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + LEASE), "its owner notices"
        assert not await unit.schedules.end_check(MAPPING, "a")
    assert await _held_until(checked) is None


async def test_what_is_not_committed_holds_nothing(checked: UnitOfWorkFactory) -> None:
    async with checked.write() as unit:
        assert await unit.schedules.end_check(MAPPING, "a")
        assert await unit.schedules.begin_check(SECOND.id, "b", NOW, NOW + LEASE)
    async with checked.read() as unit:
        assert [each.mapping_id for each in await unit.runs.open_work()] == [MAPPING]


async def test_a_mapping_without_a_schedule_is_not_checked(mapped: UnitOfWorkFactory) -> None:
    """Nothing was proved of it yet: it gets a run."""
    assert not await _begin(mapped, "a")
    async with mapped.write() as unit:
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + LEASE)
        assert not await unit.schedules.end_check(MAPPING)


async def test_a_schedule_that_is_saved_leaves_the_check_as_it_is(checked: UnitOfWorkFactory) -> None:
    """A hint comes meanwhile: whoever checks the mapping still holds it."""
    hinted = Schedule(MAPPING, NOW).hinted(NOW)
    await store(checked, hinted)
    assert await _held_until(checked) == NOW + LEASE
    assert not await _begin(checked, "b")
    async with checked.read() as unit:
        assert await unit.schedules.get(MAPPING) == hinted


async def test_what_is_being_checked_waits_for_nobody_else_until_its_time_has_run_out(
    mapped: UnitOfWorkFactory,
) -> None:
    async with committing(mapped) as unit:
        await unit.mappings.update(replace(a_mapping(), continuous_sync=True))
        await unit.schedules.save(Schedule(MAPPING, NOW))
        await unit.schedules.begin_check(MAPPING, "a", NOW, NOW + LEASE)
    async with mapped.read() as unit:
        work, due = await unit.runs.open_work(), await unit.schedules.due(NOW, 2, 9)
    assert [*waiting(work, due, NOW)] == []
    (only,) = waiting(work, due, NOW + LEASE)
    assert (only.run_id, only.mapping_id, only.is_abandoned) == (None, MAPPING, False)
