"""Blocking work, done in threads without ever being left behind by a cancelled caller."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class UnitExecutor(Protocol):
    """Does a job with the connection of a unit of work.

    A short one reads a row or two, and waits for nobody but a server: without one it needs no thread.
    """

    async def __call__(self, job: Callable[[sa.Connection], T], /, *, is_short: bool = False) -> T: ...

    def later(self, job: Callable[[sa.Connection], object], /) -> None:
        """Do a job whose result nobody needs together with the next one, or with the commit."""
        ...


class DatabaseThreads:
    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="database")

    async def do(self, job: Callable[[], T]) -> T:
        """Await the end of a job, also when cancelled: nobody else may use its connection before."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, job)
        cancelled: asyncio.CancelledError | None = None
        while not future.done():
            try:
                await asyncio.wait((future,))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            future.exception()  # seen: the cancellation is what the caller hears of
            raise cancelled
        return future.result()

    def close(self) -> None:
        self._pool.shutdown()
