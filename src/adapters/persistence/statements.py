"""Helpers that the repositories share: upserts, keys for long texts, JSON, and statements in batches."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from ports.store.errors import PersistenceError

BATCH_SIZE = 500
"""Maximum number of rows or ids in one statement."""
T = TypeVar("T")


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items in lists that are small enough for one statement."""
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch


def replace_row(database: sa.Connection, table: sa.Table, row: dict[str, object]) -> None:
    """Replace the row that has the same id.

    Raises:
        PersistenceError: there is no such row.
    """
    if database.execute(_update(table), {**row, "row_id": row["id"]}).rowcount != 1:
        raise PersistenceError(f"There is no row {row['id']} in {table.name} to update.")


@cache
def _update(table: sa.Table) -> sa.Update:
    columns = (column for column in table.columns if column.name not in {"id", "position"})
    return (
        sa.update(table)
        .where(table.c.id == sa.bindparam("row_id"))
        .values({column.name: sa.bindparam(column.name) for column in columns})
    )


def insert_into(table: sa.Table, dialect: str) -> Any:
    """Return an INSERT that supports ON CONFLICT.

    Import only the dialect in use: each takes long to import, and a process has one database.
    """
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


class Upserts(dict[str, sa.Insert]):
    """Statements by dialect that insert rows, or replace the given columns of existing ones."""

    def __init__(self, table: sa.Table, replaced: Iterable[str]) -> None:
        super().__init__()
        self._table, self._replaced = table, tuple(replaced)

    def __missing__(self, dialect: str) -> sa.Insert:
        statement, key = (
            insert_into(self._table, dialect),
            [column.name for column in self._table.primary_key],
        )
        new = {name: statement.excluded[name] for name in self._replaced}
        self[dialect] = statement.on_conflict_do_update(index_elements=key, set_=new)
        return self[dialect]


def key_of(text: str) -> str:
    """Return a short key for a text of any length and with any characters."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(value: object) -> str:
    return _ENCODER.encode(value)


def from_json(text: str) -> Any:
    return json.loads(text)
