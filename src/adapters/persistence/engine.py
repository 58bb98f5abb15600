"""The engine for a database URL: SQLite or PostgreSQL, with its transactions set up as units of work need them."""

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
MOST_UNITS = 9
"""How many units of work can be under way at once, each with a connection of its own."""

_WRITER_LOCK = 4_830_117_290
"""An arbitrary number, the same in every process that writes to the database."""
_SECONDS_TO_CONNECT = 10
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def engine_at(url: str, patience: float = 30, silence: float = 5) -> sa.Engine:
    """Set up the engine; nothing is connected yet, but an SQLite file is made, with its folder.

    Args:
        url: where the database is.
        patience: seconds that a writer waits for other processes' writers.
        silence: seconds after which a PostgreSQL server ends a writer that asks nothing more: a process that is
            stopped, or a machine that is gone, would hold up all others.

    Raises:
        DatabaseUnavailable: the URL is none, or of a database that is not supported.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # Neither the URL nor the cause is shown: a mistyped URL can have its password anywhere.
        raise DatabaseUnavailable(f"The database URL is none. {_HOW_TO_WRITE_IT}") from None
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    match parsed.drivername:
        case "sqlite+pysqlite":
            return _sqlite(parsed, patience)
        case "postgresql+psycopg":
            return _postgresql(parsed, patience, silence)
        case other:
            raise DatabaseUnavailable(f"The database {other} is not supported. {_HOW_TO_WRITE_IT}")


_HOW_TO_WRITE_IT = (
    "Set it like sqlite:////var/lib/gleanin-sync/data.db or postgresql://user:password@host/database."
)


def _sqlite(url: sa.URL, patience: float) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise DatabaseUnavailable(f"The SQLite URL names no file. {_HOW_TO_WRITE_IT}")
    _make_for_its_owner_only(Path(url.database))
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        pool_size=MOST_UNITS,
        # A connection is used by one thread at a time, but not always by the same. Of 128 prepared statements, the
        # default, those that name hundreds of rows would take 8 MB.
        connect_args={"timeout": patience, "check_same_thread": False, "cached_statements": 16},
        hide_parameters=True,
    )
    event.listen(engine, "connect", partial(_set_up_sqlite, patience=patience))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_for_its_owner_only(path: Path) -> None:
    """Make the file, for it will hold people's names and addresses; SQLite would let everybody read it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnavailable(f"The database {path} cannot be made: {error.strerror}.") from error


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry, patience: float) -> None:
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None  # BEGIN is ours to say, as SQLAlchemy's SQLite page explains
    # The one statement for which SQLite does not wait by itself; it changes something at first use only.
    for attempt in stamina.retry_context(
        on=_is_locked, attempts=None, timeout=patience, wait_initial=0.01, wait_max=0.1, wait_jitter=0.01
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


def _postgresql(url: sa.URL, patience: float, silence: float) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=MOST_UNITS,
        pool_pre_ping=True,
        # Nothing is prepared: behind PgBouncer in transaction mode, the next transaction has another connection, and
        # the statement is not there.
        connect_args={"connect_timeout": _SECONDS_TO_CONNECT, "prepare_threshold": None},
        hide_parameters=True,
    )
    take_turn = (
        f"SELECT set_config('lock_timeout', '{patience * 1000:.0f}', true), "
        f"set_config('idle_in_transaction_session_timeout', '{silence * 1000:.0f}', true), "
        f"pg_advisory_xact_lock({_WRITER_LOCK})"
    )

    def begin(connection: sa.Connection) -> None:
        """Let writers queue up, as they do in SQLite, and show readers one state.

        One writer at a time is the simplest way to keep what a unit has read as it was until it commits: nothing
        to try again, no rows to remember to lock. Units take some milliseconds, so that hundreds a second still
        pass. A writer is READ COMMITTED and asks for the lock first: it sees all that earlier writers committed.
        """
        match connection.get_execution_options().get("unit"):
            case "writing":
                connection.exec_driver_sql(take_turn)
            case "reading":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            case _:
                pass

    event.listen(engine, "begin", begin)
    event.listen(engine, "handle_error", _leave_out_the_row)
    return engine


def _leave_out_the_row(context: sa.ExceptionContext) -> None:
    """Cut an error's text after its first line: the server's DETAIL repeats the row, with names and addresses."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])
