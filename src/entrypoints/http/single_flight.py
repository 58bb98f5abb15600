"""Slow reads: done once for all concurrent requests, a few at a time, and cached for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

from entrypoints.http.capacity import RequestCapacity

MAX_CACHED = 32
"""For all owners together; the result for 5,000 sessions takes about 20 MB."""
MAX_CACHED_PER_OWNER = 4
MAX_FAILURES = 64

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Reads by key. Each owner has a share of the cache and of the concurrent reads, and cannot use another's.

    An owner is an organization.
    """

    def __init__(self, capacity: RequestCapacity | None = None) -> None:
        self._capacity = capacity or RequestCapacity()
        self._cache: OrderedDict[str, tuple[str, T]] = OrderedDict()
        """Results with their owners, least recently used first."""
        self._tasks: dict[str, asyncio.Task[T]] = {}
        self._failures: OrderedDict[str, BaseException] = OrderedDict()

    def cached(self, key: str) -> T | None:
        if key not in self._cache:
            return None
        self._cache.move_to_end(key)
        return self._cache[key][1]

    def forget(self, key: str) -> None:
        self._cache.pop(key, None)

    def store(self, key: str, owner: str, value: T) -> None:
        """Cache a value; at the limit, evict the least recently used of the owner, then of all."""
        self._cache[key] = (owner, value)
        self._cache.move_to_end(key)
        keys = [cached for cached, (cached_for, _) in self._cache.items() if cached_for == owner]
        for oldest in keys[: max(0, len(keys) - MAX_CACHED_PER_OWNER)]:
            del self._cache[oldest]
        while len(self._cache) > MAX_CACHED:
            self._cache.popitem(last=False)

    def pop_failure(self, key: str) -> BaseException | None:
        """Return why the last read failed, once."""
        return self._failures.pop(key, None)

    def start(self, key: str, owner: str, read: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        """Start a read, or join the one in progress.

        Raises:
            Overloaded: the owner has too many running and waiting reads. The task raises it too, if no slot became
                free in time.
        """
        if key in self._tasks:
            return self._tasks[key]
        reservation = ExitStack()
        owner_slots = reservation.enter_context(self._capacity.reserve(owner))
        self._failures.pop(key, None)
        task = asyncio.ensure_future(self._read(owner_slots, read))
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._ended(key, owner, reservation, done))
        return task

    async def _read(self, owner_slots: asyncio.Semaphore, read: Callable[[], Awaitable[T]]) -> T:
        async with self._capacity.acquire(owner_slots):
            return await read()

    def _ended(self, key: str, owner: str, reservation: ExitStack, task: asyncio.Task[T]) -> None:
        del self._tasks[key]
        reservation.close()
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.store(key, owner, task.result())
            return
        self._failures[key] = error
        while len(self._failures) > MAX_FAILURES:
            self._failures.popitem(last=False)
