"""Limit large readings: what a run reads stays in memory until it has ended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

LARGE = 20_000
"""Rows that a run reads from both systems together."""
AT_ONCE = 2
KEEPALIVE_INTERVAL = 5.0
"""Seconds."""


@dataclass(slots=True)
class LargePlace:
    """A reading takes a place as soon as it is large."""

    places: asyncio.Semaphore
    rows: int = 0
    is_taken: bool = False
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, rows: int, while_waiting: Callable[[], None]) -> None:
        """Count rows that were read; once there are many, wait for a place before more are read.

        Args:
            rows: that were read just now.
            while_waiting: called from time to time, for waiting is not being stuck.
        """
        self.rows += rows
        if self.rows <= LARGE:
            return
        async with self._one_at_a_time:
            while not self.is_taken:
                while_waiting()
                with suppress(TimeoutError):
                    async with asyncio.timeout(KEEPALIVE_INTERVAL):
                        self.is_taken = await self.places.acquire()


@dataclass(frozen=True, slots=True)
class LargePlaces:
    """The places of one process."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @asynccontextmanager
    async def for_one(self) -> AsyncIterator[LargePlace]:
        place = LargePlace(self.places)
        try:
            yield place
        finally:
            if place.is_taken:
                self.places.release()
