"""Sign-ins, and failed attempts at them, in tables."""

from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts, key_of
from adapters.persistence.tables import attempts, sign_ins
from core.domain.access.accounts import Attempts, LoginSession
from core.domain.ids import AccountId

_SIGN_INS = sa.select(sign_ins.c.digest, sign_ins.c.account_id, sign_ins.c.started_at)
_ATTEMPTS = sa.select(attempts.c.failures, attempts.c.last_at)
_SAVE_ATTEMPTS = Upserts(attempts, ("failures", "last_at"))


class SqlLoginSessions:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, sign_in: LoginSession) -> None:
        row = {
            "digest": sign_in.digest,
            "account_id": sign_in.account_id,
            "started_at": sign_in.started_at,
        }
        await self._run(lambda database: database.execute(sign_ins.insert(), row))

    async def find(self, digest: str) -> LoginSession | None:
        asked = _SIGN_INS.where(sign_ins.c.digest == digest)
        row = await self._run(lambda database: database.execute(asked).first(), is_short=True)
        return None if row is None else LoginSession(row.digest, AccountId(row.account_id), row.started_at)

    async def end(self, digest: str) -> None:
        await self._delete(sign_ins.c.digest == digest)

    async def end_all_of(self, account_id: AccountId) -> None:
        await self._delete(sign_ins.c.account_id == account_id)

    async def forget_before(self, instant: datetime) -> None:
        await self._delete(sign_ins.c.started_at < instant)

    async def _delete(self, condition: sa.ColumnElement[bool]) -> None:
        await self._run(lambda database: database.execute(sa.delete(sign_ins).where(condition)))


class SqlAttempts:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def of(self, subject: str) -> Attempts:
        asked = _ATTEMPTS.where(attempts.c.subject == key_of(subject))
        row = await self._run(lambda database: database.execute(asked).first())
        return Attempts() if row is None else Attempts(row.failures, row.last_at)

    async def save(self, subject: str, attempts: Attempts) -> None:
        row = {"subject": key_of(subject), "failures": attempts.failures, "last_at": attempts.last_at}
        await self._run(lambda database: database.execute(_SAVE_ATTEMPTS[database.dialect.name], row))

    async def forget(self, subject: str) -> None:
        await self._delete(attempts.c.subject == key_of(subject))

    async def forget_before(self, instant: datetime) -> None:
        await self._delete(attempts.c.last_at < instant)

    async def _delete(self, condition: sa.ColumnElement[bool]) -> None:
        await self._run(lambda database: database.execute(sa.delete(attempts).where(condition)))
