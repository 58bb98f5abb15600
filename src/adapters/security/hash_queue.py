"""Who waits for a password to be hashed: a bounded queue, in which known ones go first.

A hash takes a core and 64 MB for a while. Unbounded, a few hundred guesses would make everybody else wait for minutes.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from ports.passwords import HashRequest, PasswordsBusy

AT_ONCE = 2
MAX_UNKNOWN = 16
MAX_KNOWN = 16
MAX_OF_ONE_PARTY = 4


class HashCapacity:
    """How many may wait, in all and of one party. Known ones have places of their own."""

    def __init__(self) -> None:
        self._taken: Counter[bool] = Counter()
        self._of_party: Counter[tuple[bool, str]] = Counter()

    @contextmanager
    def taken_by(self, waiting: HashRequest) -> Iterator[None]:
        kind, party = waiting.is_known, (waiting.is_known, waiting.party)
        most = MAX_KNOWN if waiting.is_known else MAX_UNKNOWN
        if self._taken[kind] >= most or self._of_party[party] >= MAX_OF_ONE_PARTY:
            raise PasswordsBusy
        self._taken[kind] += 1
        self._of_party[party] += 1
        try:
            yield
        finally:
            self._taken[kind] -= 1
            self._of_party[party] -= 1
            if not self._of_party[party]:
                del self._of_party[party]


class Turns:
    """A semaphore whose known waiters go first, each group in its order; after each of them, one that is unknown.

    Otherwise, a few browsers that sign in again and again would keep all new devices waiting.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = at_once
        self._waiters: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._known_first = True

    async def acquire(self, *, is_known: bool) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiters[is_known].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn came in the same moment
                self.release()
            raise

    def release(self) -> None:
        for is_known in (self._known_first, not self._known_first):
            waiters = self._waiters[is_known]
            while waiters:
                turn = waiters.popleft()
                if not turn.done():
                    self._known_first = not is_known
                    turn.set_result(None)
                    return
        self._known_first = True
        self._free += 1
