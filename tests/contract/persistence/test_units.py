"""What a unit of work promises, wherever it keeps things."""

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


async def test_what_is_committed_is_there_for_later_units(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization())
    async with units.read() as unit:
        assert await unit.organizations.get(ORGANIZATION) == an_organization()


async def test_leaving_without_commit_undoes_everything(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        await unit.organizations.add(an_organization())
        await unit.connections.add(a_connection())
    async with units.read() as unit:
        assert await unit.organizations.all() == []
        assert await unit.connections.get_open(ORGANIZATION) is None


async def test_an_error_undoes_everything(units: UnitOfWorkFactory) -> None:
    with suppress(_AnError):
        async with units.write() as unit:
            await unit.organizations.add(an_organization())
            raise _AnError
    async with units.read() as unit:
        assert await unit.organizations.all() == []


async def test_what_is_done_after_a_commit_waits_for_the_next_one(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        organizations = unit.organizations
        await organizations.add(an_organization())
        await unit.commit()
        await organizations.add(an_organization("Another", 2))
    async with units.read() as unit:
        assert await unit.organizations.all() == [an_organization()]


async def test_a_unit_sees_what_it_wrote_itself_and_others_do_not(units: UnitOfWorkFactory) -> None:
    async with units.write() as writer:
        await writer.organizations.add(an_organization())
        async with units.read() as reader:
            assert await reader.organizations.get(ORGANIZATION) is None
        assert await writer.organizations.get(ORGANIZATION) == an_organization()


async def test_a_reading_unit_shows_one_state_throughout(units: UnitOfWorkFactory) -> None:
    async with units.read() as unit:
        assert await unit.organizations.all() == []
        await store(units, an_organization())
        assert await unit.organizations.all() == []


async def test_a_reading_unit_has_nothing_to_commit(units: UnitOfWorkFactory) -> None:
    async with units.read() as unit:
        with pytest.raises(RuntimeError):
            await unit.commit()


async def test_what_a_writing_unit_has_read_does_not_change_before_it_commits(
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


async def test_a_cancelled_unit_is_undone_and_lets_the_next_one_write(units: UnitOfWorkFactory) -> None:
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


async def test_many_units_at_once_all_get_their_turn(units: UnitOfWorkFactory) -> None:
    async def read() -> int:
        async with units.read() as unit:
            return len(await unit.organizations.all())

    async def write(number: int) -> None:
        await store(units, an_organization(f"Organization {number}", number))

    await asyncio.gather(*(write(number) for number in range(20)), *(read() for _ in range(40)))
    assert await read() == 20


async def test_a_row_that_belongs_to_nothing_is_refused(units: UnitOfWorkFactory) -> None:
    with pytest.raises(PersistenceError):
        await store(units, a_connection())


async def test_a_row_that_was_never_added_cannot_be_updated(mapped: UnitOfWorkFactory) -> None:
    async with mapped.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.runs.update(a_run())
