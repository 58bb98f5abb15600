"""How many read both sides at once: a few in all, fewer of one organization, and no wait without an end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated

from fastapi import Depends, Request

from core.domain.errors import Overloaded

AT_ONCE = 16
"""Readings that go on at once; more would read no faster, and take memory."""
AT_ONCE_OF_ONE = 2
MOST_UNDER_WAY_OF_ONE = 8
"""Of one owner, those that wait for their turn among them: more is more than people can read."""
WAITS_AT_MOST = 15.0
"""Seconds until there is a place. Together with the patience of an interactive reading, a person waits 45."""


class RequestCapacity:
    """Places by owner; an owner is an organization, and cannot take another one's."""

    def __init__(self, waits_at_most: float = WAITS_AT_MOST) -> None:
        self._waits_at_most = waits_at_most
        self._owners: Counter[str] = Counter()
        """How many readings of each are under way."""
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._all_turns = asyncio.Semaphore(AT_ONCE)

    @contextmanager
    def booked(self, owner: str) -> Iterator[asyncio.Semaphore]:
        """Count one more of the owner's; it has no place yet.

        Raises:
            Overloaded: so many of the owner's are under way that another one would only wait.
        """
        if self._owners[owner] >= MOST_UNDER_WAY_OF_ONE:
            raise Overloaded
        self._owners[owner] += 1
        try:
            yield self._turns.setdefault(owner, asyncio.Semaphore(AT_ONCE_OF_ONE))
        finally:
            self._owners[owner] -= 1
            if not self._owners[owner]:
                del self._owners[owner]
                del self._turns[owner]

    @asynccontextmanager
    async def taken(self, own: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait for a place, first among the owner's and then among all.

        Raises:
            Overloaded: there was none in time.
        """
        try:
            async with asyncio.timeout(self._waits_at_most):
                await own.acquire()
                try:
                    await self._all_turns.acquire()
                except BaseException:
                    own.release()
                    raise
        except TimeoutError:
            raise Overloaded from None
        try:
            yield
        finally:
            self._all_turns.release()
            own.release()

    @asynccontextmanager
    async def of(self, owner: str) -> AsyncIterator[None]:
        """Book and take one.

        Raises:
            Overloaded
        """
        with self.booked(owner) as own:
            async with self.taken(own):
                yield


def places_of(request: Request) -> RequestCapacity:
    places: RequestCapacity = request.app.state.places
    return places


PlacesOf = Annotated[RequestCapacity, Depends(places_of)]
