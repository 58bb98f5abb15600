"""What tokens have used of their sources' limits for writes, in a table."""

from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts, from_json, to_json
from adapters.persistence.tables import write_quotas as table
from core.domain.links.link_homes import HolderType
from core.domain.links.write_quota import PastWrite, WriteQuota

_OF_TOKEN = sa.select(table.c.writes, table.c.paused_until).where(table.c.digest == sa.bindparam("of_token"))
_SAVE = Upserts(table, ("writes", "paused_until"))


class SqlWriteQuotas:
    """Writing units exclude each other, so what one of them has read stays true until it commits."""

    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def get(self, token: str) -> WriteQuota:
        row = await self._run(lambda database: database.execute(_OF_TOKEN, {"of_token": token}).first())
        if row is None:
            return WriteQuota()
        writes = (
            PastWrite(datetime.fromisoformat(at), HolderType(holder), records)
            for at, holder, records in from_json(row.writes)
        )
        return WriteQuota(tuple(writes), row.paused_until)

    async def save(self, token: str, quota: WriteQuota) -> None:
        writes = to_json([(write.at.isoformat(), write.holder, write.records) for write in quota.writes])
        row = {"digest": token, "writes": writes, "paused_until": quota.paused_until}
        self._run.later(lambda database: database.execute(_SAVE[database.dialect.name], row))
