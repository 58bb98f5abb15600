"""Which runs wait, and how many of each organization are going on, wherever they are kept."""

from dataclasses import replace
from datetime import timedelta

from core.domain.identifiers import ConnectionId, MappingId, OrganizationId
from core.domain.outcomes import Counts
from core.domain.runs import SyncRun, Trigger
from core.domain.stops import DISCONNECTED, TAKEN_OVER
from core.domain.turns import WaitingRun
from ports.persistence import RunCounts, Units
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
SECOND, THIRD, THEIRS = MappingId("map2"), MappingId("map3"), MappingId("map4")


async def _two_organizations(units: Units) -> None:
    await store(units, an_organization(), a_connection(), an_organization("Other", 2), a_connection(2, OTHER))
    await store(units, *(a_mapping(number, f"s{number}", f"g{number}") for number in (1, 2, 3)))
    theirs = replace(a_mapping(4, "s4", "g4"), organization_id=OTHER, connection_id=ConnectionId("con2"))
    await store(units, theirs)


def _waiting(
    run: SyncRun, organization: OrganizationId = ORGANIZATION, *, is_abandoned: bool = False
) -> WaitingRun:
    return WaitingRun(run.id, run.mapping_id, organization, run.trigger, run.requested_at, is_abandoned)


async def test_nothing_waits_where_nothing_is_open(units: Units) -> None:
    await _two_organizations(units)
    await store(units, a_run(1).stopped(TAKEN_OVER, NOW, Counts()))
    async with units.reading() as unit:
        assert await unit.runs.waiting(NOW) == ([], {})


async def test_rule_23_a_queued_run_waits_unless_its_mapping_is_being_synced(units: Units) -> None:
    await _two_organizations(units)
    theirs = replace(a_run(1, THEIRS), trigger=Trigger.CONTINUOUS, requested_at=NOW - LEASE)
    behind, going_on = a_run(2), a_run(3).start("a", NOW, LEASE)
    asked_to_stop = a_run(4, SECOND).start("b", NOW, LEASE).ask_to_stop(DISCONNECTED)
    ours = a_run(5, THIRD)
    await store(units, theirs, behind, going_on, asked_to_stop, ours)
    async with units.reading() as unit:
        waiting, running = await unit.runs.waiting(NOW)
    assert waiting == [_waiting(theirs, OTHER), _waiting(ours)]
    assert running == {ORGANIZATION: 2}


async def test_an_abandoned_run_waits_and_what_is_queued_behind_it_comes_after_its_end(units: Units) -> None:
    await _two_organizations(units)
    abandoned, behind = a_run(1).start("a", NOW, LEASE), a_run(2)
    without_lease = replace(a_run(3, SECOND).start("b", NOW, LEASE), lease_until=None)
    theirs = a_run(4, THEIRS).start("c", NOW, 2 * LEASE)
    await store(units, abandoned, behind, without_lease, theirs)
    async with units.writing() as unit:
        assert await unit.runs.waiting(NOW + LEASE - timedelta(microseconds=1)) == (
            [_waiting(without_lease, is_abandoned=True)],
            {ORGANIZATION: 1, OTHER: 1},
        )
        waiting, running = await unit.runs.waiting(NOW + LEASE)
        assert waiting == [_waiting(abandoned, is_abandoned=True), _waiting(without_lease, is_abandoned=True)]
        assert running == {OTHER: 1}
        await unit.runs.update(abandoned.stopped(TAKEN_OVER, NOW + LEASE, Counts()))
        waiting, running = await unit.runs.waiting(NOW + LEASE)
        assert waiting == [_waiting(behind), _waiting(without_lease, is_abandoned=True)]


