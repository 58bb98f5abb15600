"""Blocking work in threads, awaited to the end even when the caller is cancelled."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class UnitExecutor(Protocol):
    """An executor of jobs with the connection of a unit of work.

    A short job reads a row or two and waits only for a server; on a file it runs without a thread.
    """

    async def __call__(self, job: Callable[[sa.Connection], T], /, *, is_short: bool = False) -> T: ...

    def later(self, job: Callable[[sa.Connection], object], /) -> None:
        """Run a job without a result together with the next job, or with the commit."""
        ...


class DatabaseThreads:
    def __init__(self, max_threads: int) -> None:
        self._pool = ThreadPoolExecutor(max_threads, thread_name_prefix="database")

    async def do(self, job: Callable[[], T]) -> T:
        """Run a job and await its end, even when cancelled: until then its connection is in use."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, job)
        cancelled: asyncio.CancelledError | None = None
        while not future.done():
            try:
                await asyncio.wait((future,))
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            future.exception()  # mark as retrieved: the caller gets the cancellation instead
            raise cancelled
        return future.result()

    def close(self) -> None:
        self._pool.shutdown()
