"""What the repositories have in common: storing rows anew, keys for long texts, JSON, and statements in parts."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ports.persistence import PersistenceError

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


def upserts(table: sa.Table, replaced: Iterable[str]) -> Mapping[str, sa.Insert]:
    """Give, by dialect, what inserts rows or replaces these columns of those that are there."""
    key = [column.name for column in table.primary_key]
    return {
        dialect: statement.on_conflict_do_update(
            index_elements=key, set_={name: statement.excluded[name] for name in replaced}
        )
        for dialect, statement in (("sqlite", sqlite.insert(table)), ("postgresql", postgresql.insert(table)))
    }


def key_of(text: str) -> str:
    """Give a short key for a text that may be of any length, and have any characters."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(value: object) -> str:
    return _ENCODER.encode(value)


def from_json(text: str) -> Any:
    return json.loads(text)
