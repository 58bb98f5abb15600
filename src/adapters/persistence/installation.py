"""What is stored of the installation itself: one row."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.persistence.tables import installation
from adapters.persistence.threads import Run

_ID = 1


def _upserts(first: dict[str, object], again: dict[str, object]) -> Mapping[str, sa.Insert]:
    return {
        dialect: insert(installation)
        .values(id=_ID, **first)
        .on_conflict_do_update(index_elements=["id"], set_=again)
        for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
    }


_COUNT_ACCOUNT = _upserts({"accounts_added": 1}, {"accounts_added": installation.c.accounts_added + 1})
_SAVE_URL = _upserts(
    {"accounts_added": 0, "served_url": sa.bindparam("new_url")}, {"served_url": sa.bindparam("new_url")}
)


def count_account(database: sa.Connection) -> None:
    """Count one more account that was ever added."""
    database.execute(_COUNT_ACCOUNT[database.dialect.name])


class SqlInstallation:
    def __init__(self, run: Run) -> None:
        self._run = run

    async def accounts_added(self) -> int:
        query = sa.select(installation.c.accounts_added)
        return await self._run(lambda database: database.scalar(query)) or 0

    async def served_url(self) -> str | None:
        query = sa.select(installation.c.served_url)
        return await self._run(lambda database: database.scalar(query), is_short=True)

    async def save_served_url(self, url: str) -> None:
        await self._run(lambda database: database.execute(_SAVE_URL[database.dialect.name], {"new_url": url}))
