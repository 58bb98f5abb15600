"""The connections of a worker to the queue's database."""

import asyncio

import psycopg_pool
import pytest

from tests.contract.jobs.conftest import MakeQueuedJobs
from tests.support.harness import Harness
from tests.support.timeouts import happens


async def test_a_worker_that_is_stopped_while_it_connects_leaves_no_connections(
    make_queued: MakeQueuedJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools, connecting = list[psycopg_pool.AsyncConnectionPool](), asyncio.Event()

    async def wait(pool: psycopg_pool.AsyncConnectionPool, timeout: float = 30.0) -> None:  # noqa: ASYNC109 - the library's
        pools.append(pool)
        connecting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(psycopg_pool.AsyncConnectionPool, "wait", wait)
    async with make_queued(Harness()).working():
        await happens(connecting)
    assert [pool.closed for pool in pools] == [True]
