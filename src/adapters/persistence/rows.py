"""What the repositories have in common: storing one row anew, and texts that hold JSON."""

import json
from functools import cache
from typing import Any

import sqlalchemy as sa

from ports.persistence import PersistenceError


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


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(value: object) -> str:
    return _ENCODER.encode(value)


def from_json(text: str) -> Any:
    return json.loads(text)
