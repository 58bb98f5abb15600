"""The guarantees of a unit of work, in every store."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.store_samples import ORGANIZATION, a_connection, a_run, an_organization, store
from tests.support.timeouts import happens


class _AnError(Exception):
    pass


async def test_later_units_see_committed_changes(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization())
    async with units.read() as unit:
        assert await unit.organizations.get(ORGANIZATION) == an_organization()


async def test_leaving_without_commit_rolls_back(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        await unit.organizations.add(an_organization())
        await unit.connections.add(a_connection())
    async with units.read() as unit:
        assert await unit.organizations.all() == []
        assert await unit.connections.get_open(ORGANIZATION) is None


async def test_an_error_rolls_back(units: UnitOfWorkFactory) -> None:
    with suppress(_AnError):
        async with units.write() as unit:
            await unit.organizations.add(an_organization())
            raise _AnError
    async with units.read() as unit:
        assert await unit.organizations.all() == []


async def test_changes_after_a_commit_need_another_commit(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        organizations = unit.organizations
        await organizations.add(an_organization())
        await unit.commit()
        await organizations.add(an_organization("Another", 2))
    async with units.read() as unit:
        assert await unit.organizations.all() == [an_organization()]


async def test_only_the_unit_itself_sees_its_uncommitted_changes(units: UnitOfWorkFactory) -> None:
    async with units.write() as writer:
        await writer.organizations.add(an_organization())
        async with units.read() as reader:
            assert await reader.organizations.get(ORGANIZATION) is None
        assert await writer.organizations.get(ORGANIZATION) == an_organization()


async def test_a_read_only_unit_sees_one_snapshot(units: UnitOfWorkFactory) -> None:
    async with units.read() as unit:
        assert await unit.organizations.all() == []
        await store(units, an_organization())
        assert await unit.organizations.all() == []


async def test_a_read_only_unit_cannot_commit(units: UnitOfWorkFactory) -> None:
    async with units.read() as unit:
        with pytest.raises(RuntimeError):
            await unit.commit()


async def test_what_a_writing_unit_read_stays_true_until_it_commits(
    mapped: UnitOfWorkFactory,
) -> None:
    times = 20

    async def count_one() -> None:
        async with mapped.write() as unit:
            run = await unit.runs.get(a_run().id)
            assert run is not None
            await asyncio.sleep(0)
            await unit.runs.update(replace(run, message=run.message + "."))
            await unit.commit()

    await store(mapped, a_run())
    await asyncio.gather(*(count_one() for _ in range(times)))
    async with mapped.read() as unit:
        run = await unit.runs.get(a_run().id)
        assert len(present(run).message) == times


async def test_a_cancelled_unit_rolls_back_and_releases_the_writer_lock(units: UnitOfWorkFactory) -> None:
    written = asyncio.Event()

    async def never_commit() -> None:
        async with units.write() as unit:
            await unit.organizations.add(an_organization())
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_commit())
    await happens(written)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await store(units, an_organization("Another"))
    async with units.read() as unit:
        assert await unit.organizations.all() == [an_organization("Another")]


async def test_many_concurrent_units_all_complete(units: UnitOfWorkFactory) -> None:
    async def read() -> int:
        async with units.read() as unit:
            return len(await unit.organizations.all())

    async def write(number: int) -> None:
        await store(units, an_organization(f"Organization {number}", number))

    await asyncio.gather(*(write(number) for number in range(20)), *(read() for _ in range(40)))
    assert await read() == 20


async def test_a_row_without_its_parent_is_rejected(units: UnitOfWorkFactory) -> None:
    with pytest.raises(PersistenceError):
        await store(units, a_connection())


async def test_a_row_that_was_never_added_cannot_be_updated(mapped: UnitOfWorkFactory) -> None:
    async with mapped.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.runs.update(a_run())
