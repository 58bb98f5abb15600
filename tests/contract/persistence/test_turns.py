"""What is open: runs that have not ended, and checks that go on, wherever they are kept."""

from collections.abc import Sequence
from dataclasses import replace

from core.domain.identifiers import ConnectionId, MappingId, OrganizationId
from core.domain.outcomes import Counts
from core.domain.runs import RunState, SyncRun, Trigger
from core.domain.schedule import Schedule
from core.domain.stops import DISCONNECTED, TAKEN_OVER
from core.domain.turns import OpenWork
from ports.persistence import Units
from tests.contract.persistence.samples import (
    LEASE,
    NOW,
    ORGANIZATION,
    a_connection,
    a_mapping,
    a_run,
    an_organization,
    store,
)

OTHER = OrganizationId("org2")
FIRST, SECOND, THIRD, THEIRS = (MappingId(f"map{number}") for number in range(1, 5))


async def _two_organizations(units: Units) -> None:
    await store(units, an_organization(), a_connection(), an_organization("Other", 2), a_connection(2, OTHER))
    await store(units, *(a_mapping(number, f"s{number}", f"g{number}") for number in (1, 2, 3)))
    theirs = replace(a_mapping(4, "s4", "g4"), organization_id=OTHER, connection_id=ConnectionId("con2"))
    await store(units, theirs)


def _open(run: SyncRun, organization: OrganizationId = ORGANIZATION) -> OpenWork:
    return OpenWork(
        run.id, run.mapping_id, organization, run.trigger, run.state, run.requested_at, run.lease_until
    )


async def _open_work(units: Units) -> Sequence[OpenWork]:
    async with units.reading() as unit:
        return await unit.runs.open_work()


async def test_nothing_is_open_where_all_has_ended(units: Units) -> None:
    await _two_organizations(units)
    assert await _open_work(units) == []
    await store(units, Schedule(FIRST, NOW), a_run(1).stopped(TAKEN_OVER, NOW, Counts()))
    assert await _open_work(units) == []


async def test_open_runs_come_in_the_order_in_which_they_were_asked_for(units: Units) -> None:
    await _two_organizations(units)
    theirs = replace(a_run(1, THEIRS), trigger=Trigger.CONTINUOUS, requested_at=NOW - LEASE)
    going_on, behind = a_run(2).start("a", NOW, LEASE), a_run(3)
    asked_to_stop = a_run(4, SECOND).start("b", NOW, LEASE).ask_to_stop(DISCONNECTED)
    ended = a_run(5, THIRD).stopped(TAKEN_OVER, NOW, Counts())
    without_lease = replace(a_run(6, THIRD).start("c", NOW, LEASE), lease_until=None)
    await store(units, theirs, going_on, behind, asked_to_stop, ended, without_lease)
    assert await _open_work(units) == [
        _open(theirs, OTHER),
        _open(going_on),
        _open(behind),
        _open(asked_to_stop),
        _open(without_lease),
    ]


async def test_a_run_that_starts_keeps_its_place(units: Units) -> None:
    await _two_organizations(units)
    one, other = a_run(1), a_run(2, SECOND)
    await store(units, one, other)
    started = one.start("a", NOW, LEASE)
    async with units.writing() as unit:
        await unit.runs.update(started)
        await unit.commit()
    assert await _open_work(units) == [_open(started), _open(other)]
    async with units.writing() as unit:
        await unit.runs.update(started.stopped(TAKEN_OVER, NOW, Counts()))
        await unit.commit()
    assert await _open_work(units) == [_open(other)]


async def test_a_run_of_a_removed_mapping_is_open_until_it_has_ended(units: Units) -> None:
    await _two_organizations(units)
    run = a_run(1, FIRST).start("a", NOW, LEASE)
    await store(units, run)
    async with units.writing() as unit:
        await unit.mappings.update(a_mapping(1, "s1", "g1").remove(NOW))
        await unit.commit()
    assert await _open_work(units) == [_open(run)]


def _check(mapping: MappingId, due_minutes: int, organization: OrganizationId = ORGANIZATION) -> OpenWork:
    due_at = NOW - due_minutes * LEASE
    return OpenWork(
        None, mapping, organization, Trigger.CONTINUOUS, RunState.RUNNING, due_at, NOW + due_minutes * LEASE
    )


async def test_checks_come_after_the_runs_the_longest_due_first(units: Units) -> None:
    await _two_organizations(units)
    for mapping, minutes in ((FIRST, 2), (SECOND, 2), (THIRD, 1), (THEIRS, 3)):
        await store(units, Schedule(mapping, NOW - minutes * LEASE))
    async with units.writing() as unit:
        for mapping, minutes in ((THIRD, 1), (SECOND, 2), (THEIRS, 3), (FIRST, 2)):
            assert await unit.schedules.begin_check(mapping, "a", NOW, NOW + minutes * LEASE)
        await unit.commit()
    run = a_run(1, THEIRS)
    await store(units, run)
    assert await _open_work(units) == [
        _open(run, OTHER),
        _check(THEIRS, 3, OTHER),
        _check(FIRST, 2),
        _check(SECOND, 2),
        _check(THIRD, 1),
    ]
