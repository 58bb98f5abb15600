"""The migrations: up and down on both databases, and in agreement with the tables."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.statements import to_json
from adapters.persistence.tables import metadata
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.records.kinds import SPEAKER
from core.domain.records.outcomes import Counts
from core.domain.runs.schedule import Schedule
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from ports.store.errors import DatabaseUnavailable
from ports.store.results import HistoryEntry
from tests.support.store_samples import (
    EVENT,
    MAPPING,
    NOW,
    ORGANIZATION,
    a_connection,
    a_mapping,
    a_record,
    a_run,
    an_organization,
    an_outcome,
    committing,
    store,
    store_mapped_event,
)
from tests.support.systems import SYSTEMS

_VERSIONS = Path(migrate.__file__).parent / "migrations"
_REVISIONS = [script.revision for script in ScriptDirectory(str(_VERSIONS)).walk_revisions("base", "heads")][
    ::-1
]


def _tables(engine: sa.Engine) -> set[str]:
    return {*sa.inspect(engine).get_table_names()} - {"alembic_version"}


def _indexes(engine: sa.Engine) -> set[str]:
    """Return the indexes as the database reports them, with their conditions."""
    query = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return {" ".join(sql.split()) for (sql,) in connection.exec_driver_sql(query)}


def test_every_migration_upgrades_downgrades_and_upgrades_again(engine: sa.Engine) -> None:
    states = [_tables(engine)]
    for revision in _REVISIONS:
        migrate.upgrade(engine, revision)
        assert migrate.current_revision(engine) == revision
        states.append(_tables(engine))
    for before, state in zip(["base", *_REVISIONS[:-1]][::-1], states[:-1][::-1], strict=True):
        migrate.downgrade(engine, before)
        assert _tables(engine) == state
    assert migrate.current_revision(engine) is None
    migrate.upgrade(engine)
    assert _tables(engine) == states[-1] == {*metadata.tables}


def test_head_is_the_newest_migration() -> None:
    assert _REVISIONS[-1] == migrate.HEAD


def test_the_migrations_create_exactly_the_tables_in_the_metadata(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrated = _indexes(engine)
    migrate.downgrade(engine, "base")
    with engine.begin() as connection:
        metadata.create_all(connection)
    in_models = _indexes(engine)
    assert {index for index in migrated if "alembic" not in index} == {
        index for index in in_models if "alembic" not in index
    }


def test_a_database_reports_whether_it_is_up_to_date(engine: sa.Engine) -> None:
    assert migrate.current_revision(engine) is None
    assert not migrate.is_current(engine)
    migrate.upgrade(engine)
    assert migrate.is_current(engine)
    assert migrate.current_revision(engine) == migrate.HEAD == _REVISIONS[-1]


def test_a_database_of_a_newer_program_is_rejected_and_left_unchanged(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    message = "revision 9999, of a newer gleanin-sync than this one. Update this program."
    for use in (migrate.current_revision, migrate.is_current, migrate.upgrade):
        with pytest.raises(DatabaseUnavailable, match=message):
            use(engine)
    with pytest.raises(DatabaseUnavailable, match=message):
        migrate.downgrade(engine, "base")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"
    assert _tables(engine) == {*metadata.tables}


async def test_an_upgrade_under_a_running_process_is_reported(engine: sa.Engine, empty_database: str) -> None:
    migrate.upgrade(engine)
    units = SqlUnitOfWorkFactory(engine_at(empty_database))
    await store_mapped_event(units)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sync_runs RENAME COLUMN message TO renamed")
        connection.exec_driver_sql("ALTER TABLE checkpoints RENAME TO markers")
    message = "another version than this program: run gleanin-sync database upgrade.*newer program"
    async with units.read() as unit:
        with pytest.raises(DatabaseUnavailable, match=message):
            await unit.runs.get(a_run().id)
    async with units.read() as unit:
        with pytest.raises(DatabaseUnavailable, match=message):
            await unit.unchanged_markers.get(MAPPING)
    units.close()


def test_concurrent_upgrades_run_one_after_the_other(empty_database: str) -> None:
    def upgrade(_: int) -> bool:
        engine = engine_at(empty_database)
        try:
            migrate.upgrade(engine)
            return migrate.is_current(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(upgrade, range(4))] == [True] * 4


def test_a_failed_migration_leaves_nothing_behind(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sync_runs (id INTEGER)")
    with pytest.raises((DatabaseUnavailable, sa.exc.DBAPIError)):
        migrate.upgrade(engine)
    assert _tables(engine) == {"sync_runs"}


_ROWS_OF_0001 = (
    """INSERT INTO organizations (id, name, name_folded, sessionboard_url, sealed_token)
    VALUES ('org1', 'Python France', 'python france', 'https://api.sessionboard.com', 'sealed')""",
    """INSERT INTO connections (id, organization_id, sealed_token, token_hint, opened_at)
    VALUES ('con1', 'org1', 'sealed', '1234', :now)""",
    """INSERT INTO event_mappings (id, organization_id, connection_id, sessionboard_url, sessionboard_id,
        sessionboard_name, gleanin_id, gleanin_name, created_at, tracks, chairpersons, moderators,
        exhibitor_name, written, connection_ended, holds_events)
    VALUES ('map1', 'org1', 'con1', 'https://api.sessionboard.com', 's1', 'PyConFR', 'g1', 'PyConFR 2027',
        :now, 'track', TRUE, TRUE, 'contact', FALSE, FALSE, TRUE)""",
    """INSERT INTO sync_runs (id, mapping_id, trigger, scope, requested_at, state, message, counts, progress)
    VALUES ('run1', 'map1', 'manual', 'all', :now, 'queued', '', '{}', '{}')""",
    """INSERT INTO record_outcomes (run_id, kind, source_id, label, email, mailbox, outcome, reason_code,
        reason_sentence, reason_detail, gleanin_id)
    VALUES ('run1', 'speaker', '1', 'Ada Lovelace', 'Ada@Example.org', 'ada@example.org', 'created', 'new',
        'New in Sessionboard.', 'And more to say.', '101')""",
    """INSERT INTO synced_records (organization_id, gleanin_event_id, kind, source_id, label, gleanin_id,
        connection_id, fingerprint, fields, email, links)
    VALUES ('org1', 'g1', 'speaker', '1', 'Ada Lovelace', '101', 'con1', :fingerprint, :fields,
        'ada@example.org', '[]')""",
)


async def test_data_of_the_first_revision_survives_the_upgrade(
    engine: sa.Engine, empty_database: str
) -> None:
    migrate.upgrade(engine, "0001")
    values = {
        "now": NOW.replace(tzinfo=None) if engine.dialect.name == "sqlite" else NOW,
        "fields": to_json(a_record().fields),
        "fingerprint": a_record().fingerprint,
    }
    with engine.begin() as connection:
        for statement in _ROWS_OF_0001:
            bound = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(sa.text(statement).bindparams(**bound))
    migrate.upgrade(engine)
    units = SqlUnitOfWorkFactory(engine_at(empty_database))
    async with units.read() as unit:
        assert await unit.organizations.all() == [an_organization()]
        assert await unit.connections.get_open(ORGANIZATION) == a_connection()
        assert await unit.mappings.list_by_organization(ORGANIZATION) == [a_mapping()]
        assert await unit.runs.list_by_mapping(MAPPING) == [a_run()]
        assert await unit.outcomes.history(MAPPING, "1") == [HistoryEntry(a_run().id, NOW, an_outcome(), 1)]
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER) == [a_record()]
    units.close()


_BEFORE_NORMAL_FORMS = (
    ("a", "\u00df@m\u00fcnchen.de", "ss@m\u00fcnchen.de"),
    ("b", "ss@mu\u0308nchen.de", "ss@mu\u0308nchen.de"),
    ("c", "\u1e9e@xn--mnchen-3ya.de", "ss@xn--mnchen-3ya.de"),
    ("d", "\u00e9milie@example.org", "\u00e9milie@example.org"),
    ("e", "E\u0301milie@example.org", "e\u0301milie@example.org"),
    ("f", "Grace@example.org", "grace@example.org"),
)
"""Accounts by id, oldest first, with their e-mails and the mailboxes of revision 0005."""


@pytest.mark.parametrize("through", ["0006", "head"])
async def test_of_accounts_with_the_same_mailbox_the_oldest_gets_it_in_the_upgrade(
    engine: sa.Engine, empty_database: str, through: str
) -> None:
    migrate.upgrade(engine, "0005")
    with engine.begin() as connection:
        for number, (id_, email, mailbox) in enumerate(_BEFORE_NORMAL_FORMS):
            at = (NOW + number * timedelta(days=1)).replace(
                tzinfo=None if engine.dialect.name == "sqlite" else NOW.tzinfo
            )
            connection.execute(
                sa.text("INSERT INTO accounts VALUES (:id, :email, :mailbox, 'a hash', :at)").bindparams(
                    id=id_, email=email, mailbox=mailbox, at=at
                )
            )
    migrate.upgrade(engine, through)
    migrate.upgrade(engine)
    units = SqlUnitOfWorkFactory(engine_at(empty_database))
    async with units.read() as unit:
        found = {
            query: account.id
            for query in (*(email for _, email, _ in _BEFORE_NORMAL_FORMS), "ss@m\u00fcnchen.de", "c", "e")
            if (account := await unit.accounts.find_by_email(query))
        }
        assert len(await unit.accounts.all()) == len(_BEFORE_NORMAL_FORMS)
    assert found == {
        "\u00df@m\u00fcnchen.de": "a",
        "ss@mu\u0308nchen.de": "b",
        "ss@m\u00fcnchen.de": "b",
        "\u1e9e@xn--mnchen-3ya.de": "a",
        "\u00e9milie@example.org": "d",
        "E\u0301milie@example.org": "d",
        "Grace@example.org": "f",
        "c": "c",
        "e": "e",
    }
    units.close()


@pytest.mark.parametrize("revision", ["0002", "0003"])
async def test_data_survives_a_downgrade_and_an_upgrade(
    engine: sa.Engine, empty_database: str, revision: str
) -> None:
    migrate.upgrade(engine)
    units = SqlUnitOfWorkFactory(engine_at(empty_database))
    continuous, ended = (
        replace(a_mapping(), continuous_sync=True),
        a_run().stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS),
    )
    await store(units, an_organization(), a_connection(), continuous, ended)
    async with committing(units) as unit:
        await unit.runs.save_idempotency_key(MAPPING, "key", ended.id)
        await unit.outcomes.add(ended.id, [an_outcome()])
    migrate.downgrade(engine, revision)
    for repository in ("mappings", "unchanged_markers"):
        async with units.read() as unit:
            with pytest.raises(DatabaseUnavailable, match="database upgrade"):
                await getattr(unit, repository).get(MAPPING)
    migrate.upgrade(engine)
    async with committing(units) as unit:
        assert await unit.mappings.get(MAPPING) == continuous
        assert await unit.runs.get(ended.id) == ended
        assert await unit.runs.find_by_idempotency_key(MAPPING, "key") == ended.id
        assert await unit.outcomes.list_by_run(ended.id) == [an_outcome()]
        assert [due.mapping_id for due in await unit.schedules.list_due(NOW, 2, 10)] == [MAPPING]
        await unit.schedules.save(Schedule(MAPPING, NOW))
    units.close()


async def test_tombstones_of_organizations_are_deleted_by_a_downgrade(
    engine: sa.Engine, empty_database: str
) -> None:
    migrate.upgrade(engine)
    units = SqlUnitOfWorkFactory(engine_at(empty_database))
    await store_mapped_event(units)
    await store(units, an_organization("Another", 2), a_connection(2, an_organization("Another", 2).id))
    async with committing(units) as unit:
        await unit.organizations.remove(ORGANIZATION, NOW)
    units.close()
    migrate.downgrade(engine, "0001")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT id, name FROM organizations").all() == [("org2", "Another")]
        assert connection.exec_driver_sql("SELECT id FROM connections").all() == [("con2",)]


def test_an_sqlite_file_and_its_folder_are_private(tmp_path: Path) -> None:
    engine = engine_at(f"sqlite:///{tmp_path}/a/b/data.db")
    migrate.upgrade(engine)
    engine.dispose()
    assert (tmp_path / "a/b").stat().st_mode & 0o077 == 0
    assert (tmp_path / "a/b/data.db").stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(tmp_path / "a/b/data.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_the_separate_schema_of_the_queue_is_dropped(engine: sa.Engine) -> None:
    """Revision 0010: polling enqueues again what the dropped queue had."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no queue")
    migrate.upgrade(engine, "0009")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA gleanin_sync_queue")
        connection.exec_driver_sql("CREATE TABLE gleanin_sync_queue.procrastinate_jobs (id bigint)")
    migrate.upgrade(engine)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT to_regnamespace('gleanin_sync_queue')").scalar()
    assert found is None


def _schema(engine: sa.Engine) -> dict[str, list[str]]:
    """Return everything that the database reports about its tables, sorted."""
    inspector = sa.inspect(engine)
    readers = (
        inspector.get_columns,
        inspector.get_foreign_keys,
        inspector.get_unique_constraints,
        inspector.get_check_constraints,
        inspector.get_indexes,
    )
    reported = {
        table: [inspector.get_pk_constraint(table), *(item for read in readers for item in read(table))]
        for table in inspector.get_table_names()
    }
    # A condition is an object; its text is compared with the indexes.
    return {
        table: sorted(re.sub(r" at 0x[0-9a-f]+", "", repr(item)) for item in items)
        for table, items in reported.items()
    }


def test_a_new_database_equals_a_migrated_one(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    new = _schema(engine), _indexes(engine), migrate.current_revision(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    for revision in _REVISIONS:
        migrate.upgrade(engine, revision)
    assert new == (_schema(engine), _indexes(engine), migrate.current_revision(engine))
