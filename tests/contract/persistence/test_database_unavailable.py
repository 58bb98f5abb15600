"""An unavailable database: the message says what to do and never shows the password."""

import asyncio
import socket
import traceback
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrate
from adapters.persistence.engine import WRITING, engine_at
from adapters.persistence.tables import metadata
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from ports.store.errors import DatabaseUnavailable
from tests.contract.persistence.conftest import Server
from tests.support.store_samples import an_organization, store
from tests.support.timeouts import WITHIN


async def _error_message(units: SqlUnitOfWorkFactory) -> str:
    try:
        with pytest.raises(DatabaseUnavailable) as caught:
            await store(units, an_organization())
        return str(caught.value)
    finally:
        units.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "is not valid"),
        ("no url: secret", "is not valid"),
        ("postgresql://me:secret@host:port/data", "is not valid"),
        ("mysql://me:secret@host/data", "mysql is not supported"),
        ("sqlite://", "does not name a file"),
        ("sqlite:///:memory:", "does not name a file"),
        ("sqlite:////dev/null/data.db", "cannot be created"),
    ],
)
def test_an_invalid_url_is_rejected_without_showing_its_password(url: str, message: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=message) as caught:
        engine_at(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_forms_of_postgresql_urls_are_accepted(scheme: str) -> None:
    assert engine_at(f"{scheme}://me:secret@host/data").url.drivername == "postgresql+psycopg"


async def test_a_missing_migration_is_reported(empty_database: str) -> None:
    message = await _error_message(SqlUnitOfWorkFactory(engine_at(empty_database)))
    assert "run gleanin-sync database upgrade" in message


async def test_a_database_of_an_older_program_is_reported(database: str) -> None:
    engine = engine_at(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE organizations RENAME COLUMN sealed_token TO renamed")
    try:
        assert "run gleanin-sync database upgrade" in await _error_message(SqlUnitOfWorkFactory(engine))
    finally:
        engine = engine_at(database)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE organizations RENAME COLUMN renamed TO sealed_token")
        engine.dispose()


async def test_an_unreachable_server_is_named_without_its_password() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        message = await _error_message(
            SqlUnitOfWorkFactory(engine_at(f"postgresql://me:secret@127.0.0.1:{port}/conferences"))
        )
    assert f"conferences at 127.0.0.1:{port} cannot be used" in message
    assert "secret" not in message


async def test_a_file_that_is_not_a_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "programme.db"
    path.write_text("This is no database, and too long to be taken for an empty one. " * 20)
    assert f"{path} cannot be used: file is not a database" in await _error_message(
        SqlUnitOfWorkFactory(engine_at(f"sqlite:///{path}"))
    )


async def test_a_folder_instead_of_the_file_is_named(tmp_path: Path) -> None:
    message = await _error_message(SqlUnitOfWorkFactory(engine_at(f"sqlite:///{tmp_path}")))
    assert f"{tmp_path} cannot be used: unable to open database file" in message


async def test_a_database_locked_by_another_process_is_reported(database: str) -> None:
    other = engine_at(database)
    with other.connect().execution_options(**WRITING) as connection, connection.begin():
        message = await _error_message(SqlUnitOfWorkFactory(engine_at(database, lock_timeout=0.05)))
    other.dispose()
    assert "is locked by another process" in message


async def test_readers_do_not_wait_for_writers_of_other_processes(database: str) -> None:
    other, units = engine_at(database), SqlUnitOfWorkFactory(engine_at(database, lock_timeout=0.05))
    with other.connect().execution_options(**WRITING) as connection, connection.begin():
        async with units.read() as unit:
            assert await unit.organizations.all() == []
    other.dispose()
    units.close()


_ROW: dict[str, str | None] = {
    "id": "o1",
    "name": "Grace",
    "url": "grace@example.org",
    "token": "sealed-s3cret",
}
_COMPARED = ":id = :id AND :name = :name AND :url = :url AND :token = :token"
_INSERT = (
    "INSERT INTO organizations (id, name, name_folded, source_url, sealed_token) "
    "VALUES (:id, :name, :name, :url, :token)"
)


def test_the_text_of_an_error_shows_nothing_of_the_row(database: str) -> None:
    engine = engine_at(database)

    def error_text(kind: type[Exception], *first: str, last: str, row: dict[str, str | None]) -> str:
        with engine.connect() as connection:
            for statement in first:
                connection.execute(sa.text(statement), row)
            with pytest.raises(kind) as caught:
                connection.execute(sa.text(last), row)
        return "".join(traceback.format_exception(caught.value))  # with the driver's message

    # How to get an OperationalError with parameters: a missing table, or a timeout.
    *first, last = {
        "sqlite": [_INSERT.replace("organizations", "nowhere")],
        "postgresql": ["SET LOCAL statement_timeout = 1", f"SELECT pg_sleep(9) WHERE {_COMPARED}"],
    }[engine.dialect.name]
    texts = [
        error_text(sa.exc.IntegrityError, _INSERT, last=_INSERT, row=_ROW),
        error_text(sa.exc.IntegrityError, last=_INSERT, row=_ROW | {"token": None}),
        error_text(sa.exc.OperationalError, *first, last=last, row=_ROW),
    ]
    engine.dispose()
    for text in texts:
        assert "SQL parameters hidden" in text
        assert not any(value in text for value in ("Grace", "grace", "s3cret"))


def test_upgrading_an_unreachable_database_is_reported(tmp_path: Path) -> None:
    engine = engine_at(f"sqlite:///{tmp_path}")
    for use in (migrate.upgrade, migrate.is_current):
        with pytest.raises(DatabaseUnavailable):
            use(engine)
    engine.dispose()


def test_rule_02_no_table_has_a_column_for_a_plain_token() -> None:
    columns = {column.name for table in metadata.tables.values() for column in table.columns}
    assert {name for name in columns if "token" in name} == {"sealed_token", "token_hint"}


async def test_an_idle_writer_blocks_others_only_briefly(
    postgresql_server: Server,
) -> None:
    url = postgresql_server.new_database()
    engine = engine_at(url)
    migrate.upgrade(engine)
    engine.dispose()
    idle, others = (
        SqlUnitOfWorkFactory(engine_at(url, idle_timeout=0.3)),
        SqlUnitOfWorkFactory(engine_at(url)),
    )
    async with idle.write() as unit:
        await unit.organizations.add(an_organization())
        async with asyncio.timeout(WITHIN), others.write() as other:
            await other.organizations.add(an_organization())
            await other.commit()
        with pytest.raises(DatabaseUnavailable):  # the server has ended its transaction
            await unit.commit()
    async with idle.read() as unit:
        assert len(await unit.organizations.all()) == 1
    for units in (idle, others):
        units.close()
