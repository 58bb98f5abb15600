"""Units of work over SQLite or PostgreSQL: a synchronous engine, used from threads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import sqlalchemy as sa

from adapters.persistence.engine import MOST_UNITS, READING, WRITING
from adapters.persistence.errors import translated
from adapters.persistence.executor import DatabaseThreads
from adapters.persistence.repositories.accounts import SqlAccounts
from adapters.persistence.repositories.api_keys import SqlApiKeys
from adapters.persistence.repositories.audit_log import SqlAuditLog
from adapters.persistence.repositories.create_intents import SqlCreateIntents
from adapters.persistence.repositories.installation import SqlInstallation
from adapters.persistence.repositories.login_sessions import SqlAttempts, SqlLoginSessions
from adapters.persistence.repositories.mappings import SqlMappings
from adapters.persistence.repositories.notifications import SqlNotifications, SqlRecipients
from adapters.persistence.repositories.organizations import SqlConnections, SqlOrganizations
from adapters.persistence.repositories.outcomes import SqlOutcomes
from adapters.persistence.repositories.portal_revocations import SqlPortalRevocations
from adapters.persistence.repositories.provider_identities import SqlProviderIdentities
from adapters.persistence.repositories.runs import Deferring, SqlRuns
from adapters.persistence.repositories.schedules import SqlSchedules
from adapters.persistence.repositories.synced_records import SqlSyncedRecords
from adapters.persistence.repositories.unchanged_markers import SqlUnchangedMarkers
from adapters.persistence.server_clock import read_now

T = TypeVar("T")


class SqlUnitOfWork:
    """One transaction. It begins with the first thing asked, so that a small unit costs few turns of a thread."""

    def __init__(
        self, engine: sa.Engine, threads: DatabaseThreads, deferring: Deferring | None, *, writes: bool
    ) -> None:
        self._engine = engine
        self._deferring = deferring
        self._threads = threads
        self._writes = writes
        self._connection: sa.Connection | None = None
        self._put_off: list[Callable[[sa.Connection], object]] = []
        self.run = _Runner(self)

    async def do(self, job: Callable[[sa.Connection], T], *, is_short: bool = False) -> T:
        put_off, self._put_off = self._put_off, []

        def with_connection() -> T:
            with translated(self._engine.url):
                if self._connection is None:
                    self._connection = self._engine.connect()
                for each in put_off:
                    each(self._connection)
                return job(self._connection)

        if is_short and self._is_in_a_file and not put_off:
            return with_connection()  # a turn of a thread costs several times as much
        return await self._threads.do(with_connection)

    async def now(self) -> datetime:
        return await self.run(read_now, is_short=True)

    async def commit(self) -> None:
        if not self._writes:
            message = "a unit that only reads has nothing to commit"
            raise RuntimeError(message)
        await self.run(lambda connection: connection.commit())

    async def end(self) -> None:
        """Undo what was not committed, and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        nothing_to_undo = not (self._writes and connection.in_transaction())
        if nothing_to_undo and self._is_in_a_file:
            connection.close()
        else:
            await self._threads.do(connection.close)

    def put_off(self, job: Callable[[sa.Connection], object]) -> None:
        self._put_off.append(job)

    @property
    def _is_in_a_file(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @cached_property
    def organizations(self) -> SqlOrganizations:
        return SqlOrganizations(self.run)

    @cached_property
    def connections(self) -> SqlConnections:
        return SqlConnections(self.run)

    @cached_property
    def mappings(self) -> SqlMappings:
        return SqlMappings(self.run)

    @cached_property
    def runs(self) -> SqlRuns:
        return SqlRuns(self.run, self._deferring)

    @cached_property
    def unchanged_markers(self) -> SqlUnchangedMarkers:
        return SqlUnchangedMarkers(self.run)

    @cached_property
    def schedules(self) -> SqlSchedules:
        return SqlSchedules(self.run)

    @cached_property
    def synced(self) -> SqlSyncedRecords:
        return SqlSyncedRecords(self.run)

    @cached_property
    def intents(self) -> SqlCreateIntents:
        return SqlCreateIntents(self.run)

    @cached_property
    def outcomes(self) -> SqlOutcomes:
        return SqlOutcomes(self.run)

    @cached_property
    def accounts(self) -> SqlAccounts:
        return SqlAccounts(self.run)

    @cached_property
    def identities(self) -> SqlProviderIdentities:
        return SqlProviderIdentities(self.run)

    @cached_property
    def installation(self) -> SqlInstallation:
        return SqlInstallation(self.run)

    @cached_property
    def login_sessions(self) -> SqlLoginSessions:
        return SqlLoginSessions(self.run)

    @cached_property
    def attempts(self) -> SqlAttempts:
        return SqlAttempts(self.run)

    @cached_property
    def api_keys(self) -> SqlApiKeys:
        return SqlApiKeys(self.run)

    @cached_property
    def audit(self) -> SqlAuditLog:
        return SqlAuditLog(self.run)

    @cached_property
    def portal_revocations(self) -> SqlPortalRevocations:
        return SqlPortalRevocations(self.run)

    @cached_property
    def recipients(self) -> SqlRecipients:
        return SqlRecipients(self.run)

    @cached_property
    def notifications(self) -> SqlNotifications:
        return SqlNotifications(self.run)


@dataclass(frozen=True, slots=True)
class _Runner:
    """Does a unit's jobs, each in a turn of a thread, or several together: a turn costs more than a statement."""

    unit: SqlUnitOfWork

    async def __call__(self, job: Callable[[sa.Connection], T], /, *, is_short: bool = False) -> T:
        return await self.unit.do(job, is_short=is_short)

    def later(self, job: Callable[[sa.Connection], object], /) -> None:
        self.unit.put_off(job)


class SqlUnitOfWorkFactory:
    def __init__(self, engine: sa.Engine, deferring: Deferring | None = None) -> None:
        self._engine = engine
        self._deferring = deferring
        self._for_reading = engine.execution_options(**READING)
        self._for_writing = engine.execution_options(**WRITING)
        # A unit never waits in a thread for another unit of this process: the other one may need that thread.
        # So the writers queue up here first, and there are as many threads and connections as units.
        self._threads = DatabaseThreads(MOST_UNITS)
        self._readers = asyncio.Semaphore(MOST_UNITS - 1)
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlUnitOfWork]:
        async with self._readers:
            unit = SqlUnitOfWork(self._for_reading, self._threads, self._deferring, writes=False)
            try:
                yield unit
            finally:
                await unit.end()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlUnitOfWork]:
        async with self._writer:
            unit = SqlUnitOfWork(self._for_writing, self._threads, self._deferring, writes=True)
            try:
                yield unit
            finally:
                await unit.end()

    def close(self) -> None:
        """Close all connections; units under way are waited for."""
        self._threads.close()
        self._engine.dispose()
