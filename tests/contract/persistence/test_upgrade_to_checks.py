"""The upgrade of a database from before checks, with rows in every table."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.memory.clock import ManualClock
from adapters.memory.event_log import RecordedEvents
from adapters.memory.id_generator import SequentialIds
from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.tables import metadata
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.access.accounts import Attempts, LoginSession
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Grant, Role
from core.domain.access.identities import ProviderIdentity
from core.domain.access.portal_links import PersonRef
from core.domain.ids import AccountId, MappingId, RunId, SourceId
from core.domain.records.kinds import SPEAKER
from core.domain.records.outcomes import Counts
from core.domain.records.synced_records import CreateIntent
from core.domain.runs.fair_queue import waiting
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.schedule import Schedule
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.usecases.runs.apply_retention import ApplyRetention
from core.usecases.runs.queries import FindRun
from core.usecases.runs.recover_abandoned_run import RecoverAbandonedRun
from core.usecases.shared.run_ends import RunEnds
from tests.support.store_samples import (
    CONNECTION,
    EVENT,
    LEASE,
    MAPPING,
    NOW,
    ORGANIZATION,
    a_connection,
    a_key,
    a_mapping,
    a_notification,
    a_recipient,
    a_record,
    a_run,
    an_account,
    an_organization,
    an_outcome,
    committing,
    store,
)
from tests.support.systems import SYSTEMS

HOUR = timedelta(hours=1)
PAUSED, MANY, PLAIN = (MappingId(f"map{number}") for number in (2, 3, 4))
PAUSED_UNTIL = NOW + 3 * HOUR
NEW = {"replaced_runs", "written_links", "link_outcomes", "write_quotas", "field_orders", "portal_addresses"}
CHANGED = {"schedules", "sync_runs", "checkpoints", "run_bookings", "notices", "alembic_version"}
ADDED = {
    "organizations": ("sessionboard", "Sessionboard", None),
    "connections": ("gleanin", "Gleanin", None, ""),
    "event_mappings": ("sessionboard", "gleanin", "{}", False, True, "", "", ""),
    "audit_entries": ("",),
}
"""The values of the columns that later revisions add at the end of a table: the systems of earlier rows, and defaults."""
STATEMENTS_OF_0008 = (
    "UPDATE sync_runs SET confirms = 'run1' WHERE id IN ('run2', 'run3')",
    "UPDATE sync_runs SET confirms = 'forgotten' WHERE id = 'run4'",
    """UPDATE sync_runs SET paused_until = :paused, slices_in_vain = 2, owner = NULL, lease_until = NULL
    WHERE id = 'run5'""",
    """INSERT INTO checkpoints (mapping_id, run_id, read_at, until, digest, has_many, outcomes) VALUES
    ('map1', 'run1', :now, :later, 'b2f1', FALSE, '0a'), ('map3', 'run7', :now, :later, 'c3', TRUE, '0b')""",
)
"""What this version cannot store: confirming runs, a run between two slices, and markers of that version."""


def _completed(number: int, hours: int, mapping: MappingId = MAPPING) -> SyncRun:
    run = a_run(number, mapping).start("a", NOW, LEASE).finished(Counts(), NOW + hours * HOUR, SYSTEMS)
    return replace(run, trigger=Trigger.CONTINUOUS)


async def _fill(units: SqlUnitOfWorkFactory) -> None:
    """Store something in every table."""
    await store(units, an_organization(), a_connection())
    await store(units, *(a_mapping(number, f"s{number}", f"g{number}") for number in range(1, 5)))
    await store(units, *(Schedule(MappingId(f"map{number}"), NOW, failures=1) for number in range(1, 4)))
    running = replace(a_run(5, PAUSED), requested_by="ada").start("a", NOW, LEASE)
    await store(units, _completed(1, 0), *(_completed(number, number) for number in (2, 3, 4)))
    await store(units, running, a_run(6, PAUSED), _completed(7, 0, MANY), _completed(8, 0, PLAIN))
    await store(units, a_recipient(), replace(a_notification(), run_id=RunId("run3")), a_notification(2))
    await store(units, an_account(1, "ada@example.org", Grant(Role.ADMIN, ORGANIZATION)), a_key())
    async with committing(units) as unit:
        for number in (1, 4, 5):
            await unit.outcomes.add(RunId(f"run{number}"), [an_outcome(f"{number}")])
        await unit.runs.save_idempotency_key(MAPPING, "key of a replaced run", RunId("run2"))
        await unit.runs.save_idempotency_key(MAPPING, "earlier", RunId("run1"))
        await unit.synced.save(ORGANIZATION, EVENT, [a_record()])
        await unit.intents.add(ORGANIZATION, EVENT, [CreateIntent(SPEAKER, SourceId("9"), CONNECTION)])
        await unit.identities.bind(ProviderIdentity("https://id.example.org", "7"), AccountId("account1"))
        await unit.login_sessions.add(LoginSession("digest", AccountId("account1"), NOW))
        await unit.attempts.save("ada@example.org", Attempts(2, NOW))
        await unit.audit.add(AuditEntry(NOW, "ada", Action.CONNECTED, ORGANIZATION, "Gleanin"))
        await unit.portal_revocations.save(PersonRef(ORGANIZATION, EVENT, SPEAKER, SourceId("1")), NOW)
        await unit.installation.save_served_url("https://sync.example.org/")


def _rows(engine: sa.Engine) -> dict[str, list[Any]]:
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: sorted(map(str, connection.execute(sa.select(table))))
            for name, table in tables.tables.items()
        }


def _with_added_values(table: str, rows: list[str]) -> list[str]:
    added = "".join(f", {value!r}" for value in ADDED.get(table, ()))
    return [f"{row.removesuffix(')')}{added})" for row in rows]


@pytest.fixture
async def before(engine: sa.Engine, empty_database: str) -> dict[str, list[Any]]:
    """Return all rows of a database at 0008, by table."""
    migrate.upgrade(engine)
    with closing(SqlUnitOfWorkFactory(engine_at(empty_database))) as units:
        await _fill(units)
    migrate.downgrade(engine, "0008")
    is_sqlite = engine.dialect.name == "sqlite"

    def at(instant: datetime) -> datetime:
        return instant.replace(tzinfo=None) if is_sqlite else instant

    values = {"paused": at(PAUSED_UNTIL), "now": at(NOW), "later": at(NOW + HOUR)}
    with engine.begin() as connection:
        for statement in STATEMENTS_OF_0008:
            bound = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(sa.text(statement).bindparams(**bound))
    return _rows(engine)


@pytest.fixture
def upgraded(
    engine: sa.Engine, before: dict[str, list[Any]], empty_database: str
) -> Iterator[SqlUnitOfWorkFactory]:
    assert before
    migrate.upgrade(engine)
    with closing(SqlUnitOfWorkFactory(engine_at(empty_database))) as units:
        yield units


def test_every_table_has_rows_and_most_stay_unchanged(
    engine: sa.Engine, before: dict[str, list[Any]]
) -> None:
    assert {*before} == {*metadata.tables, "alembic_version"} - NEW
    assert all(before.values())
    migrate.upgrade(engine)
    after = _rows(engine)
    for table in {*before} - CHANGED - {"record_outcomes"}:
        assert after[table] == _with_added_values(table, before[table])
    assert after["record_outcomes"] == before["record_outcomes"], (
        "none of these runs only confirmed another run"
    )


async def test_a_confirming_run_becomes_a_check_and_its_id_leads_to_the_confirmed_run(
    upgraded: SqlUnitOfWorkFactory,
) -> None:
    async with upgraded.read() as unit:
        assert [run.id for run in await unit.runs.list_by_mapping(MAPPING)] == ["run4", "run1"]
        for number in (2, 3):
            assert await unit.runs.get(RunId(f"run{number}")) is None
            assert await unit.runs.run_in_place_of(RunId(f"run{number}")) == "run1"
        assert await unit.runs.run_in_place_of(RunId("run1")) is None
        assert await unit.outcomes.list_by_run(RunId("run1")) == [an_outcome("1")]
        checked = await unit.schedules.get(MAPPING)
        assert checked == Schedule(MAPPING, NOW, failures=1, last_checked_at=NOW + 4 * HOUR)
        assert await unit.schedules.get(MANY) == Schedule(MANY, NOW, failures=1), "never confirmed"
    assert (await FindRun(upgraded)(RunId("run3"))).id == "run1"


async def test_a_run_that_confirmed_a_deleted_run_stays_unchanged(upgraded: SqlUnitOfWorkFactory) -> None:
    async with upgraded.read() as unit:
        assert await unit.runs.get(RunId("run4")) == _completed(4, 4)
        assert await unit.outcomes.list_by_run(RunId("run4")) == [an_outcome("4")]


async def test_idempotency_keys_and_notifications_refer_to_the_confirmed_run(
    upgraded: SqlUnitOfWorkFactory,
) -> None:
    async with upgraded.read() as unit:
        assert await unit.runs.find_by_idempotency_key(MAPPING, "key of a replaced run") == "run1"
        assert await unit.runs.find_by_idempotency_key(MAPPING, "earlier") == "run1"
        notices = await unit.notifications.list_by_organization(ORGANIZATION)
    assert notices == [a_notification(2), a_notification()]


async def test_a_run_between_two_slices_is_recovered_when_it_is_due(
    upgraded: SqlUnitOfWorkFactory,
) -> None:
    async with upgraded.read() as unit:
        work = await unit.runs.open_work()
    assert [(coroutine.run_id, coroutine.state) for coroutine in work] == [
        ("run5", RunState.RUNNING),
        ("run6", RunState.QUEUED),
    ]
    assert [*waiting(work, [], PAUSED_UNTIL - HOUR)] == []
    (only,) = waiting(work, [], PAUSED_UNTIL)
    assert (only.run_id, only.is_abandoned) == ("run5", True)
    clock, log = ManualClock(PAUSED_UNTIL), RecordedEvents()
    recover = RecoverAbandonedRun(upgraded, SequentialIds(), clock, log, RunEnds(SequentialIds(), clock, log))
    assert await recover(RunId("run5")) == "run6"
    async with upgraded.read() as unit:
        ended = await unit.runs.get(RunId("run5"))
        assert ended is not None
        assert (ended.stop, ended.counts.read) == (LEASE_EXPIRED, 1)
        assert await unit.outcomes.list_by_run(RunId("run5")) == [an_outcome("5")]


async def test_a_marker_of_few_sessions_stays_valid_no_longer_than_before(
    upgraded: SqlUnitOfWorkFactory,
) -> None:
    async with upgraded.read() as unit:
        assert await unit.unchanged_markers.get(MAPPING) == UnchangedMarker(
            MAPPING, RunId("run1"), NOW, NOW + HOUR, "b2f1"
        )
        assert await unit.unchanged_markers.get(MANY) is None


async def test_deleting_a_run_deletes_the_ids_that_lead_to_it(
    upgraded: SqlUnitOfWorkFactory, engine: sa.Engine
) -> None:
    async with committing(upgraded) as unit:
        await unit.unchanged_markers.remove(MAPPING)
    assert await ApplyRetention(upgraded, ManualClock(NOW + 9 * HOUR), timedelta())()
    async with upgraded.read() as unit:
        assert await unit.runs.run_in_place_of(RunId("run2")) is None
        assert [run.id for run in await unit.runs.list_by_mapping(MAPPING)] == ["run4"]
    assert _rows(engine)["replaced_runs"] == []


async def test_deleting_an_organization_deletes_the_ids_that_lead_to_its_runs(
    upgraded: SqlUnitOfWorkFactory, engine: sa.Engine
) -> None:
    async with committing(upgraded) as unit:
        await unit.organizations.remove(ORGANIZATION, NOW)
    assert _rows(engine)["replaced_runs"] == []


async def test_a_downgraded_database_can_be_used_and_upgraded_again(
    upgraded: SqlUnitOfWorkFactory, engine: sa.Engine, before: dict[str, list[Any]], empty_database: str
) -> None:
    async with committing(upgraded) as unit:
        assert await unit.schedules.begin_check(MAPPING, "a", NOW, NOW + LEASE)
    migrate.downgrade(engine, "0008")
    after = _rows(engine)
    assert {*after} == {*before}
    assert after["checkpoints"] == [], "the earlier version cannot interpret them"
    for table in {*before} - CHANGED:
        assert after[table] == before[table]
    with engine.connect() as connection:
        query = "SELECT id FROM sync_runs WHERE confirms IS NULL AND paused_until IS NULL ORDER BY position"
        assert [*connection.scalars(sa.text(query))] == [f"run{number}" for number in (1, 4, 5, 6, 7, 8)]
    migrate.upgrade(engine)
    with closing(SqlUnitOfWorkFactory(engine_at(empty_database))) as units:
        async with units.read() as unit:
            assert await unit.runs.find_by_idempotency_key(MAPPING, "key of a replaced run") == "run1"
            assert (await unit.schedules.get(MAPPING)) == Schedule(MAPPING, NOW, failures=1)
            assert [work.run_id for work in await unit.runs.open_work()] == ["run5", "run6"], "no check"


def test_a_downgrade_restores_the_columns_and_indexes(engine: sa.Engine) -> None:
    def schema() -> dict[str, Any]:
        inspector = sa.inspect(engine)
        return {
            table: (
                {
                    (column["name"], str(column["type"]), column["nullable"])
                    for column in inspector.get_columns(table)
                },
                {(index["name"], *index["column_names"]) for index in inspector.get_indexes(table)},
            )
            for table in inspector.get_table_names()
        }

    migrate.upgrade(engine, "0008")
    at_0008 = schema()
    migrate.upgrade(engine)
    assert schema() != at_0008
    migrate.downgrade(engine, "0008")
    assert schema() == at_0008
