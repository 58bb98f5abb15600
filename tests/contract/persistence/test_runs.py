"""Sync runs and their leases, in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.ids import RunId
from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.records.outcomes import Counts, Outcome, Tally
from core.domain.runs.run import Progress, RunState, SyncRun
from core.domain.runs.stop_reasons import DISCONNECTED, LEASE_EXPIRED
from ports.store.errors import UniqueConstraint, UniqueViolation
from ports.store.runs import LeaseStatus
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import LEASE, MAPPING, NOW, a_mapping, a_run, committing, store
from tests.support.systems import SYSTEMS


async def _update(units: UnitOfWorkFactory, *runs: SyncRun) -> None:
    async with committing(units) as unit:
        for run in runs:
            await unit.runs.update(run)


@pytest.mark.parametrize(
    "run",
    [
        replace(a_run(), requested_by="ada@example.org"),
        a_run().start("host:1:x", NOW, LEASE),
        replace(a_run().start("host:1:x", NOW, LEASE), progress={SESSION: Progress(3, 84)}),
        a_run().start("host:1:x", NOW, LEASE).request_cancel(DISCONNECTED),
        a_run().stopped(LEASE_EXPIRED, NOW + LEASE, Counts(), SYSTEMS),
        a_run()
        .start("host:1:x", NOW, LEASE)
        .finished(Counts({SESSION: Tally({Outcome.CREATED: 2, Outcome.FAILED: 1})}), NOW + LEASE, SYSTEMS),
    ],
    ids=["queued", "running", "in progress", "cancel requested", "stopped", "finished"],
)
async def test_a_run_is_loaded_as_it_was_stored(mapped: UnitOfWorkFactory, run: SyncRun) -> None:
    await store(mapped, a_run())
    await _update(mapped, run)
    async with mapped.read() as unit:
        assert await unit.runs.get(run.id) == run
        assert await unit.runs.get(RunId("none")) is None
        assert await unit.runs.list_open(MAPPING) == ([run] if run.is_open else [])


async def test_rule_23_a_mapping_has_at_most_one_queued_run(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1))
    with pytest.raises(UniqueViolation) as caught:
        await store(mapped, a_run(2))
    assert caught.value.what is UniqueConstraint.QUEUED_RUN


async def test_rule_23_a_mapping_has_at_most_one_running_run(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1).start("a", NOW, LEASE), a_run(2))
    async with mapped.write() as unit:
        with pytest.raises(UniqueViolation) as caught:
            await unit.runs.update(a_run(2).start("b", NOW, LEASE))
    assert caught.value.what is UniqueConstraint.RUNNING_RUN


async def test_rule_23_a_check_cannot_start_a_second_run(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_run(1).start("a", NOW, LEASE))
    with pytest.raises(UniqueViolation) as caught:
        await store(mapped, a_run(2).start("b", NOW, LEASE))
    assert caught.value.what is UniqueConstraint.RUNNING_RUN
    async with mapped.read() as unit:
        assert await unit.runs.run_in_place_of(RunId("run2")) is None


async def test_rule_23_runs_of_other_mappings_do_not_conflict(mapped: UnitOfWorkFactory) -> None:
    other = a_mapping(2, "s2", "g2")
    await store(mapped, other, a_run(1), a_run(2, other.id))
    async with mapped.read() as unit:
        assert await unit.runs.list_open(MAPPING) == [a_run(1)]
        assert await unit.runs.list_by_mapping(other.id) == [a_run(2, other.id)]


async def test_open_runs_are_listed_running_first(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1))
    await _update(mapped, a_run(1).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS))
    running = a_run(3).start("a", NOW, LEASE)
    await store(mapped, a_run(2), running)
    async with mapped.read() as unit:
        assert await unit.runs.list_open(MAPPING) == [running, a_run(2)]


async def test_runs_are_listed_newest_first_up_to_a_limit(mapped: UnitOfWorkFactory) -> None:
    for number in range(1, 6):
        await store(mapped, a_run(number).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS))
    async with mapped.read() as unit:
        assert [run.id for run in await unit.runs.list_by_mapping(MAPPING, limit=3)] == [
            "run5",
            "run4",
            "run3",
        ]
        assert len(await unit.runs.list_by_mapping(MAPPING)) == 5


async def test_the_lease_status_has_owner_lease_and_cancel_request(mapped: UnitOfWorkFactory) -> None:
    running = a_run().start("a", NOW, LEASE)
    await store(mapped, running)
    async with mapped.read() as unit:
        assert await unit.runs.lease_status(running.id) == LeaseStatus("a", NOW + LEASE, None)
        assert await unit.runs.lease_status(RunId("none")) is None
    await _update(mapped, running.request_cancel(DISCONNECTED))
    async with mapped.read() as unit:
        assert await unit.runs.lease_status(running.id) == LeaseStatus("a", NOW + LEASE, "disconnected")


async def test_a_lease_is_renewed_by_its_owner_only(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run().start("a", NOW, LEASE))
    later = NOW + timedelta(minutes=5)
    async with committing(mapped) as unit:
        assert not await unit.runs.renew(a_run().id, "b", later)
        assert not await unit.runs.renew(RunId("none"), "a", later)
        assert await unit.runs.renew(a_run().id, "a", later)
    async with mapped.read() as unit:
        assert await unit.runs.lease_status(a_run().id) == LeaseStatus("a", later, None)


async def test_renewing_stores_the_progress_and_keeps_a_cancel_request(
    mapped: UnitOfWorkFactory,
) -> None:
    running = a_run().start("a", NOW, LEASE)
    await store(mapped, running)
    cancelled = running.request_cancel(DISCONNECTED)
    await _update(mapped, cancelled)
    progress = {SESSION: Progress(10, 84), SPEAKER: Progress(0, 87)}
    later = NOW + timedelta(minutes=5)
    async with committing(mapped) as unit:
        assert await unit.runs.renew(running.id, "a", NOW, progress)
        assert await unit.runs.renew(running.id, "a", later)
        assert not await unit.runs.renew(running.id, "b", later, {})
    async with mapped.read() as unit:
        assert await unit.runs.get(running.id) == replace(cancelled, lease_until=later, progress=progress)


async def test_the_previous_owner_cannot_renew_a_recovered_run(mapped: UnitOfWorkFactory) -> None:
    old = a_run(1).start("old", NOW, LEASE)
    await store(mapped, old, a_run(2))
    now = NOW + LEASE
    async with committing(mapped) as unit:
        (running, queued) = await unit.runs.list_open(MAPPING)
        assert running.is_lease_expired(now)
        await unit.runs.update(running.stopped(LEASE_EXPIRED, now, Counts(), SYSTEMS))
        await unit.runs.update(queued.start("new", now, LEASE))
    async with committing(mapped) as unit:
        assert not await unit.runs.renew(old.id, "old", now + LEASE)
        assert await unit.runs.renew(a_run(2).id, "new", now + LEASE)
    async with mapped.read() as unit:
        recovered = await unit.runs.get(old.id)
    assert recovered is not None
    assert recovered.state is RunState.STOPPED
    assert recovered.owner is None
