"""Open work: runs that have not ended and checks in progress, in every store."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from core.domain.ids import MappingId, OrganizationId
from core.domain.records.outcomes import Counts
from core.domain.runs.fair_queue import OpenWork
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.schedule import Schedule
from core.domain.runs.stop_reasons import DISCONNECTED, LEASE_EXPIRED
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    LEASE,
    NOW,
    ORGANIZATION,
    OTHER,
    a_connection,
    a_mapping,
    a_mapping_of_other,
    a_run,
    an_organization,
    committing,
    store,
)
from tests.support.systems import SYSTEMS

FIRST, SECOND, THIRD, THEIRS = (MappingId(f"map{number}") for number in range(1, 5))


@pytest.fixture
async def tenants(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store with three mappings of one organization, and one of another."""
    await store(mapped, *(a_mapping(number, f"s{number}", f"g{number}") for number in (2, 3)))
    await store(mapped, an_organization("Other", 2), a_connection(2, OTHER), a_mapping_of_other(4))
    return mapped


def _open(run: SyncRun, organization: OrganizationId = ORGANIZATION) -> OpenWork:
    return OpenWork(
        run.id, run.mapping_id, organization, run.trigger, run.state, run.requested_at, run.lease_until
    )


async def _open_work(units: UnitOfWorkFactory) -> Sequence[OpenWork]:
    async with units.read() as unit:
        return await unit.runs.open_work()


async def test_nothing_is_open_after_all_runs_have_ended(tenants: UnitOfWorkFactory) -> None:
    assert await _open_work(tenants) == []
    await store(tenants, Schedule(FIRST, NOW), a_run(1).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS))
    assert await _open_work(tenants) == []


async def test_open_runs_are_listed_in_the_order_of_their_requests(tenants: UnitOfWorkFactory) -> None:
    theirs = replace(a_run(1, THEIRS), trigger=Trigger.CONTINUOUS, requested_at=NOW - LEASE)
    running, behind = a_run(2).start("a", NOW, LEASE), a_run(3)
    cancelled = a_run(4, SECOND).start("b", NOW, LEASE).request_cancel(DISCONNECTED)
    ended = a_run(5, THIRD).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS)
    without_lease = replace(a_run(6, THIRD).start("c", NOW, LEASE), lease_until=None)
    await store(tenants, theirs, running, behind, cancelled, ended, without_lease)
    assert await _open_work(tenants) == [
        _open(theirs, OTHER),
        _open(running),
        _open(behind),
        _open(cancelled),
        _open(without_lease),
    ]


async def test_a_starting_run_keeps_its_position(tenants: UnitOfWorkFactory) -> None:
    first, second = a_run(1), a_run(2, SECOND)
    await store(tenants, first, second)
    started = first.start("a", NOW, LEASE)
    async with committing(tenants) as unit:
        await unit.runs.update(started)
    assert await _open_work(tenants) == [_open(started), _open(second)]
    async with committing(tenants) as unit:
        await unit.runs.update(started.stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS))
    assert await _open_work(tenants) == [_open(second)]


async def test_a_run_of_a_removed_mapping_stays_open_until_it_ends(tenants: UnitOfWorkFactory) -> None:
    run = a_run(1, FIRST).start("a", NOW, LEASE)
    await store(tenants, run)
    async with committing(tenants) as unit:
        await unit.mappings.update(a_mapping(1, "s1", "g1").remove(NOW))
    assert await _open_work(tenants) == [_open(run)]


def _check(mapping: MappingId, due_minutes: int, organization: OrganizationId = ORGANIZATION) -> OpenWork:
    due_at = NOW - due_minutes * LEASE
    return OpenWork(
        None, mapping, organization, Trigger.CONTINUOUS, RunState.RUNNING, due_at, NOW + due_minutes * LEASE
    )


async def test_checks_are_listed_after_runs_longest_due_first(tenants: UnitOfWorkFactory) -> None:
    for mapping, minutes in ((FIRST, 2), (SECOND, 2), (THIRD, 1), (THEIRS, 3)):
        await store(tenants, Schedule(mapping, NOW - minutes * LEASE))
    async with committing(tenants) as unit:
        for mapping, minutes in ((THIRD, 1), (SECOND, 2), (THEIRS, 3), (FIRST, 2)):
            assert await unit.schedules.begin_check(mapping, "a", NOW, NOW + minutes * LEASE)
    run = a_run(1, THEIRS)
    await store(tenants, run)
    assert await _open_work(tenants) == [
        _open(run, OTHER),
        _check(THEIRS, 3, OTHER),
        _check(FIRST, 2),
        _check(SECOND, 2),
        _check(THIRD, 1),
    ]
