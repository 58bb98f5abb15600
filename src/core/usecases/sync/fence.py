"""The fence before every write: a run that lost its lease, its mapping or its connection writes no more."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from core.domain import stops
from core.domain.identifiers import MappingId, RunId
from core.domain.stops import STOPS_ASKED_FOR
from core.usecases.sync.failures import SyncStopped
from ports.clock import Clock
from ports.persistence import Standing, Units

TURNS_TO_GATHER = 4
"""Of the event loop, some microseconds each, in which writes that become due may still join a question."""


@dataclass(slots=True)
class Fence:
    """Awaited before each write (rules 8 and 23).

    Asking the database for every single write would cost as much as the write. So writes that become due about
    the same time, or while a question is under way, share the next one: each write is still preceded by an answer that is younger than
    the decision to write.
    """

    units: Units
    clock: Clock
    run_id: RunId
    mapping_id: MappingId
    owner: str
    lease: timedelta
    _next: asyncio.Task[None] | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _marked: bool = False
    _marked_now: bool = False

    async def __call__(self) -> None:
        """Return if writing is allowed.

        Raises:
            SyncStopped: it is not.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        # Somebody's being cancelled must not cancel the question that others wait for.
        await asyncio.shield(self._next)

    async def _ask(self) -> None:
        async with self._one_at_a_time:
            for _ in range(TURNS_TO_GATHER):
                await asyncio.sleep(0)
            self._next = None
            if not self._marked:
                await self._mark_written()
                self._marked = True
            async with self.units.reading() as unit:
                standing = await unit.runs.standing(self.run_id)
            if standing is None or standing.owner != self.owner:
                raise SyncStopped(stops.TAKEN_OVER)
            if standing.stop_asked:
                raise SyncStopped(STOPS_ASKED_FOR[standing.stop_asked])
            await self._check_lease(standing)

    async def _check_lease(self, standing: Standing) -> None:
        now = self.clock.now()
        if standing.lease_until is None or standing.lease_until <= now:
            async with self.units.writing() as unit:
                held = await unit.runs.renew(self.run_id, self.owner, now + self.lease)
                await unit.commit()
            if not held:
                raise SyncStopped(stops.TAKEN_OVER)

    async def _mark_written(self) -> None:
        """Bind the mapping's events to each other, before anything is written under it (rule 5)."""
        async with self.units.writing() as unit:
            mapping = await unit.mappings.get(self.mapping_id)
            if mapping is None or not mapping.is_active:
                ended = mapping is not None and mapping.connection_ended
                raise SyncStopped(stops.DISCONNECTED if ended else stops.MAPPING_REMOVED)
            if not mapping.written:
                await unit.mappings.update(mapping.mark_written())
                await unit.commit()
                self._marked_now = True

    async def take_mark_back(self) -> None:
        """Free the events again, if it was this slice that bound them: for one that wrote nothing after all.

        Where another run has taken over, that one may have written since.
        """
        if not self._marked_now:
            return
        async with self.units.writing() as unit:
            mapping, standing = (
                await unit.mappings.get(self.mapping_id),
                await unit.runs.standing(self.run_id),
            )
            if mapping is not None and standing is not None and standing.owner == self.owner:
                await unit.mappings.update(mapping.take_mark_back())
                await unit.commit()
