"""Leases for checking a mapping: one owner at a time (rules 23 and 24), in every store."""

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
        (*_, until) = [None, *(work.lease_until for work in await unit.runs.open_work())]
        return until


async def test_rule_23_only_one_process_checks_a_mapping(checked: UnitOfWorkFactory) -> None:
    assert not await _begin(checked, "b")
    assert not await _begin(checked, "a"), "not even by the same process twice"
    assert await _held_until(checked) == NOW + LEASE
    async with checked.write() as unit:
        assert await unit.schedules.begin_check(SECOND.id, "b", NOW, NOW + LEASE), "another mapping is free"


async def test_a_check_of_a_dead_process_is_repeated_after_its_lease(
    checked: UnitOfWorkFactory,
) -> None:
    assert not await _begin(checked, "b", NOW + LEASE / 2)
    assert await _begin(checked, "b", NOW + LEASE)
    assert await _held_until(checked) == NOW + 2 * LEASE
    async with committing(checked) as unit:
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + 9 * LEASE), (
            "the previous owner, should it come back"
        )
        assert not await unit.schedules.end_check(MAPPING, "a")
    assert await _held_until(checked) == NOW + 2 * LEASE


async def test_only_the_owner_extends_a_check(checked: UnitOfWorkFactory) -> None:
    async with committing(checked) as unit:
        assert not await unit.schedules.renew_check(MAPPING, "b", NOW + 9 * LEASE)
        assert not await unit.schedules.renew_check(SECOND.id, "a", NOW + 9 * LEASE)
        assert await unit.schedules.renew_check(MAPPING, "a", NOW + 2 * LEASE)
    assert await _held_until(checked) == NOW + 2 * LEASE
    assert not await _begin(checked, "b", NOW + LEASE)


async def test_an_ended_check_releases_the_mapping_once(checked: UnitOfWorkFactory) -> None:
    async with committing(checked) as unit:
        assert not await unit.schedules.end_check(MAPPING, "b")
        assert await unit.schedules.end_check(MAPPING, "a")
        assert not await unit.schedules.end_check(MAPPING, "a")
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + LEASE)
    assert await _held_until(checked) is None
    assert await _begin(checked, "b")


async def test_rule_23_a_starting_run_ends_any_check(checked: UnitOfWorkFactory) -> None:
    async with committing(checked) as unit:
        assert await unit.schedules.end_check(MAPPING)
        assert not await unit.schedules.end_check(MAPPING), "there is none left"
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + LEASE), "its owner notices"
        assert not await unit.schedules.end_check(MAPPING, "a")
    assert await _held_until(checked) is None


async def test_an_uncommitted_check_has_no_effect(checked: UnitOfWorkFactory) -> None:
    async with checked.write() as unit:
        assert await unit.schedules.end_check(MAPPING, "a")
        assert await unit.schedules.begin_check(SECOND.id, "b", NOW, NOW + LEASE)
    async with checked.read() as unit:
        assert [work.mapping_id for work in await unit.runs.open_work()] == [MAPPING]


async def test_a_mapping_without_a_schedule_is_not_checked(mapped: UnitOfWorkFactory) -> None:
    """A mapping that was never synced gets a run instead."""
    assert not await _begin(mapped, "a")
    async with mapped.write() as unit:
        assert not await unit.schedules.renew_check(MAPPING, "a", NOW + LEASE)
        assert not await unit.schedules.end_check(MAPPING)


async def test_saving_a_schedule_does_not_affect_the_check(checked: UnitOfWorkFactory) -> None:
    """A hint arrives during a check: its owner keeps the lease."""
    hinted = Schedule(MAPPING, NOW).hinted(NOW)
    await store(checked, hinted)
    assert await _held_until(checked) == NOW + LEASE
    assert not await _begin(checked, "b")
    async with checked.read() as unit:
        assert await unit.schedules.get(MAPPING) == hinted


async def test_a_mapping_being_checked_is_not_queued_until_the_lease_ends(
    mapped: UnitOfWorkFactory,
) -> None:
    async with committing(mapped) as unit:
        await unit.mappings.update(replace(a_mapping(), continuous_sync=True))
        await unit.schedules.save(Schedule(MAPPING, NOW))
        await unit.schedules.begin_check(MAPPING, "a", NOW, NOW + LEASE)
    async with mapped.read() as unit:
        work, due = await unit.runs.open_work(), await unit.schedules.list_due(NOW, 2, 9)
    assert [*waiting(work, due, NOW)] == []
    (only,) = waiting(work, due, NOW + LEASE)
    assert (only.run_id, only.mapping_id, only.is_abandoned) == (None, MAPPING, False)
