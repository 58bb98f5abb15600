"""Schedules of continuous sync, in every store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from adapters.persistence.engine import engine_at
from adapters.persistence.repositories.schedules import DUE
from core.domain.ids import ConnectionId, MappingId, OrganizationId
from core.domain.runs.fair_queue import DueMapping, ScheduleCounts
from core.domain.runs.schedule import Halt, Schedule
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    CONNECTION,
    LEASE,
    MAPPING,
    NOW,
    a_connection,
    a_mapping,
    a_run,
    an_organization,
    committing,
    counts,
    store,
)

MINUTE = timedelta(minutes=1)


def _id(number: int) -> MappingId:
    return MappingId(f"map{number}")


def _continuous(number: int, organization: int = 1) -> EventMapping:
    return replace(
        a_mapping(number, f"s{number}", f"g{number}"),
        organization_id=OrganizationId(f"org{organization}"),
        connection_id=ConnectionId(f"con{organization}"),
        created_at=NOW - timedelta(days=1, minutes=number),
        continuous_sync=True,
    )


def _due(number: int, minutes_ago: float = 0) -> Schedule:
    return Schedule(_id(number), NOW - minutes_ago * MINUTE)


@pytest.fixture
async def three(units: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store with three organizations, each of which has a connection."""
    for number in range(1, 4):
        organization = an_organization(f"Organization {number}", number)
        await store(units, organization, a_connection(number, organization.id))
    return units


async def _due_rows(
    units: UnitOfWorkFactory, max_per_organization: int = 2, limit: int = 100
) -> Sequence[DueMapping]:
    async with units.read() as unit:
        return await unit.schedules.list_due(NOW, max_per_organization, limit)


async def _due_ids(
    units: UnitOfWorkFactory, max_per_organization: int = 2, limit: int = 100
) -> Sequence[MappingId]:
    return [due.mapping_id for due in await _due_rows(units, max_per_organization, limit)]


async def test_a_schedule_is_loaded_as_it_was_last_saved(mapped: UnitOfWorkFactory) -> None:
    saved = Schedule(
        MAPPING,
        NOW,
        failures=3,
        failing_since=NOW - MINUTE,
        halt=Halt("Gleanin", NOW),
        hinted_at=NOW,
        last_checked_at=NOW - 2 * MINUTE,
    )
    async with committing(mapped) as unit:
        assert await unit.schedules.get(MAPPING) is None
        await unit.schedules.save(saved)
        assert await unit.schedules.get(MAPPING) == saved
    elsewhere = (NOW + MINUTE).astimezone(timezone(timedelta(hours=9)))
    await store(mapped, Schedule(MAPPING, elsewhere))
    async with mapped.read() as unit:
        assert await unit.schedules.get(MAPPING) == Schedule(MAPPING, NOW + MINUTE)


async def test_uncommitted_changes_are_not_saved(mapped: UnitOfWorkFactory) -> None:
    async with mapped.write() as unit:
        await unit.schedules.save(_due(1))
    async with mapped.read() as unit:
        assert await unit.schedules.get(MAPPING) is None


