"""A bounded queue for password hashing, in which known parties go first.

A hash takes a core and 64 MB for a while. Without a bound, a few hundred guesses would delay all other sign-ins by
minutes.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from ports.passwords import HashRequest, PasswordsBusy

MAX_CONCURRENT = 2
MAX_UNKNOWN = 16
MAX_KNOWN = 16
MAX_PER_PARTY = 4


class HashCapacity:
    """Limits the requests that may wait, in total and per party; known parties have separate slots."""

    def __init__(self) -> None:
        self._waiting: Counter[bool] = Counter()
        self._by_party: Counter[tuple[bool, str]] = Counter()

    @contextmanager
    def reserve(self, request: HashRequest) -> Iterator[None]:
        """Hold a slot for as long as the context lasts.

        Raises:
            PasswordsBusy: there is no free slot.
        """
        kind, party = request.is_known, (request.is_known, request.party)
        limit = MAX_KNOWN if request.is_known else MAX_UNKNOWN
        if self._waiting[kind] >= limit or self._by_party[party] >= MAX_PER_PARTY:
            raise PasswordsBusy
        self._waiting[kind] += 1
        self._by_party[party] += 1
        try:
            yield
        finally:
            self._waiting[kind] -= 1
            self._by_party[party] -= 1
            if not self._by_party[party]:
                del self._by_party[party]


class PrioritySemaphore:
    """A semaphore that serves known waiters first, but an unknown one after each of them.

    Within a group, waiters are served in order. Without the alternation, a few browsers that sign in again and again
    would keep all new devices waiting.
    """

    def __init__(self, max_concurrent: int = MAX_CONCURRENT) -> None:
        self._free = max_concurrent
        self._waiters: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._known_first = True

    async def acquire(self, *, is_known: bool) -> None:
        if self._free:
            self._free -= 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[is_known].append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():  # it was served in the same moment
                self.release()
            raise

    def release(self) -> None:
        for is_known in (self._known_first, not self._known_first):
            waiters = self._waiters[is_known]
            while waiters:
                waiter = waiters.popleft()
                if not waiter.done():
                    self._known_first = not is_known
                    waiter.set_result(None)
                    return
        self._known_first = True
        self._free += 1
