"""What runs have proved, wherever it is kept."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from core.domain.ids import MappingId, RunId
from core.domain.records.outcomes import Counts
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from core.domain.runs.unchanged_marker import UnchangedMarker
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import LEASE, MAPPING, NOW, SECOND, a_mapping, a_run, committing, store

HOUR = timedelta(hours=1)
PROVED = UnchangedMarker(MAPPING, a_run().id, NOW, NOW + HOUR, "b2f1", "0a")


async def _kept(units: UnitOfWorkFactory, mapping: MappingId = MAPPING) -> UnchangedMarker | None:
    async with units.read() as unit:
        return await unit.unchanged_markers.get(mapping)


async def test_a_checkpoint_comes_back_as_it_was_last_saved(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1).stopped(LEASE_EXPIRED, NOW, Counts()), a_run(2).start("a", NOW, LEASE))
    assert await _kept(mapped) is None
    await store(mapped, PROVED)
    assert await _kept(mapped) == PROVED
    zone = timezone(timedelta(hours=9))
    later = UnchangedMarker(
        MAPPING, RunId("run2"), (NOW + HOUR).astimezone(zone), NOW + 7 * HOUR, "0" * 32, "1" * 32
    )
    await store(mapped, later)
    assert await _kept(mapped) == later
    await store(mapped, replace(later, next_transition_at=None, many=""))
    assert await _kept(mapped) == replace(later, next_transition_at=None, many="")


async def test_a_checkpoint_is_its_mapping_s_alone(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"), a_run(1), a_run(2, SECOND))
    theirs = UnchangedMarker(SECOND, RunId("run2"), NOW, NOW + 2 * HOUR, "c3")
    await store(mapped, PROVED, theirs)
    await store(mapped, PROVED.read_again(NOW + HOUR))
    assert await _kept(mapped) == PROVED.read_again(NOW + HOUR)
    assert await _kept(mapped, SECOND) == theirs


async def test_a_checkpoint_that_is_removed_proves_nothing_any_more(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"), a_run(1), a_run(2, SECOND))
    theirs = UnchangedMarker(SECOND, RunId("run2"), NOW, None, "c3")
    await store(mapped, PROVED, theirs)
    async with mapped.write() as unit:
        await unit.unchanged_markers.remove(MAPPING)
    assert await _kept(mapped) == PROVED, "not before it is committed"
    for _ in range(2):  # what is not there can be removed too
        async with committing(mapped) as unit:
            await unit.unchanged_markers.remove(MAPPING)
        assert await _kept(mapped) is None
    assert await _kept(mapped, SECOND) == theirs
    await store(mapped, PROVED)
    assert await _kept(mapped) == PROVED


async def test_what_is_not_committed_is_not_saved(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run())
    async with mapped.write() as unit:
        await unit.unchanged_markers.save(PROVED)
    assert await _kept(mapped) is None


@pytest.mark.parametrize(
    "checkpoint",
    [replace(PROVED, run_id=RunId("none")), replace(PROVED, mapping_id=MappingId("none"))],
    ids=["no such run", "no such mapping"],
)
async def test_only_a_run_of_a_mapping_proves_anything(
    mapped: UnitOfWorkFactory, checkpoint: UnchangedMarker
) -> None:
    await store(mapped, a_run())
    async with mapped.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.unchanged_markers.save(checkpoint)
    assert await _kept(mapped, checkpoint.mapping_id) is None


async def test_a_checkpoint_is_not_replaced_by_one_of_a_run_that_is_not_there(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_run())
    await store(mapped, PROVED)
    async with mapped.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.unchanged_markers.save(replace(PROVED, run_id=RunId("none")))
    assert await _kept(mapped) == PROVED
