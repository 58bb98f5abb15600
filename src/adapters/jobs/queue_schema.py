"""Procrastinate's tables, beside the product's own and in the same schema.

There a job can be deferred in the transaction that books its run, and a pooler that gives every transaction another
connection (PgBouncer) changes nothing: no connection needs settings of its own.
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
"""One takes all runs and checks, one only runs that were asked for by hand, and one what is done beside them."""
_LOCK = 4_830_117_291
"""An arbitrary number, the same in every process that makes the tables."""
_SECONDS_TO_CONNECT = 10
_SECONDS_TO_HEAR = 1.0
_OURS = "gleanin-sync, procrastinate "
# Into one line: a procrastinate with other tables has another mark.
_MARK = _OURS + hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()
# Out of the table itself: what a name means is remembered for as long as a transaction lasts.
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


def connecting(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to connect with; no statement is prepared, for a pooler would look for it on another connection."""
    return {"connect_timeout": _SECONDS_TO_CONNECT, **parameters, "prepare_threshold": None}


def make_tables(parameters: Mapping[str, Any]) -> None:
    """Make the tables where there are none. Processes that do this at once do it one after the other.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or has the tables of another version.
    """
    with _transaction(parameters) as connection:
        if _is_current(connection):
            return
        _take_turn(connection)
        if not _is_current(connection):
            _make(connection)


def renew_tables(parameters: Mapping[str, Any]) -> None:
    """Make the tables of this version, whatever is there: what the queue holds can be lost.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or its procrastinate is somebody else's.
    """
    with _transaction(parameters) as connection:
        _take_turn(connection)
        mark = _mark(connection)
        if mark == _MARK:
            return
        if mark is not None:
            connection.execute(_DROP_ALL)
        _make(connection)


async def notifications_arrive(parameters: Mapping[str, Any]) -> bool:
    """Check whether who listens is told: behind a pooler that gives every transaction another connection nobody is.

    Raises:
        DatabaseUnavailable: the database cannot be reached.
    """
    channel = sql.Identifier(f"gleanin_sync_{secrets.token_hex(8)}")
    own = connecting(parameters)
    try:
        async with (
            await psycopg.AsyncConnection.connect(**own, autocommit=True) as listening,
            await psycopg.AsyncConnection.connect(**own, autocommit=True) as telling,
        ):
            await listening.execute(sql.SQL("LISTEN {}").format(channel))
            await telling.execute(sql.SQL("NOTIFY {}").format(channel))
            return [each async for each in listening.notifies(timeout=_SECONDS_TO_HEAR, stop_after=1)] != []
    except psycopg.Error as error:
        raise _unusable(error) from error


def workers_alive(parameters: Mapping[str, Any], silence: float) -> int:
    """Count the processes that gave a sign of life within so many seconds.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or has the tables of another version.
    """
    with _transaction(parameters) as connection:
        if not _is_current(connection):
            return 0
        row = connection.execute(_ALIVE, [silence]).fetchone()
    assert row is not None
    return math.ceil(int(row[0]) / WORKERS_OF_A_PROCESS)


@contextmanager
def _transaction(parameters: Mapping[str, Any]) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(**connecting(parameters)) as connection:
            yield connection
    except psycopg.Error as error:
        raise _unusable(error) from error


def _unusable(error: psycopg.Error) -> DatabaseUnavailable:
    said = str(error).strip().partition("\n")[0]
    return DatabaseUnavailable(f"The queue of syncs in the database cannot be used: {said}.")


def _take_turn(connection: psycopg.Connection) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _mark(connection: psycopg.Connection) -> str | None:
    """Return which version's tables there are; None where there are none.

    Raises:
        DatabaseUnavailable: they are somebody else's.
    """
    row = connection.execute(_FIND).fetchone()
    if row is None:
        return None
    mark: str = row[0] or ""
    if not mark.startswith(_OURS):
        raise DatabaseUnavailable(
            "The database has tables of another program that uses procrastinate. Give gleanin-sync a database of its own."
        )
    return mark


def _is_current(connection: psycopg.Connection) -> bool:
    mark = _mark(connection)
    if mark not in (None, _MARK):
        raise DatabaseUnavailable(
            "The queue of syncs in the database is of another version. Run `gleanin-sync database upgrade`."
        )
    return mark == _MARK


def _make(connection: psycopg.Connection) -> None:
    connection.execute(SchemaManager.get_schema())
    connection.execute(sql.SQL("COMMENT ON TABLE procrastinate_jobs IS {}").format(sql.Literal(_MARK)))
