"""Unchanged markers, in every store."""

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
from tests.support.systems import SYSTEMS

HOUR = timedelta(hours=1)
MARKER = UnchangedMarker(MAPPING, a_run().id, NOW, NOW + HOUR, "b2f1", "0a")


async def _stored(units: UnitOfWorkFactory, mapping: MappingId = MAPPING) -> UnchangedMarker | None:
    async with units.read() as unit:
        return await unit.unchanged_markers.get(mapping)


async def test_a_marker_is_loaded_as_it_was_last_saved(mapped: UnitOfWorkFactory) -> None:
    await store(
        mapped, a_run(1).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS), a_run(2).start("a", NOW, LEASE)
    )
    assert await _stored(mapped) is None
    await store(mapped, MARKER)
    assert await _stored(mapped) == MARKER
    zone = timezone(timedelta(hours=9))
    later = UnchangedMarker(
        MAPPING, RunId("run2"), (NOW + HOUR).astimezone(zone), NOW + 7 * HOUR, "0" * 32, "1" * 32
    )
    await store(mapped, later)
    assert await _stored(mapped) == later
    await store(mapped, replace(later, next_transition_at=None, many=""))
    assert await _stored(mapped) == replace(later, next_transition_at=None, many="")


async def test_each_mapping_has_its_own_marker(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"), a_run(1), a_run(2, SECOND))
    theirs = UnchangedMarker(SECOND, RunId("run2"), NOW, NOW + 2 * HOUR, "c3")
    await store(mapped, MARKER, theirs)
    await store(mapped, MARKER.read_again(NOW + HOUR))
    assert await _stored(mapped) == MARKER.read_again(NOW + HOUR)
    assert await _stored(mapped, SECOND) == theirs


async def test_a_marker_can_be_removed(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"), a_run(1), a_run(2, SECOND))
    theirs = UnchangedMarker(SECOND, RunId("run2"), NOW, None, "c3")
    await store(mapped, MARKER, theirs)
    async with mapped.write() as unit:
        await unit.unchanged_markers.remove(MAPPING)
    assert await _stored(mapped) == MARKER, "not before the commit"
    for _ in range(2):  # removing a missing marker is allowed
        async with committing(mapped) as unit:
            await unit.unchanged_markers.remove(MAPPING)
        assert await _stored(mapped) is None
    assert await _stored(mapped, SECOND) == theirs
    await store(mapped, MARKER)
    assert await _stored(mapped) == MARKER


async def test_uncommitted_changes_are_not_saved(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run())
    async with mapped.write() as unit:
        await unit.unchanged_markers.save(MARKER)
    assert await _stored(mapped) is None


@pytest.mark.parametrize(
    "marker",
    [replace(MARKER, run_id=RunId("none")), replace(MARKER, mapping_id=MappingId("none"))],
    ids=["no such run", "no such mapping"],
)
async def test_a_marker_needs_a_run_of_its_mapping(
    mapped: UnitOfWorkFactory, marker: UnchangedMarker
) -> None:
    await store(mapped, a_run())
    async with mapped.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.unchanged_markers.save(marker)
    assert await _stored(mapped, marker.mapping_id) is None


async def test_a_marker_is_not_replaced_by_one_of_a_missing_run(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_run())
    await store(mapped, MARKER)
    async with mapped.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.unchanged_markers.save(replace(MARKER, run_id=RunId("none")))
    assert await _stored(mapped) == MARKER
