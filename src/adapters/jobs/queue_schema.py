"""The queue's own tables, in a schema of their own beside the product's: whatever they are called, nothing collides."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from ports.persistence import StoreUnusable

SCHEMA = "gleanin_sync_queue"
WORKERS_OF_A_PROCESS = 2
"""One takes all runs and checks, the other one only runs that were asked for by hand."""
_LOCK = 4_830_117_291
"""An arbitrary number, the same in every process that makes the tables."""
_SECONDS_TO_CONNECT = 10
_NAME = sql.Identifier(SCHEMA)
# Into one line: a procrastinate with other tables has another mark.
_MARK = f"procrastinate {hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()}"
# Out of the table itself: what a name means is remembered for as long as a transaction lasts.
_WHOSE = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"

_ALIVE = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)"


def connecting(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Let connections with these parameters see the queue's tables, and no others."""
    own = f"{parameters.get('options', '')} -c search_path={SCHEMA}".strip()
    return {"connect_timeout": _SECONDS_TO_CONNECT, **parameters, "options": own}


def make_tables(parameters: Mapping[str, Any]) -> None:
    """Make the tables where there are none. Processes that do this at once do it one after the other.

    Raises:
        StoreUnusable: the database cannot be reached, or has the tables of another version.
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
        StoreUnusable: the database cannot be reached, or does not let its user make a schema.
    """
    with _transaction(parameters) as connection:
        _take_turn(connection)
        mark, is_there = _found(connection)
        if mark == _MARK:
            return
        if is_there and mark is not None:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(_NAME))
        _make(connection)


def workers_alive(parameters: Mapping[str, Any], silence: float) -> int | None:
    """Count the processes that gave a sign of life within so many seconds; None where the tables are not made yet.

    Raises:
        StoreUnusable: the database cannot be reached, or has the tables of another version.
    """
    with _transaction(parameters) as connection:
        if not _is_current(connection):
            return None
        row = connection.execute(_ALIVE, [silence]).fetchone()
    assert row is not None
    return math.ceil(int(row[0]) / WORKERS_OF_A_PROCESS)


@contextmanager
def _transaction(parameters: Mapping[str, Any]) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(**connecting(parameters)) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreUnusable(
            f"The database's user may not make the schema {SCHEMA}, which the queue of syncs needs: let an "
            f"administrator run CREATE SCHEMA {SCHEMA} AUTHORIZATION followed by the user's name."
        ) from error
    except psycopg.Error as error:
        said = str(error).strip().partition("\n")[0]
        raise StoreUnusable(f"The queue of syncs in the database cannot be used: {said}.") from error


def _take_turn(connection: psycopg.Connection) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _found(connection: psycopg.Connection) -> tuple[str | None, bool]:
    """Tell what the schema is marked with, and whether there is one."""
    row = connection.execute(_WHOSE, [SCHEMA]).fetchone()
    return (row[0], True) if row else (None, False)


def _is_current(connection: psycopg.Connection) -> bool:
    mark, _ = _found(connection)
    if mark not in (None, _MARK):
        raise StoreUnusable(
            "The queue of syncs in the database is of another version. Run `gleanin-sync database upgrade`."
        )
    return mark == _MARK


def _make(connection: psycopg.Connection) -> None:
    _, is_there = _found(connection)
    if not is_there:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(_NAME))
    connection.execute(SchemaManager.get_schema())
    connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(_NAME, sql.Literal(_MARK)))
