"""Check before every write: a run that lost its lease, its mapping or its connection writes nothing more."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta

from core.domain.ids import RunId
from core.domain.records.synced_records import SyncedRecord
from core.domain.runs import stop_reasons
from core.domain.runs.stop_reasons import REQUESTED_STOPS
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.error_mapping import SyncStopped
from ports.clock import Clock
from ports.store.runs import LeaseStatus
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

COALESCE_TICKS = 4
"""Turns of the event loop, a few microseconds each, in which concurrent writes join the same check."""
_DEPARTING: ContextVar[SyncedRecord | None] = ContextVar("departing", default=None)
"""The synced record that a task's next write makes uncertain."""


@contextmanager
def departing(record: SyncedRecord | None) -> Iterator[None]:
    """Mark a synced record as uncertain when a write within the block passes the fence, not before.

    A destination calls the fence without saying for which write, so the task's own context says it.
    """
    token = _DEPARTING.set(record)
    try:
        yield
    finally:
        _DEPARTING.reset(token)


@dataclass(slots=True)
class Fence:
    """Awaited before each write (rules 8 and 23).

    Asking the database for every single write would cost as much as the write. So writes that become due about the
    same time, or while a question is under way, share the next one: each write is still preceded by an answer that
    is younger than the decision to write.
    """

    units: UnitOfWorkFactory
    clock: Clock
    run_id: RunId
    mapping: EventMapping
    owner: str
    lease: timedelta
    _marks: list[SyncedRecord] = field(default_factory=list)
    _next: asyncio.Task[None] | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _marked: bool = False
    _marked_now: bool = False

    async def __call__(self) -> None:
        """Return if writing is allowed; by then the uncertain record is marked in the database.

        Raises:
            SyncStopped: it is not.
        """
        mark = _DEPARTING.get()
        if mark is not None:
            self._marks.append(mark)
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        # Shield the shared check: other writers await it.
        await asyncio.shield(self._next)

    async def check(self) -> None:
        """Return if the run may go on; a write to the source binds no events (rules 5 and 38).

        Raises:
            SyncStopped: it may not.
        """
        async with self.units.read() as unit:
            lease_status = await self._lease_status(unit)
        await self._check_lease(lease_status)

    async def _ask(self) -> None:
        async with self._one_at_a_time:
            for _ in range(COALESCE_TICKS):
                await asyncio.sleep(0)
            self._next = None
            marks, self._marks = self._marks, []
            if not self._marked:
                await self._mark_written()
                self._marked = True
            if marks:
                async with self.units.write() as unit:
                    lease_status = await self._lease_status(unit)
                    await self._put_in_doubt(unit, marks)
                    await unit.commit()
            else:
                async with self.units.read() as unit:
                    lease_status = await self._lease_status(unit)
            await self._check_lease(lease_status)

    async def _lease_status(self, unit: UnitOfWork) -> LeaseStatus:
        lease_status = await unit.runs.lease_status(self.run_id)
        if lease_status is None or lease_status.owner != self.owner:
            raise SyncStopped(stop_reasons.LEASE_EXPIRED)
        if lease_status.cancel_requested:
            raise SyncStopped(REQUESTED_STOPS[lease_status.cancel_requested])
        return lease_status

    async def _put_in_doubt(self, unit: UnitOfWork, marks: Sequence[SyncedRecord]) -> None:
        mapping = self.mapping
        await unit.synced.save(mapping.organization_id, mapping.events.destination_id, marks)

    async def _check_lease(self, lease_status: LeaseStatus) -> None:
        now = self.clock.now()
        if lease_status.lease_until is None or lease_status.lease_until <= now:
            async with self.units.write() as unit:
                held = await unit.runs.renew(self.run_id, self.owner, now + self.lease)
                await unit.commit()
            if not held:
                raise SyncStopped(stop_reasons.LEASE_EXPIRED)

    async def _mark_written(self) -> None:
        """Bind the mapping's events to each other, before anything is written under it (rule 5)."""
        async with self.units.write() as unit:
            mapping = await unit.mappings.get(self.mapping.id)
            if mapping is None or not mapping.is_active:
                ended = mapping is not None and mapping.connection_ended
                raise SyncStopped(stop_reasons.DISCONNECTED if ended else stop_reasons.MAPPING_REMOVED)
            if not mapping.written:
                await unit.mappings.update(mapping.mark_written())
                await unit.commit()
                self._marked_now = True

    async def unmark_written(self) -> None:
        """Release the events if this run bound them and then wrote nothing.

        Where another run has taken over, that one may have written since.
        """
        if not self._marked_now:
            return
        async with self.units.write() as unit:
            mapping, lease_status = (
                await unit.mappings.get(self.mapping.id),
                await unit.runs.lease_status(self.run_id),
            )
            if mapping is not None and lease_status is not None and lease_status.owner == self.owner:
                await unit.mappings.update(mapping.unmark_written())
                await unit.commit()
