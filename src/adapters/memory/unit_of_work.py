"""Units of work in memory, with what the database ones promise: undone without commit, one writer at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from adapters.memory.access import (
    InMemoryAccounts,
    InMemoryApiKeys,
    InMemoryAttempts,
    InMemoryAuditLog,
    InMemoryInstallation,
    InMemoryLoginSessions,
    InMemoryPortalRevocations,
    InMemoryProviderIdentities,
)
from adapters.memory.clock import ManualClock
from adapters.memory.mappings import InMemoryMappings, InMemorySchedules, InMemoryUnchangedMarkers
from adapters.memory.notifications import InMemoryNotifications, InMemoryRecipients
from adapters.memory.organizations import InMemoryConnections, InMemoryOrganizations
from adapters.memory.results import InMemoryCreateIntents, InMemoryOutcomes, InMemorySyncedRecords
from adapters.memory.runs import InMemoryRuns
from adapters.memory.store import InMemoryStore
from ports.clock import Clock


class InMemoryUnitOfWork:
    def __init__(self, units: "InMemoryUnitOfWorkFactory", *, writes: bool) -> None:
        self._units = units
        self._writes = writes
        self._own = own = units.kept.copy()
        self.organizations = InMemoryOrganizations(own)
        self.connections = InMemoryConnections(own)
        self.mappings = InMemoryMappings(own)
        self.runs = InMemoryRuns(own)
        self.schedules = InMemorySchedules(own)
        self.unchanged_markers = InMemoryUnchangedMarkers(own)
        self.synced = InMemorySyncedRecords(own)
        self.intents = InMemoryCreateIntents(own, units.clock)
        self.outcomes = InMemoryOutcomes(own)
        self.accounts = InMemoryAccounts(own)
        self.identities = InMemoryProviderIdentities(own)
        self.installation = InMemoryInstallation(own)
        self.login_sessions = InMemoryLoginSessions(own)
        self.attempts = InMemoryAttempts(own)
        self.api_keys = InMemoryApiKeys(own)
        self.audit = InMemoryAuditLog(own)
        self.portal_revocations = InMemoryPortalRevocations(own)
        self.recipients = InMemoryRecipients(own)
        self.notifications = InMemoryNotifications(own)

    async def now(self) -> datetime:
        return self._units.clock.now()

    async def commit(self) -> None:
        if not self._writes:
            message = "a unit that only reads has nothing to commit"
            raise RuntimeError(message)
        self._units.kept = self._own.copy()  # what is done from here on waits for the next commit


class InMemoryUnitOfWorkFactory:
    """Shows every unit a copy, which a commit puts in the place of what is kept."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin empty; `clock` is the database's."""
        self.clock: Clock = clock or ManualClock()
        self.kept = InMemoryStore()
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[InMemoryUnitOfWork]:
        await asyncio.sleep(0)  # others get their turn here, as they do while a database is asked
        yield InMemoryUnitOfWork(self, writes=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[InMemoryUnitOfWork]:
        async with self._writer:
            await asyncio.sleep(0)
            yield InMemoryUnitOfWork(self, writes=True)
