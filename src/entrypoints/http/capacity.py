"""Limits for requests that read the source and the destination: in total, per organization, and how long they may wait."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated

from fastapi import Depends, Request

from core.domain.errors import Overloaded

MAX_CONCURRENT = 16
"""Concurrent reads; more would not be faster and would take more memory."""
MAX_CONCURRENT_PER_OWNER = 2
MAX_PENDING_PER_OWNER = 8
"""Running and waiting reads of an owner; people cannot look at more."""
MAX_WAIT_SECONDS = 15.0
"""Seconds to wait for a slot. Together with the time limit of an interactive read, a person waits at most 45."""


class RequestCapacity:
    """Slots by owner. An owner is an organization and cannot use the slots of another."""

    def __init__(self, max_wait_seconds: float = MAX_WAIT_SECONDS) -> None:
        self._max_wait_seconds = max_wait_seconds
        self._pending: Counter[str] = Counter()
        """Running and waiting reads by owner."""
        self._owner_slots: dict[str, asyncio.Semaphore] = {}
        self._slots = asyncio.Semaphore(MAX_CONCURRENT)

    @contextmanager
    def reserve(self, owner: str) -> Iterator[asyncio.Semaphore]:
        """Count a read of the owner; it has no slot yet.

        Raises:
            Overloaded: the owner has too many running and waiting reads.
        """
        if self._pending[owner] >= MAX_PENDING_PER_OWNER:
            raise Overloaded
        self._pending[owner] += 1
        try:
            yield self._owner_slots.setdefault(owner, asyncio.Semaphore(MAX_CONCURRENT_PER_OWNER))
        finally:
            self._pending[owner] -= 1
            if not self._pending[owner]:
                del self._pending[owner]
                del self._owner_slots[owner]

    @asynccontextmanager
    async def acquire(self, owner_slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait for a slot, first among the owner's and then among all.

        Raises:
            Overloaded: no slot became free in time.
        """
        try:
            async with asyncio.timeout(self._max_wait_seconds):
                await owner_slots.acquire()
                try:
                    await self._slots.acquire()
                except BaseException:
                    owner_slots.release()
                    raise
        except TimeoutError:
            raise Overloaded from None
        try:
            yield
        finally:
            self._slots.release()
            owner_slots.release()

    @asynccontextmanager
    async def slot(self, owner: str) -> AsyncIterator[None]:
        """Reserve and acquire a slot.

        Raises:
            Overloaded
        """
        with self.reserve(owner) as owner_slots:
            async with self.acquire(owner_slots):
                yield


def request_capacity_of(request: Request) -> RequestCapacity:
    capacity: RequestCapacity = request.app.state.capacity
    return capacity


RequestCapacityOf = Annotated[RequestCapacity, Depends(request_capacity_of)]
