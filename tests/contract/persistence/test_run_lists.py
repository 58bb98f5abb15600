"""Lists of runs and idempotency keys, in every store."""

from collections.abc import Sequence

import pytest

from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.records.outcomes import Counts
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    LEASE,
    LONG,
    MAPPING,
    NOW,
    ORGANIZATION,
    OTHER,
    SECOND,
    a_connection,
    a_mapping,
    a_mapping_of_other,
    a_run,
    an_organization,
    committing,
    store,
)
from tests.support.systems import SYSTEMS


def _ids(runs: Sequence[SyncRun]) -> list[str]:
    return [run.id for run in runs]


@pytest.fixture
async def runs_of_two(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store with alternating runs of two organizations."""
    units, second = mapped, a_mapping(2, "s2", "g2")
    await store(units, an_organization("Other", 2), a_connection(2, OTHER), second, a_mapping_of_other(3))
    for number in range(1, 10):
        await store(
            units,
            a_run(number, MappingId(f"map{(number - 1) % 3 + 1}")).stopped(
                LEASE_EXPIRED, NOW, Counts(), SYSTEMS
            ),
        )
    async with committing(units) as unit:
        await unit.mappings.update(second.remove(NOW))
        # An updated run keeps its position.
        await unit.runs.update(a_run(1).stopped(LEASE_EXPIRED, NOW + LEASE, Counts(), SYSTEMS))
    return units


async def test_runs_of_a_mapping_are_listed_before_a_given_run(runs_of_two: UnitOfWorkFactory) -> None:
    async with runs_of_two.read() as unit:
        runs = unit.runs
        assert _ids(await runs.list_by_mapping(MAPPING)) == ["run7", "run4", "run1"]
        assert _ids(await runs.list_by_mapping(MAPPING, before=RunId("run7"))) == ["run4", "run1"]
        assert _ids(await runs.list_by_mapping(MAPPING, 1, before=RunId("run7"))) == ["run4"]
        assert _ids(await runs.list_by_mapping(MAPPING, before=RunId("run1"))) == []
        assert _ids(await runs.list_by_mapping(MAPPING, before=RunId("none"))) == []


async def test_runs_of_an_organization_include_removed_mappings(
    runs_of_two: UnitOfWorkFactory,
) -> None:
    async with runs_of_two.read() as unit:
        runs, org = unit.runs, ORGANIZATION
        assert _ids(await runs.list_by_organization(org)) == ["run8", "run7", "run5", "run4", "run2", "run1"]
        assert _ids(await runs.list_by_organization(org, 2)) == ["run8", "run7"]
        assert _ids(await runs.list_by_organization(org, 2, RunId("run7"))) == ["run5", "run4"]
        assert _ids(await runs.list_by_organization(org, before=RunId("run2"))) == ["run1"]
        assert _ids(await runs.list_by_organization(org, before=RunId("none"))) == []
        assert _ids(await runs.list_by_organization(OrganizationId("org2"))) == ["run9", "run6", "run3"]
        assert await runs.list_by_organization(OrganizationId("none")) == []


@pytest.mark.parametrize("key", ["key 1", "", "ada@example.org\n\0", LONG])
async def test_a_run_is_found_by_idempotency_key_and_mapping(mapped: UnitOfWorkFactory, key: str) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"), a_run(1), a_run(2, SECOND))
    async with committing(mapped) as unit:
        assert await unit.runs.find_by_idempotency_key(MAPPING, key) is None
        await unit.runs.save_idempotency_key(MAPPING, key, RunId("run1"))
        await unit.runs.save_idempotency_key(MAPPING, f"{key}.", RunId("run1"))
        await unit.runs.save_idempotency_key(SECOND, key, RunId("run2"))
    async with mapped.read() as unit:
        assert await unit.runs.find_by_idempotency_key(MAPPING, key) == "run1"
        assert await unit.runs.find_by_idempotency_key(SECOND, key) == "run2"
        assert await unit.runs.find_by_idempotency_key(MAPPING, f"{key}..") is None


async def test_an_idempotency_key_belongs_to_one_existing_run(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1))
    async with mapped.write() as unit:
        await unit.runs.save_idempotency_key(MAPPING, "key", RunId("run1"))
        with pytest.raises(PersistenceError):
            await unit.runs.save_idempotency_key(MAPPING, "key", RunId("run1"))
    async with mapped.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.runs.save_idempotency_key(MAPPING, "key", RunId("none"))
