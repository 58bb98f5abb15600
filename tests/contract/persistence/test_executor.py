"""Jobs in threads, which their callers always await."""

import asyncio
import threading

import pytest

from adapters.persistence.executor import DatabaseThreads
from tests.support.timeouts import WITHIN, happens


async def test_a_cancelled_caller_waits_until_its_work_is_done() -> None:
    threads = DatabaseThreads(1)
    began, may_end, ended = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(began.set)
        may_end.wait(WITHIN)  # or the process could not end
        ended.set()

    task = asyncio.create_task(threads.do(work))
    await happens(began)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    threads.close()


async def test_an_error_in_a_thread_is_raised_to_the_caller() -> None:
    threads = DatabaseThreads(1)
    with pytest.raises(ZeroDivisionError):
        await threads.do(lambda: 1 // 0)
    threads.close()
