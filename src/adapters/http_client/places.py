"""How many requests of this process are in flight to one host."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

MAX_IN_FLIGHT = 64
"""To one host, whoever sends them: syncs of many organizations go to the same one."""
# A semaphore belongs to one event loop, and lasts as long as somebody holds or awaits it.
_PLACES: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)


@asynccontextmanager
async def place_at(host: str) -> AsyncIterator[None]:
    """Hold one of the places for requests to a host; waiting for it counts towards no timeout of a request."""
    places = _PLACES.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    semaphore = places.get(host)
    if semaphore is None:
        semaphore = places[host] = asyncio.Semaphore(MAX_IN_FLIGHT)
    async with semaphore:
        yield
