"""How many requests of this process are in flight to one host."""

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

MAX_IN_FLIGHT = 64
"""To one host, whoever sends them: syncs of many organizations go to the same one."""
_PLACES: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)
"""A semaphore belongs to one event loop, and lasts as long as somebody has it."""


def places_at(host: str) -> asyncio.Semaphore:
    """Return the places for requests to a host, which whoever sends some keeps."""
    places = _PLACES.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    semaphore = places.get(host)
    if semaphore is None:
        semaphore = places[host] = asyncio.Semaphore(MAX_IN_FLIGHT)
    return semaphore
