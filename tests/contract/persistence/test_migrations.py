"""The migrations: up and down on both databases, and never apart from the tables."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.tables import metadata
from ports.persistence import StoreUnusable

_VERSIONS = Path(migrate.__file__).parent / "migrations"
_REVISIONS = [script.revision for script in ScriptDirectory(str(_VERSIONS)).walk_revisions("base", "heads")][
    ::-1
]


@pytest.fixture
def engine(empty_database: str) -> Iterator[sa.Engine]:
    engine = engine_at(empty_database)
    yield engine
    engine.dispose()


def _tables(engine: sa.Engine) -> set[str]:
    return {*sa.inspect(engine).get_table_names()} - {"alembic_version"}


def _indexes(engine: sa.Engine) -> set[str]:
    """Give the indexes as the database itself writes them, conditions and all."""
    question = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return {" ".join(sql.split()) for (sql,) in connection.exec_driver_sql(question)}


def test_every_migration_goes_up_and_down_and_up_again(engine: sa.Engine) -> None:
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


def test_the_program_wants_the_newest_migration() -> None:
    assert _REVISIONS[-1] == migrate.HEAD


def test_the_migrations_make_just_the_tables_that_are_used(engine: sa.Engine) -> None:
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


def test_a_database_tells_whether_it_is_up_to_date(engine: sa.Engine) -> None:
    assert migrate.current_revision(engine) is None
    assert not migrate.is_current(engine)
    migrate.upgrade(engine)
    assert migrate.is_current(engine)
    assert migrate.current_revision(engine) == migrate.HEAD == _REVISIONS[-1]


def test_a_database_of_a_newer_program_is_left_as_it_is_and_says_so(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    said = "revision 9999, of a newer gleanin-sync than this one. Update this program."
    for use in (migrate.current_revision, migrate.is_current, migrate.upgrade):
        with pytest.raises(StoreUnusable, match=said):
            use(engine)
    with pytest.raises(StoreUnusable, match=said):
        migrate.downgrade(engine, "base")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"
    assert _tables(engine) == {*metadata.tables}


def test_several_that_upgrade_at_once_do_it_one_after_the_other(empty_database: str) -> None:
    def upgrade(_: int) -> bool:
        engine = engine_at(empty_database)
        try:
            migrate.upgrade(engine)
            return migrate.is_current(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(upgrade, range(4))] == [True] * 4


def test_a_migration_that_fails_leaves_no_half_of_it(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sync_runs (id INTEGER)")
    with pytest.raises((StoreUnusable, sa.exc.DBAPIError)):
        migrate.upgrade(engine)
    assert _tables(engine) == {"sync_runs"}


def test_an_sqlite_file_is_made_with_its_folder_for_nobody_else(tmp_path: Path) -> None:
    engine = engine_at(f"sqlite:///{tmp_path}/a/b/data.db")
    migrate.upgrade(engine)
    engine.dispose()
    assert (tmp_path / "a/b").stat().st_mode & 0o077 == 0
    assert (tmp_path / "a/b/data.db").stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(tmp_path / "a/b/data.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