async def test_a_run_between_two_slices_waits_from_the_end_of_its_pause_as_if_nobody_had_asked(
    units: Units,
) -> None:
    await _two_organizations(units)
    end = NOW + 10 * LEASE
    paused = a_run(1).start("a", NOW, LEASE).pause(end, in_vain=False)
    theirs = a_run(2, THEIRS).start("b", NOW, LEASE).pause(NOW, in_vain=True)
    await store(units, paused, theirs)
    now_waiting = WaitingRun(theirs.id, THEIRS, OTHER, Trigger.CONTINUOUS, NOW)
    then_waiting = WaitingRun(paused.id, paused.mapping_id, ORGANIZATION, Trigger.CONTINUOUS, end)
    async with units.reading() as unit:
        assert await unit.runs.waiting(NOW - timedelta(microseconds=1)) == ([], {})
        assert await unit.runs.waiting(NOW) == ([now_waiting], {})
        assert await unit.runs.waiting(end - timedelta(microseconds=1)) == ([now_waiting], {})
        assert await unit.runs.waiting(end) == ([then_waiting, now_waiting], {})
        # Nobody holds a lease of it that could run out, however long it waits.
        waiting, _ = await unit.runs.waiting(end + 1000 * LEASE)
        assert not any(each.is_abandoned for each in waiting)


async def test_rule_23_what_is_queued_behind_a_run_between_two_slices_comes_after_its_end(
    units: Units,
) -> None:
    await _two_organizations(units)
    paused, behind = a_run(1).start("a", NOW, LEASE).pause(NOW + LEASE, in_vain=False), a_run(2)
    going_on = a_run(3, SECOND).start("b", NOW, 9 * LEASE)
    await store(units, paused, behind, going_on)
    async with units.writing() as unit:
        assert await unit.runs.waiting(NOW) == ([], {ORGANIZATION: 1})
        waiting, running = await unit.runs.waiting(NOW + LEASE)
        assert [each.run_id for each in waiting] == [paused.id]
        assert running == {ORGANIZATION: 1}
        resumed = paused.resume("c", NOW + LEASE, LEASE)
        await unit.runs.update(resumed)
        assert await unit.runs.waiting(NOW + LEASE) == ([], {ORGANIZATION: 2})
        await unit.runs.update(resumed.stopped(TAKEN_OVER, NOW + LEASE, Counts()))
        assert await unit.runs.waiting(NOW + LEASE) == ([_waiting(behind)], {ORGANIZATION: 1})


async def test_open_runs_are_counted_for_each_organization(units: Units) -> None:
    await _two_organizations(units)
    going_on, behind = a_run(1).start("a", NOW, LEASE), replace(a_run(2), requested_at=NOW - LEASE)
    abandoned, ended = (
        a_run(3, SECOND).start("b", NOW - LEASE, LEASE),
        a_run(4).stopped(TAKEN_OVER, NOW, Counts()),
    )
    theirs = a_run(5, THEIRS).start("c", NOW - LEASE, LEASE).pause(NOW - LEASE / 2, in_vain=False)
    await store(units, going_on, behind, abandoned, ended, a_run(6, SECOND), theirs)
    async with units.reading() as unit:
        assert await unit.runs.counts(NOW) == {
            ORGANIZATION: RunCounts(queued=3, running=1, queued_since=NOW - LEASE),
            OTHER: RunCounts(queued=1, running=0, queued_since=NOW - LEASE / 2),
        }
        assert await unit.runs.counts(NOW + 2 * LEASE) == {
            ORGANIZATION: RunCounts(queued=4, running=0, queued_since=NOW - LEASE),
            OTHER: RunCounts(queued=1, running=0, queued_since=NOW - LEASE / 2),
        }


async def test_a_run_whose_lease_has_run_out_waits_to_be_taken_over_since_then(units: Units) -> None:
    await _two_organizations(units)
    await store(units, a_run().start("a", NOW, LEASE))
    async with units.reading() as unit:
        assert await unit.runs.counts(NOW) == {ORGANIZATION: RunCounts(running=1)}
        assert await unit.runs.counts(NOW + 2 * LEASE) == {
            ORGANIZATION: RunCounts(queued=1, queued_since=NOW + LEASE)
        }