async def test_a_schedule_needs_a_mapping(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.schedules.save(_due(1))


async def test_schedules_of_a_connection_include_removed_mappings(
    three: UnitOfWorkFactory,
) -> None:
    await store(three, _continuous(1), _continuous(2).remove(NOW), _continuous(3), _continuous(4, 2))
    await store(three, _due(4), _due(2), _due(1))
    async with three.read() as unit:
        assert await unit.schedules.list_by_connection(CONNECTION) == [_due(1), _due(2)]
        assert await unit.schedules.list_by_connection(ConnectionId("con2")) == [_due(4)]
        assert await unit.schedules.list_by_connection(ConnectionId("none")) == []


async def test_rule_24_due_mappings_are_listed_longest_due_first(three: UnitOfWorkFactory) -> None:
    await store(three, *(_continuous(number, 1 + number % 2) for number in range(1, 6)))
    await store(three, _due(1), _due(2, 5), _due(3, 10), _due(4, -1), _due(5, 7))
    assert await _due_ids(three, max_per_organization=9) == [_id(3), _id(5), _id(2), _id(1)]
    assert await _due_ids(three, max_per_organization=9, limit=2) == [_id(3), _id(5)]
    assert await _due_ids(three, limit=0) == []


async def test_rule_24_a_mapping_without_a_schedule_is_due_since_its_creation(
    three: UnitOfWorkFactory,
) -> None:
    await store(three, _continuous(1), _continuous(2), _continuous(3), _due(3, 60 * 24 + 1.5))
    assert await _due_ids(three, max_per_organization=9) == [_id(2), _id(3), _id(1)]


@pytest.mark.parametrize(
    "mapping",
    [
        replace(_continuous(1), continuous_sync=False),
        _continuous(1).remove(NOW),
        _continuous(1).end_with_connection(NOW),
    ],
    ids=["not continuous", "removed", "connection ended"],
)
@pytest.mark.parametrize("has_schedule", [True, False])
async def test_rule_24_only_an_active_mapping_with_continuous_sync_is_due(
    three: UnitOfWorkFactory, mapping: EventMapping, *, has_schedule: bool
) -> None:
    await store(three, mapping, *[_due(1)] * has_schedule)
    assert await _due_ids(three) == []


async def test_a_halted_mapping_is_not_due_until_it_resumes(three: UnitOfWorkFactory) -> None:
    halted = _due(1, 5).halted(Halt("Gleanin", NOW))
    await store(three, _continuous(1), halted)
    assert await _due_ids(three) == []
    await store(three, halted.resume(NOW))
    assert await _due_ids(three) == [_id(1)]


async def test_due_mappings_have_organization_and_due_time(three: UnitOfWorkFactory) -> None:
    never, theirs = _continuous(1), _continuous(2, 2)
    await store(three, never, theirs, _due(2, 5))
    assert await _due_rows(three) == [
        DueMapping(never.id, never.organization_id, never.created_at),
        DueMapping(theirs.id, theirs.organization_id, NOW - 5 * MINUTE),
    ]


async def test_a_mapping_with_open_runs_is_still_listed_as_due(three: UnitOfWorkFactory) -> None:
    """The domain decides which of them wait."""
    await store(three, *map(_continuous, range(1, 4)), *(_due(number, 9 - number) for number in (1, 2, 3)))
    await store(three, a_run(1, _id(1)), a_run(2, _id(2)).start("a", NOW, LEASE))
    async with committing(three) as unit:
        assert await unit.schedules.begin_check(_id(3), "a", NOW, NOW + LEASE)
    assert await _due_ids(three, max_per_organization=9) == [_id(1), _id(2), _id(3)]


async def test_due_mappings_are_limited_per_organization(
    three: UnitOfWorkFactory,
) -> None:
    await store(three, *(_continuous(number, 1) for number in range(1, 6)))
    await store(three, *(_continuous(number, 2) for number in range(6, 9)), _continuous(9, 3))
    await store(three, *(_due(number, 100 - number) for number in range(1, 10)))
    assert await _due_ids(three) == [_id(1), _id(2), _id(6), _id(7), _id(9)]
    assert await _due_ids(three, limit=3) == [_id(1), _id(2), _id(6)]
    assert await _due_ids(three, max_per_organization=1) == [_id(1), _id(6), _id(9)]
    await store(three, _due(1, -1), _due(5, 200))
    assert await _due_ids(three, max_per_organization=1) == [_id(5), _id(6), _id(9)]


async def test_of_equally_due_mappings_the_oldest_comes_first(three: UnitOfWorkFactory) -> None:
    await store(three, *map(_continuous, (3, 1, 2)), *(_due(number, 5) for number in (1, 2, 3)))
    assert await _due_ids(three) == [_id(3), _id(1)]


def test_mappings_that_are_not_due_are_not_read(migrated_sqlite: Path) -> None:
    """Only indexes are scanned: the query runs every few seconds, over thousands of mappings."""
    plans = list[str]()

    def explain(connection: sa.Connection, _: object, statement: str, params: Any, *_more: object) -> None:
        plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", params)
        plans.extend(step for *_numbers, step in plan)

    engine = engine_at(f"sqlite:///{migrated_sqlite}")
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", explain)
        connection.execute(DUE, {"now": NOW, "max_per_organization": 2, "limit": 100})
    engine.dispose()
    assert not {"SCAN schedules", "SCAN event_mappings", "SCAN sync_runs"} & {*plans}
    assert "SEARCH schedules USING INDEX ix_schedules_due_at (due_at<?)" in plans
    assert "SCAN event_mappings USING INDEX continuous_mappings" in plans


async def test_mappings_with_continuous_sync_are_counted_by_organization(
    three: UnitOfWorkFactory,
) -> None:
    never, due, later, failing, halted = (_continuous(number) for number in range(1, 6))
    by_hand, removed = replace(_continuous(6), continuous_sync=False), _continuous(7).remove(NOW)
    theirs = _continuous(8, 2)
    await store(three, never, due, later, failing, halted, by_hand, removed, theirs)
    async with three.write() as unit:
        assert await counts(unit) == {
            OrganizationId("org1"): ScheduleCounts(continuous=5, due=5, next_due_at=halted.created_at),
            OrganizationId("org2"): ScheduleCounts(continuous=1, due=1, next_due_at=theirs.created_at),
        }
        for schedule in (
            _due(2, minutes_ago=3),
            _due(3, minutes_ago=-1),
            replace(_due(4, minutes_ago=1), failures=2, failing_since=NOW),
            replace(_due(5, minutes_ago=9), halt=Halt("Gleanin", NOW)),
            _due(6, minutes_ago=9),
            _due(7, minutes_ago=9),
            _due(8, minutes_ago=-2),
        ):
            await unit.schedules.save(schedule)
        assert await counts(unit) == {
            OrganizationId("org1"): ScheduleCounts(
                continuous=5, due=3, failing=2, halted=1, next_due_at=never.created_at
            ),
            OrganizationId("org2"): ScheduleCounts(continuous=1, next_due_at=NOW + 2 * MINUTE),
        }
        await unit.schedules.save(_due(1, minutes_ago=-5))
        assert (await counts(unit))[OrganizationId("org1")].next_due_at == NOW - 3 * MINUTE


async def test_a_mapping_with_an_open_run_is_not_counted_as_due(three: UnitOfWorkFactory) -> None:
    await store(three, *(_continuous(number) for number in range(1, 5)), _due(1, 9), _due(2, 7), _due(3, 5))
    await store(three, a_run(1, _id(1)).start("a", NOW, LEASE), a_run(2, _id(1)), a_run(3, _id(2)))
    await store(three, a_run(4, _id(4)).start("a", NOW, LEASE))
    async with three.read() as unit:
        assert await counts(unit) == {
            OrganizationId("org1"): ScheduleCounts(continuous=4, due=1, next_due_at=NOW - 5 * MINUTE)
        }
