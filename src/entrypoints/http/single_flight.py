"""Things that take long to read: read once for all who ask meanwhile, a few at a time, and kept for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

from entrypoints.http.capacity import RequestCapacity

MOST_KEPT = 32
"""Of all owners together: a reading of 5,000 sessions takes some 20 MB."""
MOST_KEPT_OF_ONE = 4
MOST_FAILURES = 64

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Readings by key; an owner has a share of what is kept and of what goes on at once, and cannot take another one's.

    An owner is an organization.
    """

    def __init__(self, places: RequestCapacity | None = None) -> None:
        self._places = places or RequestCapacity()
        self._kept: OrderedDict[str, tuple[str, T]] = OrderedDict()
        """The least lately used first, with their owners."""
        self._under_way: dict[str, asyncio.Task[T]] = {}
        self._failures: OrderedDict[str, BaseException] = OrderedDict()

    def kept(self, key: str) -> T | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][1]

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)

    def keep(self, key: str, owner: str, thing: T) -> None:
        """Keep it, in the place of the owner's and then of anybody's least lately used."""
        self._kept[key] = (owner, thing)
        self._kept.move_to_end(key)
        own = [each for each, (whose, _) in self._kept.items() if whose == owner]
        for each in own[: max(0, len(own) - MOST_KEPT_OF_ONE)]:
            del self._kept[each]
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def failure(self, key: str) -> BaseException | None:
        """Give why the last reading failed, if nobody was told yet."""
        return self._failures.pop(key, None)

    def start(self, key: str, owner: str, read: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        """Begin to read, or join the reading that is under way.

        Raises:
            Overloaded: so many of the owner's are under way that another one would only wait. The task raises it, too,
                where there was no place in time.
        """
        if key in self._under_way:
            return self._under_way[key]
        booking = ExitStack()
        own = booking.enter_context(self._places.booked(owner))
        self._failures.pop(key, None)
        task = asyncio.ensure_future(self._in_turn(own, read))
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._ended(key, owner, booking, done))
        return task

    async def _in_turn(self, own: asyncio.Semaphore, read: Callable[[], Awaitable[T]]) -> T:
        async with self._places.taken(own):
            return await read()

    def _ended(self, key: str, owner: str, booking: ExitStack, task: asyncio.Task[T]) -> None:
        del self._under_way[key]
        booking.close()
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.keep(key, owner, task.result())
            return
        self._failures[key] = error
        while len(self._failures) > MOST_FAILURES:
            self._failures.popitem(last=False)
