"""Login sessions and failed login attempts, in tables."""

from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts, key_of
from adapters.persistence.tables import attempts, login_sessions
from core.domain.access.accounts import Attempts, LoginSession
from core.domain.ids import AccountId

_SESSIONS = sa.select(login_sessions.c.digest, login_sessions.c.account_id, login_sessions.c.started_at)
_ATTEMPTS = sa.select(attempts.c.failures, attempts.c.last_at)
_SAVE_ATTEMPTS = Upserts(attempts, ("failures", "last_at"))


class SqlLoginSessions:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, session: LoginSession) -> None:
        row = {
            "digest": session.digest,
            "account_id": session.account_id,
            "started_at": session.started_at,
        }
        await self._run(lambda database: database.execute(login_sessions.insert(), row))

    async def find(self, digest: str) -> LoginSession | None:
        query = _SESSIONS.where(login_sessions.c.digest == digest)
        row = await self._run(lambda database: database.execute(query).first(), is_short=True)
        return None if row is None else LoginSession(row.digest, AccountId(row.account_id), row.started_at)

    async def end(self, digest: str) -> None:
        await self._delete(login_sessions.c.digest == digest)

    async def end_all(self, account_id: AccountId) -> None:
        await self._delete(login_sessions.c.account_id == account_id)

    async def remove_before(self, instant: datetime) -> None:
        await self._delete(login_sessions.c.started_at < instant)

    async def _delete(self, condition: sa.ColumnElement[bool]) -> None:
        await self._run(lambda database: database.execute(sa.delete(login_sessions).where(condition)))


class SqlAttempts:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def get(self, subject: str) -> Attempts:
        query = _ATTEMPTS.where(attempts.c.subject == key_of(subject))
        row = await self._run(lambda database: database.execute(query).first())
        return Attempts() if row is None else Attempts(row.failures, row.last_at)

    async def save(self, subject: str, attempts: Attempts) -> None:
        row = {"subject": key_of(subject), "failures": attempts.failures, "last_at": attempts.last_at}
        await self._run(lambda database: database.execute(_SAVE_ATTEMPTS[database.dialect.name], row))

    async def remove(self, subject: str) -> None:
        await self._delete(attempts.c.subject == key_of(subject))

    async def remove_before(self, instant: datetime) -> None:
        await self._delete(attempts.c.last_at < instant)

    async def _delete(self, condition: sa.ColumnElement[bool]) -> None:
        await self._run(lambda database: database.execute(sa.delete(attempts).where(condition)))
