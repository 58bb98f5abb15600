"""The engine for a database URL: SQLite or PostgreSQL, with transactions as units of work need them."""

import sqlite3
from functools import partial
from pathlib import Path

import sqlalchemy as sa
import stamina
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from ports.store.errors import DatabaseUnavailable

READING = {"unit": "reading"}
WRITING = {"unit": "writing"}
MAX_UNITS = 9
"""How many units of work can run concurrently, each with its own connection."""

_WRITER_LOCK = 4_830_117_290
"""An arbitrary number, identical in every process that writes to the database."""
_CONNECT_TIMEOUT = 10
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def engine_at(url: str, lock_timeout: float = 30, idle_timeout: float = 5) -> sa.Engine:
    """Create the engine. It does not connect yet, but creates an SQLite file with its folder.

    Args:
        url: the URL of the database.
        lock_timeout: seconds that a writer waits for writers of other processes.
        idle_timeout: seconds after which a PostgreSQL server ends an idle writer: a suspended process or a lost
            machine would block all others.

    Raises:
        DatabaseUnavailable: the URL is not valid, or its database is not supported.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # Show neither the URL nor the cause: a mistyped URL can have its password anywhere.
        raise DatabaseUnavailable(f"The database URL is not valid. {_URL_HINT}") from None
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    match parsed.drivername:
        case "sqlite+pysqlite":
            return _sqlite(parsed, lock_timeout)
        case "postgresql+psycopg":
            return _postgresql(parsed, lock_timeout, idle_timeout)
        case driver:
            raise DatabaseUnavailable(f"The database {driver} is not supported. {_URL_HINT}")


_URL_HINT = "Set it like sqlite:////var/lib/gleanin-sync/data.db or postgresql://user:password@host/database."


def _sqlite(url: sa.URL, lock_timeout: float) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise DatabaseUnavailable(f"The SQLite URL does not name a file. {_URL_HINT}")
    _create_private_file(Path(url.database))
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        pool_size=MAX_UNITS,
        # One thread uses a connection at a time, but not always the same one. The default of 128 prepared statements
        # would take 8 MB, because some have hundreds of parameters.
        connect_args={"timeout": lock_timeout, "check_same_thread": False, "cached_statements": 16},
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_set_up_sqlite, lock_timeout=lock_timeout))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_private_file(path: Path) -> None:
    """Create the file for its owner only: it has people's names and addresses, and SQLite would let anyone read it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnavailable(f"The database {path} cannot be created: {error.strerror}.") from error


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry, lock_timeout: float) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # we send BEGIN ourselves, as SQLAlchemy's SQLite page explains
    # SQLite does not wait for a lock in this statement. It changes something only on first use.
    for attempt in stamina.retry_context(
        on=_is_locked, attempts=None, timeout=lock_timeout, wait_initial=0.01, wait_max=0.1, wait_jitter=0.01
    ):
        with attempt:
            connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _is_locked(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("unit") == "writing"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _postgresql(url: sa.URL, lock_timeout: float, idle_timeout: float) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=MAX_UNITS,
        pool_pre_ping=True,
        # Prepare no statements: behind PgBouncer in transaction mode, the next transaction may have another
        # connection, without them.
        connect_args={"connect_timeout": _CONNECT_TIMEOUT, "prepare_threshold": None},
        hide_parameters=True,
    )
    begin_writing = (
        f"SELECT set_config('lock_timeout', '{lock_timeout * 1000:.0f}', true), "
        f"set_config('idle_in_transaction_session_timeout', '{idle_timeout * 1000:.0f}', true), "
        f"pg_advisory_xact_lock({_WRITER_LOCK})"
    )

    def begin(connection: sa.Connection) -> None:
        """Serialize writers, as SQLite does, and give each reader one snapshot.

        With one writer at a time, what a unit has read stays true until it commits: no retries, no row locks to
        forget. A unit takes a few milliseconds, so hundreds a second still pass. A writer is READ COMMITTED and
        takes the lock first, so it sees everything that earlier writers committed.
        """
        match connection.get_execution_options().get("unit"):
            case "writing":
                connection.exec_driver_sql(begin_writing)
            case "reading":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            case _:
                pass

    event.listen(engine, "begin", begin)
    event.listen(engine, "handle_error", _hide_row)
    return engine


def _hide_row(context: sa.ExceptionContext) -> None:
    """Cut an error's text after its first line: the server's DETAIL repeats the row, with names and addresses."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])
