"""Parsing outside the event loop, so that one tenant's large response does not hold up the other tenants."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

SMALL = 16 * 1024
"""Bytes: a smaller response is parsed in place, which takes 0.3 ms; handing it to a thread takes 0.1 ms more."""
THREADS = 2
"""They share the interpreter lock with the event loop: the second serves another tenant, more would be slower."""


@dataclass(frozen=True, slots=True)
class ParsingLane:
    """Parses one response at a time, so that one client never takes more than one of the threads."""

    threads: Executor
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def run(self, size: int, parse: Callable[[], T]) -> T:
        """Parse a response of `size` bytes.

        A cancelled caller does not wait: the parsing goes on in its thread and its result is dropped, so `parse` must
        use nothing but the response.
        """
        if size <= SMALL:
            return parse()
        await self._lock.acquire()
        loop = asyncio.get_running_loop()
        work = self.threads.submit(parse)
        work.add_done_callback(lambda _: self._release(loop))
        return await asyncio.wrap_future(work)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        """Release the lock when the thread is done, not when the caller is: cancelled callers could take all threads."""
        with suppress(RuntimeError):  # the loop is closed, so the result is not awaited
            loop.call_soon_threadsafe(self._lock.release)


def parsing_threads() -> Executor:
    """Create the threads that all clients of one system share."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="parsing")
