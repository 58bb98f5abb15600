"""Procrastinate's tables, in the same schema as the product's own.

A job can therefore be deferred in the transaction that stores its run, and a pooler that gives every transaction
another connection (PgBouncer) works: no connection needs special settings.
"""

import hashlib
import math
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from ports.store.errors import DatabaseUnavailable

WORKERS_OF_A_PROCESS = 3
"""One for all runs and checks, one for manual runs only, and one for maintenance."""
_LOCK = 4_830_117_291
"""An arbitrary number, the same in every process that creates the tables."""
_CONNECT_TIMEOUT = 10
_LISTEN_TIMEOUT = 1.0
_MARK_PREFIX = "gleanin-sync, procrastinate "
# A procrastinate version with other tables has another mark.
_MARK = _MARK_PREFIX + hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()
# Query the catalog instead of the table: PostgreSQL caches name lookups for the duration of a transaction.
_FIND = """
SELECT obj_description(oid, 'pg_class') FROM pg_class
WHERE relname = 'procrastinate_jobs' AND relnamespace = current_schema()::regnamespace
"""
_ALIVE = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)"
_DROP_ALL = r"""
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN
        SELECT 'DROP TABLE IF EXISTS ' || oid::regclass || ' CASCADE' FROM pg_class
        WHERE relname LIKE 'procrastinate\_%' AND relkind = 'r' AND relnamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 'DROP FUNCTION IF EXISTS ' || oid::regprocedure || ' CASCADE' FROM pg_proc
        WHERE proname LIKE 'procrastinate\_%' AND pronamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 'DROP TYPE IF EXISTS ' || pg_type.oid::regtype || ' CASCADE' FROM pg_type
        LEFT JOIN pg_class ON pg_class.oid = typrelid
        WHERE typname LIKE 'procrastinate\_%' AND typnamespace = current_schema()::regnamespace
        AND (typtype = 'e' OR relkind = 'c')
    LOOP
        EXECUTE statement;
    END LOOP;
END $$
"""


def connection_options(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a connection, without prepared statements: a pooler may switch connections."""
    return {"connect_timeout": _CONNECT_TIMEOUT, **parameters, "prepare_threshold": None}


def create_tables(parameters: Mapping[str, Any]) -> None:
    """Create the tables if there are none; concurrent calls wait for each other.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or has the tables of another version.
    """
    with _transaction(parameters) as connection:
        if _is_current(connection):
            return
        _acquire_lock(connection)
        if not _is_current(connection):
            _create(connection)


def upgrade_tables(parameters: Mapping[str, Any]) -> None:
    """Create the tables of this version, and drop those of another one: the queue's content can be lost.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or has the tables of another program.
    """
    with _transaction(parameters) as connection:
        _acquire_lock(connection)
        mark = _mark(connection)
        if mark == _MARK:
            return
        if mark is not None:
            connection.execute(_DROP_ALL)
        _create(connection)


async def notifications_arrive(parameters: Mapping[str, Any]) -> bool:
    """Check whether LISTEN works, which it does not behind a pooler that gives every transaction another connection.

    Raises:
        DatabaseUnavailable: the database cannot be reached.
    """
    channel = sql.Identifier(f"gleanin_sync_{secrets.token_hex(8)}")
    options = connection_options(parameters)
    try:
        async with (
            await psycopg.AsyncConnection.connect(**options, autocommit=True) as listener,
            await psycopg.AsyncConnection.connect(**options, autocommit=True) as sender,
        ):
            await listener.execute(sql.SQL("LISTEN {}").format(channel))
            await sender.execute(sql.SQL("NOTIFY {}").format(channel))
            notifications = listener.notifies(timeout=_LISTEN_TIMEOUT, stop_after=1)
            return [notification async for notification in notifications] != []
    except psycopg.Error as error:
        raise _unavailable(error) from error


def live_workers(parameters: Mapping[str, Any], heartbeat_timeout: float) -> int:
    """Count the processes with a heartbeat within the last `heartbeat_timeout` seconds.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or has the tables of another version.
    """
    with _transaction(parameters) as connection:
        if not _is_current(connection):
            return 0
        row = connection.execute(_ALIVE, [heartbeat_timeout]).fetchone()
    assert row is not None
    return math.ceil(int(row[0]) / WORKERS_OF_A_PROCESS)


@contextmanager
def _transaction(parameters: Mapping[str, Any]) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(**connection_options(parameters)) as connection:
            yield connection
    except psycopg.Error as error:
        raise _unavailable(error) from error


def _unavailable(error: psycopg.Error) -> DatabaseUnavailable:
    first_line = str(error).strip().partition("\n")[0]
    return DatabaseUnavailable(f"The queue of syncs in the database cannot be used: {first_line}.")


def _acquire_lock(connection: psycopg.Connection) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _mark(connection: psycopg.Connection) -> str | None:
    """Return the mark of the existing tables; None if there are none.

    Raises:
        DatabaseUnavailable: they belong to another program.
    """
    row = connection.execute(_FIND).fetchone()
    if row is None:
        return None
    mark: str = row[0] or ""
    if not mark.startswith(_MARK_PREFIX):
        raise DatabaseUnavailable(
            "The database has tables of another program that uses procrastinate. Use a separate database for gleanin-sync."
        )
    return mark


def _is_current(connection: psycopg.Connection) -> bool:
    mark = _mark(connection)
    if mark not in (None, _MARK):
        raise DatabaseUnavailable(
            "The queue of syncs in the database has another version. Run `gleanin-sync database upgrade`."
        )
    return mark == _MARK


def _create(connection: psycopg.Connection) -> None:
    connection.execute(SchemaManager.get_schema())
    connection.execute(sql.SQL("COMMENT ON TABLE procrastinate_jobs IS {}").format(sql.Literal(_MARK)))
