"""What runs have proved, wherever it is kept."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from core.domain.checkpoint import Checkpoint
from core.domain.identifiers import MappingId, RunId
from core.domain.outcomes import Counts
from core.domain.stops import TAKEN_OVER
from ports.persistence import PersistenceError, Units
from tests.contract.persistence.samples import (
    LEASE,
    MAPPING,
    NOW,
    a_mapping,
    a_run,
    store,
    store_mapped_event,
)

HOUR = timedelta(hours=1)
SECOND = MappingId("map2")
PROVED = Checkpoint(MAPPING, a_run().id, NOW, NOW + HOUR, "b2f1", "0a")


async def _save(units: Units, *checkpoints: Checkpoint) -> None:
    async with units.writing() as unit:
        for checkpoint in checkpoints:
            await unit.checkpoints.save(checkpoint)
        await unit.commit()


async def _kept(units: Units, mapping: MappingId = MAPPING) -> Checkpoint | None:
    async with units.reading() as unit:
        return await unit.checkpoints.get(mapping)


async def test_a_checkpoint_comes_back_as_it_was_last_saved(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_run(1).stopped(TAKEN_OVER, NOW, Counts()), a_run(2).start("a", NOW, LEASE))
    assert await _kept(units) is None
    await _save(units, PROVED)
    assert await _kept(units) == PROVED
    zone = timezone(timedelta(hours=9))
    later = Checkpoint(
        MAPPING, RunId("run2"), (NOW + HOUR).astimezone(zone), NOW + 7 * HOUR, "0" * 32, "1" * 32
    )
    await _save(units, later)
    assert await _kept(units) == later
    await _save(units, replace(later, verdict_at=None, many=""))
    assert await _kept(units) == replace(later, verdict_at=None, many="")


async def test_a_checkpoint_is_its_mapping_s_alone(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_mapping(2, "s2", "g2"), a_run(1), a_run(2, SECOND))
    theirs = Checkpoint(SECOND, RunId("run2"), NOW, NOW + 2 * HOUR, "c3")
    await _save(units, PROVED, theirs)
    await _save(units, PROVED.read_again(NOW + HOUR))
    assert await _kept(units) == PROVED.read_again(NOW + HOUR)
    assert await _kept(units, SECOND) == theirs


async def test_a_checkpoint_that_is_removed_proves_nothing_any_more(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_mapping(2, "s2", "g2"), a_run(1), a_run(2, SECOND))
    theirs = Checkpoint(SECOND, RunId("run2"), NOW, None, "c3")
    await _save(units, PROVED, theirs)
    async with units.writing() as unit:
        await unit.checkpoints.remove(MAPPING)
    assert await _kept(units) == PROVED, "not before it is committed"
    for _ in range(2):  # what is not there can be removed too
        async with units.writing() as unit:
            await unit.checkpoints.remove(MAPPING)
            await unit.commit()
        assert await _kept(units) is None
    assert await _kept(units, SECOND) == theirs
    await _save(units, PROVED)
    assert await _kept(units) == PROVED


async def test_what_is_not_committed_is_not_saved(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_run())
    async with units.writing() as unit:
        await unit.checkpoints.save(PROVED)
    assert await _kept(units) is None


@pytest.mark.parametrize(
    "checkpoint",
    [replace(PROVED, run_id=RunId("none")), replace(PROVED, mapping_id=MappingId("none"))],
    ids=["no such run", "no such mapping"],
)
async def test_only_a_run_of_a_mapping_proves_anything(units: Units, checkpoint: Checkpoint) -> None:
    await store_mapped_event(units)
    await store(units, a_run())
    async with units.writing() as unit:
        with pytest.raises(PersistenceError):
            await unit.checkpoints.save(checkpoint)
    assert await _kept(units, checkpoint.mapping_id) is None


async def test_a_checkpoint_is_not_replaced_by_one_of_a_run_that_is_not_there(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_run())
    await _save(units, PROVED)
    async with units.writing() as unit:
        with pytest.raises(PersistenceError):
            await unit.checkpoints.save(replace(PROVED, run_id=RunId("none")))
    assert await _kept(units) == PROVED
