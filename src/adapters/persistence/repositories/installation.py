"""The installation's own data, in a table with one row."""

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import insert_into
from adapters.persistence.tables import installation

_ID = 1


def _save(database: sa.Connection, values: dict[str, object], changes: dict[str, object]) -> None:
    insert = insert_into(installation, database.dialect.name).values(id=_ID, **values)
    database.execute(insert.on_conflict_do_update(index_elements=["id"], set_=changes))


def count_account(database: sa.Connection) -> None:
    """Add one to the number of accounts ever added."""
    _save(database, {"accounts_added": 1}, {"accounts_added": installation.c.accounts_added + 1})


class SqlInstallation:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def accounts_added(self) -> int:
        query = sa.select(installation.c.accounts_added)
        return await self._run(lambda database: database.scalar(query)) or 0

    async def served_url(self) -> str | None:
        query = sa.select(installation.c.served_url)
        return await self._run(lambda database: database.scalar(query), is_short=True)

    async def save_served_url(self, url: str) -> None:
        await self._run(
            lambda database: _save(database, {"accounts_added": 0, "served_url": url}, {"served_url": url})
        )
