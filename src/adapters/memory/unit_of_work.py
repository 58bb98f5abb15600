"""Units of work in memory, with the guarantees of the database ones: rollback without commit, one writer at a time."""

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
    InMemoryPortalAddresses,
    InMemoryPortalRevocations,
    InMemoryProviderIdentities,
)
from adapters.memory.clock import ManualClock
from adapters.memory.links import (
    InMemoryFieldOrders,
    InMemoryLinkOutcomes,
    InMemoryWriteQuotas,
    InMemoryWrittenLinks,
)
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
        self._store = store = units.store.copy()
        self.organizations = InMemoryOrganizations(store)
        self.connections = InMemoryConnections(store)
        self.mappings = InMemoryMappings(store)
        self.runs = InMemoryRuns(store)
        self.schedules = InMemorySchedules(store)
        self.unchanged_markers = InMemoryUnchangedMarkers(store)
        self.synced = InMemorySyncedRecords(store)
        self.intents = InMemoryCreateIntents(store, units.clock)
        self.outcomes = InMemoryOutcomes(store)
        self.accounts = InMemoryAccounts(store)
        self.identities = InMemoryProviderIdentities(store)
        self.installation = InMemoryInstallation(store)
        self.login_sessions = InMemoryLoginSessions(store)
        self.attempts = InMemoryAttempts(store)
        self.api_keys = InMemoryApiKeys(store)
        self.audit = InMemoryAuditLog(store)
        self.portal_revocations = InMemoryPortalRevocations(store)
        self.written_links = InMemoryWrittenLinks(store)
        self.link_outcomes = InMemoryLinkOutcomes(store)
        self.write_quotas = InMemoryWriteQuotas(store)
        self.field_orders = InMemoryFieldOrders(store)
        self.portal_addresses = InMemoryPortalAddresses(store)
        self.recipients = InMemoryRecipients(store)
        self.notifications = InMemoryNotifications(store)

    async def now(self) -> datetime:
        return self._units.clock.now()

    async def commit(self) -> None:
        if not self._writes:
            message = "a read-only unit of work cannot commit"
            raise RuntimeError(message)
        self._units.store = self._store.copy()  # later changes wait for the next commit


class InMemoryUnitOfWorkFactory:
    """A factory whose units of work each get a copy of the store; a commit replaces the store with it."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Create an empty store; `clock` is the database's."""
        self.clock: Clock = clock or ManualClock()
        self.store = InMemoryStore()
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[InMemoryUnitOfWork]:
        await asyncio.sleep(0)  # yield to other tasks, as a database query would
        yield InMemoryUnitOfWork(self, writes=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[InMemoryUnitOfWork]:
        async with self._writer:
            await asyncio.sleep(0)
            yield InMemoryUnitOfWork(self, writes=True)
