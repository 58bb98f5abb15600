"""A deferred job wakes a worker at any time, so that nothing waits for a poll."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from procrastinate import PsycopgConnector
from procrastinate.connector import LISTEN_TIMEOUT, Notify
from procrastinate.jobs import Job, Notification
from procrastinate.manager import JobManager, NotificationCallback

from adapters.jobs.deferring import BY_HAND, QUEUE
from adapters.jobs.queue_schema import connection_options
from tests.contract.jobs.conftest import MakeQueuedJobs
from tests.support.jobs_harness import RARELY, JobsHarness
from tests.support.timeouts import happens, until

QUEUES = [QUEUE, BY_HAND]
"""The queues of the worker that performs runs; the other worker is for maintenance."""
WORKERS = 2


class Observer:
    """Observes the fetches and listeners of the workers, and can hold them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found_nothing, self.may_go_on, self.may_connect = (asyncio.Event() for _ in range(3))
        self.may_go_on.set()
        self.may_connect.set()
        self.listening: set[int] = set()
        """The process ids of the server's ends of the connections."""
        self.announced: set[int] = set()
        """The ids of the jobs of which the worker has been notified."""
        fetch, listen_for_jobs = JobManager.fetch_job, JobManager.listen_for_jobs
        connect, loop_notify = PsycopgConnector._get_standalone_connection, PsycopgConnector._loop_notify

        async def fetch_job(manager: JobManager, queues: Iterable[str] | None, worker_id: int) -> Job | None:
            job = await fetch(manager, queues, worker_id)
            if job is None and queues == QUEUES:
                self.found_nothing.set()
                await happens(self.may_go_on)
            return job

        async def listen(
            manager: JobManager, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
        ) -> None:
            async def notify(*, channel: str, notification: Notification) -> None:
                await on_notification(channel=channel, notification=notification)
                if queues == QUEUES:
                    self.announced.add(notification["job_id"])

            await listen_for_jobs(manager, on_notification=notify, queues=queues)

        @asynccontextmanager
        async def connect_later(connector: PsycopgConnector) -> AsyncIterator[psycopg.AsyncConnection]:
            await happens(self.may_connect)
            async with connect(connector) as connection:
                yield connection

        async def loop(
            connector: PsycopgConnector,
            on_notification: Notify,
            connection: psycopg.AsyncConnection,
            timeout: float = LISTEN_TIMEOUT,  # noqa: ASYNC109 - Procrastinate's parameter
        ) -> None:
            pid = connection.info.backend_pid
            self.listening.add(pid)
            try:
                await loop_notify(connector, on_notification, connection, timeout)
            finally:
                self.listening.remove(pid)

        monkeypatch.setattr(JobManager, "fetch_job", fetch_job)
        monkeypatch.setattr(JobManager, "listen_for_jobs", listen)
        monkeypatch.setattr(PsycopgConnector, "_get_standalone_connection", connect_later)
        monkeypatch.setattr(PsycopgConnector, "_loop_notify", loop)


@pytest.fixture
def observer(monkeypatch: pytest.MonkeyPatch) -> Observer:
    return Observer(monkeypatch)


def _query(queue: dict[str, Any], question: str, *values: object) -> Any:
    with psycopg.connect(**connection_options(queue), autocommit=True) as connection:
        row = connection.execute(question, values).fetchone()
        return row[0] if row else None


async def test_job_announced_during_a_fetch_is_fetched(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, queue: dict[str, Any], observer: Observer
) -> None:
    mapping = await jobs_harness.mapped(1)
    jobs_harness.go_on.set()
    observer.may_go_on.clear()
    async with make_queued(jobs_harness, poll_interval=RARELY).working():
        await happens(observer.found_nothing)
        await until(lambda: len(observer.listening) == WORKERS)
        await jobs_harness.book(mapping)
        job = _query(queue, "SELECT id FROM procrastinate_jobs WHERE lock = %s", mapping)
        await until(lambda: job in observer.announced)
        observer.may_go_on.set()
        await until(lambda: jobs_harness.ended == [mapping], within=RARELY / 2)


async def test_job_deferred_before_the_worker_listens_is_fetched(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, observer: Observer
) -> None:
    mapping = await jobs_harness.mapped(1)
    jobs_harness.go_on.set()
    observer.may_connect.clear()
    async with make_queued(jobs_harness, poll_interval=RARELY).working():
        await happens(observer.found_nothing)
        await jobs_harness.book(mapping)
        observer.may_connect.set()
        await until(lambda: jobs_harness.ended == [mapping], within=RARELY / 2)


async def test_job_deferred_while_the_listener_reconnects_is_fetched(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, queue: dict[str, Any], observer: Observer
) -> None:
    one, two = await jobs_harness.mapped(1), await jobs_harness.mapped(2)
    jobs_harness.go_on.set()
    async with make_queued(jobs_harness, poll_interval=RARELY).working():
        await jobs_harness.book(one)
        await until(lambda: jobs_harness.ended == [one])
        await until(lambda: len(observer.listening) == WORKERS)
        observer.may_connect.clear()
        _query(queue, "SELECT count(pg_terminate_backend(pid)) FROM unnest(%s) pid", [*observer.listening])
        await until(lambda: not observer.listening)
        await jobs_harness.book(two)
        observer.may_connect.set()
        await until(lambda: jobs_harness.ended == [one, two], within=RARELY / 2)
