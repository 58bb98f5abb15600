"""Units of work over SQLite or PostgreSQL: a synchronous engine, used from threads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import sqlalchemy as sa

from adapters.persistence.engine import MAX_UNITS, READING, WRITING
from adapters.persistence.errors import translated
from adapters.persistence.executor import DatabaseThreads
from adapters.persistence.repositories.accounts import SqlAccounts
from adapters.persistence.repositories.api_keys import SqlApiKeys
from adapters.persistence.repositories.audit_log import SqlAuditLog
from adapters.persistence.repositories.create_intents import SqlCreateIntents
from adapters.persistence.repositories.installation import SqlInstallation
from adapters.persistence.repositories.link_outcomes import SqlLinkOutcomes
from adapters.persistence.repositories.login_sessions import SqlAttempts, SqlLoginSessions
from adapters.persistence.repositories.mappings import SqlMappings
from adapters.persistence.repositories.notifications import SqlNotifications, SqlRecipients
from adapters.persistence.repositories.organizations import SqlConnections, SqlOrganizations
from adapters.persistence.repositories.outcomes import SqlOutcomes
from adapters.persistence.repositories.portal_addresses import SqlPortalAddresses
from adapters.persistence.repositories.portal_revocations import SqlPortalRevocations
from adapters.persistence.repositories.provider_identities import SqlProviderIdentities
from adapters.persistence.repositories.runs import EnqueueStatements, SqlRuns
from adapters.persistence.repositories.schedules import SqlSchedules
from adapters.persistence.repositories.synced_records import SqlSyncedRecords
from adapters.persistence.repositories.unchanged_markers import SqlUnchangedMarkers
from adapters.persistence.repositories.write_quotas import SqlWriteQuotas
from adapters.persistence.repositories.written_links import SqlFieldOrders, SqlWrittenLinks
from adapters.persistence.server_clock import read_now

T = TypeVar("T")


class SqlUnitOfWork:
    """One transaction. It begins with the first statement, so that a small unit switches threads only a few times."""

    def __init__(
        self,
        engine: sa.Engine,
        threads: DatabaseThreads,
        enqueue_statements: EnqueueStatements | None,
        *,
        writes: bool,
    ) -> None:
        self._engine = engine
        self._enqueue_statements = enqueue_statements
        self._threads = threads
        self._writes = writes
        self._connection: sa.Connection | None = None
        self._deferred: list[Callable[[sa.Connection], object]] = []
        self.run = _Runner(self)

    async def do(self, job: Callable[[sa.Connection], T], *, is_short: bool = False) -> T:
        deferred, self._deferred = self._deferred, []

        def with_connection() -> T:
            with translated(self._engine.url):
                if self._connection is None:
                    self._connection = self._engine.connect()
                for deferred_job in deferred:
                    deferred_job(self._connection)
                return job(self._connection)

        if is_short and self._is_file and not deferred:
            return with_connection()  # switching threads costs several times as much
        return await self._threads.do(with_connection)

    async def now(self) -> datetime:
        return await self.run(read_now, is_short=True)

    async def commit(self) -> None:
        if not self._writes:
            message = "a read-only unit of work cannot commit"
            raise RuntimeError(message)
        await self.run(lambda connection: connection.commit())

    async def end(self) -> None:
        """Roll back what was not committed, and return the connection to the pool."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        nothing_to_undo = not (self._writes and connection.in_transaction())
        if nothing_to_undo and self._is_file:
            connection.close()
        else:
            await self._threads.do(connection.close)

    def defer(self, job: Callable[[sa.Connection], object]) -> None:
        self._deferred.append(job)

    @property
    def _is_file(self) -> bool:
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
        return SqlRuns(self.run, self._enqueue_statements)

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
    def written_links(self) -> SqlWrittenLinks:
        return SqlWrittenLinks(self.run)

    @cached_property
    def link_outcomes(self) -> SqlLinkOutcomes:
        return SqlLinkOutcomes(self.run)

    @cached_property
    def write_quotas(self) -> SqlWriteQuotas:
        return SqlWriteQuotas(self.run)

    @cached_property
    def field_orders(self) -> SqlFieldOrders:
        return SqlFieldOrders(self.run)

    @cached_property
    def portal_addresses(self) -> SqlPortalAddresses:
        return SqlPortalAddresses(self.run)

    @cached_property
    def recipients(self) -> SqlRecipients:
        return SqlRecipients(self.run)

    @cached_property
    def notifications(self) -> SqlNotifications:
        return SqlNotifications(self.run)


@dataclass(frozen=True, slots=True)
class _Runner:
    """The executor of a unit's jobs, several together where possible: switching threads costs more than a statement."""

    unit: SqlUnitOfWork

    async def __call__(self, job: Callable[[sa.Connection], T], /, *, is_short: bool = False) -> T:
        return await self.unit.do(job, is_short=is_short)

    def later(self, job: Callable[[sa.Connection], object], /) -> None:
        self.unit.defer(job)


class SqlUnitOfWorkFactory:
    def __init__(self, engine: sa.Engine, enqueue_statements: EnqueueStatements | None = None) -> None:
        self._engine = engine
        self._enqueue_statements = enqueue_statements
        self._for_reading = engine.execution_options(**READING)
        self._for_writing = engine.execution_options(**WRITING)
        # A unit must not wait in a thread for another unit of this process, which may need that thread. So writers
        # queue here first, and there are as many threads and connections as units.
        self._threads = DatabaseThreads(MAX_UNITS)
        self._readers = asyncio.Semaphore(MAX_UNITS - 1)
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlUnitOfWork]:
        async with self._readers:
            unit = SqlUnitOfWork(self._for_reading, self._threads, self._enqueue_statements, writes=False)
            try:
                yield unit
            finally:
                await unit.end()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlUnitOfWork]:
        async with self._writer:
            unit = SqlUnitOfWork(self._for_writing, self._threads, self._enqueue_statements, writes=True)
            try:
                yield unit
            finally:
                await unit.end()

    def close(self) -> None:
        """Close all connections, after the jobs in progress have ended."""
        self._threads.close()
        self._engine.dispose()
