"""Translation of database errors into the errors of the port."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from adapters.persistence.tables import UNIQUE_INDEXES
from ports.store.errors import DatabaseUnavailable, PersistenceError, UniqueConstraint, UniqueViolation

_BY_NAME = {
    str(index.name): UniqueConstraint(str(index.name).removeprefix("one_")) for index in UNIQUE_INDEXES
}
# SQLite reports "UNIQUE constraint failed: table.column, table.column", with the columns in the index's order.
_BY_COLUMNS = {
    ", ".join(str(column) for column in index.columns): _BY_NAME[str(index.name)] for index in UNIQUE_INDEXES
}
_SCHEMA_ERRORS = ("no such table", "no such column", "has no column", "UndefinedTable", "UndefinedColumn")
_LOCK_ERRORS = ("database is locked", "LockNotAvailable")
_IDLE_TIMEOUT = "IdleInTransactionSessionTimeout"
_CONNECTION_ERRORS = (sa.exc.OperationalError, sa.exc.InterfaceError)


@contextmanager
def translated(url: sa.URL) -> Iterator[None]:
    """Translate what SQLAlchemy raises inside into `PersistenceError`s; programming errors pass unchanged."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        if constraint := _violated_constraint(error):
            raise UniqueViolation(constraint) from error
        # Do not quote the error: its text has the row, with names and addresses.
        raise PersistenceError("The database rejected a row that conflicts with its data.") from error
    except sa.exc.DBAPIError as error:
        if message := _message(error, url):
            raise DatabaseUnavailable(message) from error
        raise
    except sa.exc.TimeoutError as error:
        raise DatabaseUnavailable(
            f"The database {_display_name(url)} is too busy: all connections are in use. Try again."
        ) from error


def _violated_constraint(error: sa.exc.IntegrityError) -> UniqueConstraint | None:
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return _BY_NAME.get(diagnosis.constraint_name or "")
    return _BY_COLUMNS.get(str(error.orig).removeprefix("UNIQUE constraint failed: "))


def _message(error: sa.exc.DBAPIError, url: sa.URL) -> str | None:
    reported = f"{type(error.orig).__name__}: {error.orig}"
    if any(name in reported for name in _SCHEMA_ERRORS):
        return (
            f"The database {_display_name(url)} is of another version than this program: run gleanin-sync database upgrade. "
            "If a newer program has upgraded it already, replace this process with that program."
        )
    if any(name in reported for name in _LOCK_ERRORS):
        return (
            f"The database {_display_name(url)} is locked by another process. "
            "Try again later, or look for a process that hangs."
        )
    if _IDLE_TIMEOUT in reported:
        return (
            f"The database {_display_name(url)} ended a change of this process, which had stopped responding. "
            "Nothing was stored. Try again."
        )
    # For a file that is not a database, SQLite raises a plain DatabaseError.
    if isinstance(error, _CONNECTION_ERRORS) or type(error) is sa.exc.DatabaseError:
        first_line = str(error.orig).strip().split("\n", 1)[0]
        return (
            f"The database {_display_name(url)} cannot be used: {first_line}. "
            "Check that it is running and that its URL is correct."
        )
    return None


def _display_name(url: sa.URL) -> str:
    """Return the name of a database without its user and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "localhost"
    return f"{url.database} at {host}:{url.port}" if url.port else f"{url.database} at {host}"
