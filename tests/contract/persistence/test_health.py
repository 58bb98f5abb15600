"""What the health of mappings is judged by, in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.ids import OrganizationId, RunId
from core.domain.records.kinds import AGENDA, ALL, Scope
from core.domain.records.outcomes import Counts
from core.domain.runs.fair_queue import ScheduleCounts
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.stop_reasons import INTERRUPTED, MAPPING_REMOVED
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    LEASE,
    MAPPING,
    NOW,
    ORGANIZATION,
    OTHER,
    a_connection,
    a_mapping,
    a_mapping_of_other,
    a_run,
    an_organization,
    counts,
    store,
)
from tests.support.systems import GLEANIN, SYSTEMS

HOUR = timedelta(hours=1)


def ended(number: int, mapping: EventMapping, scope: Scope = ALL) -> SyncRun:
    run = replace(a_run(number, mapping.id), scope=scope).start(f"p{number}", NOW, LEASE)
    return run.finished(Counts(), NOW + timedelta(minutes=number), SYSTEMS)


async def _latest(units: UnitOfWorkFactory, organization_id: OrganizationId | None = None) -> list[RunId]:
    async with units.read() as unit:
        return [run.id for run in await unit.runs.latest_ended(organization_id)]


async def test_the_latest_ended_run_of_each_scope(mapped: UnitOfWorkFactory) -> None:
    mapping = a_mapping()
    assert await _latest(mapped) == []
    await store(
        mapped,
        ended(1, mapping),
        ended(2, mapping, AGENDA),
        ended(3, mapping),
        ended(4, mapping, AGENDA),
    )
    await store(mapped, replace(a_run(5), scope=AGENDA).stopped(INTERRUPTED, NOW, Counts(), SYSTEMS))
    await store(mapped, a_run(6).start("p", NOW, LEASE), a_run(7))
    assert await _latest(mapped) == [a_run(5).id, a_run(3).id]
    await store(mapped, a_run(8).stopped(MAPPING_REMOVED, NOW, Counts(), SYSTEMS))
    assert await _latest(mapped) == [a_run(5).id, a_run(3).id], (
        "a requested stop says nothing about the health of the sync"
    )


async def test_the_latest_ended_runs_of_an_organization_or_of_all(two_tenants: UnitOfWorkFactory) -> None:
    removed = a_mapping_of_other(3).remove(NOW)
    await store(
        two_tenants, removed, ended(1, a_mapping()), ended(2, a_mapping_of_other()), ended(3, removed)
    )
    assert await _latest(two_tenants, ORGANIZATION) == [a_run(1).id]
    assert await _latest(two_tenants, OTHER) == [a_run(2).id]
    assert await _latest(two_tenants) == [a_run(2).id, a_run(1).id]
    assert await _latest(two_tenants, OrganizationId("nobody")) == []


async def test_schedules_and_halts_of_open_connections(two_tenants: UnitOfWorkFactory) -> None:
    removed, ended_with_it = a_mapping_of_other(3).remove(NOW), a_mapping_of_other(4).end_with_connection(NOW)
    await store(two_tenants, removed, ended_with_it)
    later, first = Halt("Gleanin", NOW), Halt("Sessionboard", NOW - HOUR)
    failing = Schedule(MAPPING, NOW, failures=1, failing_since=NOW - HOUR)
    halted = [Schedule(removed.id, NOW, halt=first), Schedule(a_mapping_of_other().id, NOW, halt=later)]
    await store(two_tenants, failing, *halted, Schedule(ended_with_it.id, NOW, halt=Halt("", NOW - 2 * HOUR)))
    async with two_tenants.read() as unit:
        assert [*await unit.schedules.list_for_open_connections(ORGANIZATION)] == [(ORGANIZATION, failing)]
        assert {each.mapping_id for _, each in await unit.schedules.list_for_open_connections(OTHER)} == {
            each.mapping_id for each in halted
        }
        assert len(await unit.schedules.list_for_open_connections()) == 3
        assert await unit.schedules.find_halt(OTHER) == first
        assert await unit.schedules.find_halt(ORGANIZATION) is None
        assert await unit.schedules.find_destination(OTHER) == (GLEANIN, first)
        assert await unit.schedules.find_destination(ORGANIZATION) == (GLEANIN, None)
        assert await unit.schedules.find_destination(OrganizationId("nobody")) is None


async def test_active_mappings_of_an_organization_or_of_all(two_tenants: UnitOfWorkFactory) -> None:
    await store(two_tenants, a_mapping_of_other(3).remove(NOW))
    async with two_tenants.read() as unit:
        assert [*await unit.mappings.list_active(ORGANIZATION)] == [a_mapping()]
        assert [*await unit.mappings.list_active(OTHER)] == [a_mapping_of_other()]
        assert [*await unit.mappings.list_active()] == [a_mapping(), a_mapping_of_other()]


async def test_rule_24_a_mapping_without_saved_settings_is_counted_but_not_due(
    units: UnitOfWorkFactory,
) -> None:
    await store(units, an_organization(), a_connection())
    waiting = replace(a_mapping(), continuous_sync=True, settings_saved=False)
    await store(units, waiting)
    async with units.write() as unit:
        for schedule in (None, Schedule(MAPPING, NOW - HOUR)):
            if schedule:
                await unit.schedules.save(schedule)
            assert await unit.schedules.list_due(NOW, 9, 9) == []
            assert (await counts(unit))[ORGANIZATION] == ScheduleCounts(continuous=1, waiting=1)
        await unit.mappings.update(replace(waiting, settings_saved=True))
        assert [due.mapping_id for due in await unit.schedules.list_due(NOW, 9, 9)] == [MAPPING]
        assert (await counts(unit))[ORGANIZATION].waiting == 0


SCHEDULE = "INSERT INTO schedules (mapping_id, due_at, failures, has_failed, is_halted) VALUES (:id, :due, :n, :f, :h)"


@pytest.mark.parametrize("system", ["Gleanin", "Sessionboard"])
async def test_failures_and_halts_of_an_earlier_version_are_dated_by_its_runs(
    empty_database: str, system: str
) -> None:
    engine = engine_at(empty_database)
    migrate.upgrade(engine)
    units = SqlUnitOfWorkFactory(engine_at(empty_database))
    mapping = a_mapping()
    await store(units, an_organization(), a_connection(), mapping)
    await store(units, an_organization("Other", 2), a_connection(2, OTHER), a_mapping_of_other())
    at = [NOW + number * HOUR for number in range(5)]
    refused = replace(
        INTERRUPTED, code="token_refused", sentence=f"{system} refused the token: it was revoked."
    )
    await store(
        units,
        ended(1, mapping),
        a_run(4).start("p", NOW, LEASE).stopped(INTERRUPTED, at[1], Counts(), SYSTEMS),
    )
    for number in (2, 3):
        stop = refused if number == 3 else replace(INTERRUPTED, code="unreachable")
        await store(units, a_run(number).start("p", NOW, LEASE).stopped(stop, at[number], Counts(), SYSTEMS))
    migrate.downgrade(engine, "0007")
    is_sqlite = engine.dialect.name == "sqlite"
    due = NOW.replace(tzinfo=None) if is_sqlite else NOW
    with engine.begin() as connection:
        for mapping_id, failures in ((MAPPING, 2), (a_mapping_of_other().id, 0)):
            values = {"id": mapping_id, "due": due, "n": failures, "f": failures > 0, "h": failures > 0}
            connection.execute(sa.text(SCHEDULE).bindparams(**values))
    migrate.upgrade(engine)
    async with units.read() as unit:
        assert await unit.schedules.get(MAPPING) == Schedule(
            MAPPING, NOW, failures=2, failing_since=at[2], halt=Halt(system, at[3])
        )
        assert await unit.schedules.get(a_mapping_of_other().id) == Schedule(a_mapping_of_other().id, NOW)
    units.close()
    engine.dispose()
