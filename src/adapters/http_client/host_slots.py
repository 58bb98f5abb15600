"""A limit on the requests that this process has in flight to one host."""

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

MAX_IN_FLIGHT = 64
"""To one host, across all clients: the syncs of many organizations go to the same one."""
_SLOTS: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)
"""A semaphore belongs to one event loop, and lasts as long as a client holds it."""


def slots_for(host: str) -> asyncio.Semaphore:
    """Return the semaphore for requests to a host; each client holds a reference to it."""
    semaphores = _SLOTS.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    semaphore = semaphores.get(host)
    if semaphore is None:
        semaphore = semaphores[host] = asyncio.Semaphore(MAX_IN_FLIGHT)
    return semaphore
