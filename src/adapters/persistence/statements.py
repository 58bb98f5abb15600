"""What the repositories have in common: storing rows anew, keys for long texts, JSON, and statements in parts."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from ports.store.errors import PersistenceError

PART = 500
"""Rows or ids in one statement."""
T = TypeVar("T")


def in_parts(items: Iterable[T]) -> Iterator[list[T]]:
    """Return items in lists that are small enough for one statement."""
    remaining = iter(items)
    while part := list(islice(remaining, PART)):
        yield part


def replace_row(database: sa.Connection, table: sa.Table, row: dict[str, object]) -> None:
    """Store a row as it is now; its id tells which one."""
    if database.execute(_replacement(table), {**row, "the_id": row["id"]}).rowcount != 1:
        raise PersistenceError(f"There is no row {row['id']} in {table.name} to update.")


@cache
def _replacement(table: sa.Table) -> sa.Update:
    columns = (column for column in table.columns if column.name not in {"id", "position"})
    return (
        sa.update(table)
        .where(table.c.id == sa.bindparam("the_id"))
        .values({column.name: sa.bindparam(column.name) for column in columns})
    )


def insert_into(table: sa.Table, dialect: str) -> Any:
    """Return an INSERT that knows what to do about a conflict.

    A dialect takes long to import, and a process has one database.
    """
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


class Upserts(dict[str, sa.Insert]):
    """By dialect, what inserts rows or replaces these columns of those that are there."""

    def __init__(self, table: sa.Table, replaced: Iterable[str]) -> None:
        super().__init__()
        self._table, self._replaced = table, tuple(replaced)

    def __missing__(self, dialect: str) -> sa.Insert:
        statement, key = insert_into(self._table, dialect), [each.name for each in self._table.primary_key]
        new = {name: statement.excluded[name] for name in self._replaced}
        self[dialect] = statement.on_conflict_do_update(index_elements=key, set_=new)
        return self[dialect]


def key_of(text: str) -> str:
    """Give a short key for a text that may be of any length, and have any characters."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(value: object) -> str:
    return _ENCODER.encode(value)


def from_json(text: str) -> Any:
    return json.loads(text)
