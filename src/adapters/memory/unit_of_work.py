"""Units of work in memory, with what the database ones promise: undone without commit, one writer at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from adapters.memory.access import (
    MemoryAccounts,
    MemoryApiKeys,
    MemoryAttempts,
    MemoryAuditLog,
    MemoryInstallation,
    MemoryPortalRevocations,
    MemoryProviderIdentities,
    MemorySignIns,
)
from adapters.memory.clock import ManualClock
from adapters.memory.intents import MemoryCreateIntents
from adapters.memory.notifications import MemoryNotices, MemoryRecipients
from adapters.memory.runs import MemoryOutcomes, MemoryRuns
from adapters.memory.schedules import MemoryCheckpoints, MemorySchedules
from adapters.memory.store import Kept
from adapters.memory.synced import MemorySyncedRecords
from adapters.memory.tenants import MemoryConnections, MemoryMappings, MemoryOrganizations
from ports.clock import Clock


class MemoryUnit:
    def __init__(self, units: "MemoryUnits", *, writes: bool) -> None:
        self._units = units
        self._writes = writes
        self._own = own = units.kept.copy()
        self.organizations = MemoryOrganizations(own)
        self.connections = MemoryConnections(own)
        self.mappings = MemoryMappings(own)
        self.runs = MemoryRuns(own)
        self.schedules = MemorySchedules(own)
        self.checkpoints = MemoryCheckpoints(own)
        self.synced = MemorySyncedRecords(own)
        self.intents = MemoryCreateIntents(own, units.clock)
        self.outcomes = MemoryOutcomes(own)
        self.accounts = MemoryAccounts(own)
        self.identities = MemoryProviderIdentities(own)
        self.installation = MemoryInstallation(own)
        self.sign_ins = MemorySignIns(own)
        self.attempts = MemoryAttempts(own)
        self.api_keys = MemoryApiKeys(own)
        self.audit = MemoryAuditLog(own)
        self.portal_revocations = MemoryPortalRevocations(own)
        self.recipients = MemoryRecipients(own)
        self.notices = MemoryNotices(own)

    async def now(self) -> datetime:
        return self._units.clock.now()

    async def commit(self) -> None:
        if not self._writes:
            message = "a unit that only reads has nothing to commit"
            raise RuntimeError(message)
        self._units.kept = self._own.copy()  # what is done from here on waits for the next commit


class MemoryUnits:
    """Shows every unit a copy, which a commit puts in the place of what is kept."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin empty; `clock` is the database's."""
        self.clock: Clock = clock or ManualClock()
        self.kept = Kept()
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryUnit]:
        await asyncio.sleep(0)  # others get their turn here, as they do while a database is asked
        yield MemoryUnit(self, writes=False)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[MemoryUnit]:
        async with self._writer:
            await asyncio.sleep(0)
            yield MemoryUnit(self, writes=True)
