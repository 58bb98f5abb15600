"""A database's errors in the port's words."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from adapters.persistence.tables import UNIQUE_INDEXES
from ports.store.errors import DatabaseUnavailable, PersistenceError, UniqueConstraint, UniqueViolation

_BY_NAME = {str(index.name): UniqueConstraint(str(index.name).removeprefix("one_")) for index in UNIQUE_INDEXES}
# SQLite says "UNIQUE constraint failed: table.column, table.column", with the columns in the index's order.
_BY_COLUMNS = {
    ", ".join(str(column) for column in index.columns): _BY_NAME[str(index.name)] for index in UNIQUE_INDEXES
}
_NOT_MIGRATED = ("no such table", "no such column", "has no column", "UndefinedTable", "UndefinedColumn")
_LOCKED = ("database is locked", "LockNotAvailable")
_SILENT = "IdleInTransactionSessionTimeout"
_OUT_OF_REACH = (sa.exc.OperationalError, sa.exc.InterfaceError)


@contextmanager
def translated(url: sa.URL) -> Iterator[None]:
    """Turn what SQLAlchemy raises inside into `PersistenceError`s; what nobody can act on passes as it is."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        if what := _unique(error):
            raise UniqueViolation(what) from error
        # Not the error's own text: it has the row, with names and addresses.
        raise PersistenceError("The database refused a row that contradicts what it holds.") from error
    except sa.exc.DBAPIError as error:
        if sentence := _sentence(error, url):
            raise DatabaseUnavailable(sentence) from error
        raise
    except sa.exc.TimeoutError as error:
        raise DatabaseUnavailable(
            f"The database {_named(url)} has too many units under way. Try again."
        ) from error


def _unique(error: sa.exc.IntegrityError) -> UniqueConstraint | None:
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return _BY_NAME.get(diagnosis.constraint_name or "")
    return _BY_COLUMNS.get(str(error.orig).removeprefix("UNIQUE constraint failed: "))


def _sentence(error: sa.exc.DBAPIError, url: sa.URL) -> str | None:
    said = f"{type(error.orig).__name__}: {error.orig}"
    if any(sign in said for sign in _NOT_MIGRATED):
        return (
            f"The database {_named(url)} is of another version than this program: run gleanin-sync database upgrade. "
            "If that was done already, with a newer program, start that one in the place of this process."
        )
    if any(sign in said for sign in _LOCKED):
        return (
            f"Another process keeps the database {_named(url)} busy. "
            "Try again later, or look for a process that hangs."
        )
    if _SILENT in said:
        return (
            f"The database {_named(url)} did not wait for this process, which was stopped amid a change: "
            "nothing of it was stored. Try again."
        )
    # A file that is no database is a bare DatabaseError in SQLite.
    if isinstance(error, _OUT_OF_REACH) or type(error) is sa.exc.DatabaseError:
        first_line = str(error.orig).strip().split("\n", 1)[0]
        return (
            f"The database {_named(url)} cannot be used: {first_line}. "
            "Check that it runs and that its URL is right."
        )
    return None


def _named(url: sa.URL) -> str:
    """Name a database without its user and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "localhost"
    return f"{url.database} at {host}:{url.port}" if url.port else f"{url.database} at {host}"
