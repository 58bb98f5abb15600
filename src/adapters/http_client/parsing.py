"""Parsing beside the event loop: while one tenant's answer is parsed, the other tenants' requests go on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

SMALL = 16 * 1024
"""Bytes of an answer that is parsed at once: that takes 0.3 ms, and to hand it to a thread takes 0.1 ms more."""
THREADS = 2
"""They take turns with the event loop: a second one is for another tenant's answers, more would be slower."""


@dataclass(frozen=True, slots=True)
class ParsingLane:
    """Parses one answer at a time, so that one reading takes no more than one of the threads."""

    threads: Executor
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def run(self, size: int, parse: Callable[[], T]) -> T:
        """Parse an answer of so many bytes.

        A caller that is cancelled does not wait: what has begun ends by itself, and its result is dropped.
        So it must touch nothing but the answer.
        """
        if size <= SMALL:
            return parse()
        await self._turn.acquire()
        loop = asyncio.get_running_loop()
        work = self.threads.submit(parse)
        work.add_done_callback(lambda _: self._end_turn(loop))
        return await asyncio.wrap_future(work)

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """End it with the thread's work, and not with the caller: who is cancelled often would take all threads."""
        with suppress(RuntimeError):  # the loop is closed: no one awaits the result
            loop.call_soon_threadsafe(self._turn.release)


def parsing_threads() -> Executor:
    """Create the threads that are shared by everybody who reads the same system."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="parsing")
