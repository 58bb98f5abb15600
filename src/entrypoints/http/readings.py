"""Things that take long to read: read once for all who ask meanwhile, a few at a time, and kept for a while."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from core.domain.refusals import TooBusy

MOST_KEPT = 32
"""Of all owners together: a reading of 5,000 sessions takes some 20 MB."""
MOST_KEPT_OF_ONE = 4
AT_ONCE = 8
"""Readings that go on at once; more would read no faster, and take memory."""
AT_ONCE_OF_ONE = 2
MOST_UNDER_WAY_OF_ONE = 8
"""Of one owner, those that wait for their turn among them: beyond, somebody asks for more than anybody can read."""
MOST_FAILURES = 64

T = TypeVar("T")


class Readings(Generic[T]):
    """Readings by key; an owner has a share of what is kept and of what goes on at once, and takes nobody else's."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, T]] = OrderedDict()
        """The least lately used first, with their owners."""
        self._under_way: dict[str, asyncio.Task[T]] = {}
        self._failures: OrderedDict[str, BaseException] = OrderedDict()
        self._owners: Counter[str] = Counter()
        """How many readings of each are under way."""
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._all_turns = asyncio.Semaphore(AT_ONCE)

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
            TooBusy: so many of the owner's are under way that another one would only wait.
        """
        if key in self._under_way:
            return self._under_way[key]
        if self._owners[owner] >= MOST_UNDER_WAY_OF_ONE:
            raise TooBusy
        self._failures.pop(key, None)
        self._owners[owner] += 1
        task = asyncio.ensure_future(self._in_turn(owner, read))
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._ended(key, owner, done))
        return task

    async def _in_turn(self, owner: str, read: Callable[[], Awaitable[T]]) -> T:
        own = self._turns.setdefault(owner, asyncio.Semaphore(AT_ONCE_OF_ONE))
        async with own, self._all_turns:
            return await read()

    def _ended(self, key: str, owner: str, task: asyncio.Task[T]) -> None:
        del self._under_way[key]
        self._owners[owner] -= 1
        if not self._owners[owner]:
            del self._owners[owner]
            self._turns.pop(owner, None)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.keep(key, owner, task.result())
            return
        self._failures[key] = error
        while len(self._failures) > MOST_FAILURES:
            self._failures.popitem(last=False)
