"""Runs syncs in any number of processes on any number of machines, through a queue in PostgreSQL.

The run table is the only source of truth. A job only says "a run of this mapping may be next": if the whole queue
were lost, the next poll would offer the same jobs again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status

from adapters.jobs.deferring import BY_HAND, MAINTENANCE, PRIORITIES, QUEUE, SYNC, arguments_for, queue_for
from adapters.jobs.in_process import (
    MAX_CONCURRENT,
    POLL_INTERVAL,
    RESERVED_FOR_MANUAL,
    cancel_all,
    perform,
)
from adapters.jobs.log_bridge import bridge_logs
from adapters.jobs.queue_schema import connection_options, create_tables, notifications_arrive
from adapters.jobs.reconnecting import CONNECTIONS, ReconnectingManager, WakingConnector
from core.domain.ids import RunId
from core.domain.runs.fair_queue import QueuedWork
from ports.jobs import JobHandlers
from ports.log import EventLog
from ports.store.errors import PersistenceError

MAX_OFFERED = 200
"""Jobs in the queue: few enough that runs start in the order in which they are selected."""
HEARTBEAT_TIMEOUT = 30.0
MIN_HEARTBEAT_TIMEOUT = 3.0
"""Seconds: heartbeats are three times as frequent, and each one is a database query."""
POLL_WITHOUT_NOTIFY = 1.0
"""Seconds, if notifications do not arrive."""
RETRY_DELAY = 1.0
"""Seconds."""
_CONNECT_TIMEOUT = 5.0
"""Seconds that a query waits for a connection: without one, a shutdown waits for a few of them.

After the same time the pool stops reconnecting, and starts again with the next query: its own pauses would grow to
minutes.
"""
_WORKER_GONE_AFTER = 86_400.0
"""Seconds without a heartbeat after which a worker is removed: until then its machine may only be suspended."""
MAINTENANCE_SLOTS = 2
"""Purging can take long, and the search for abandoned runs must not wait for it."""


@dataclass(slots=True)
class ProcrastinateJobs:
    handlers: JobHandlers
    log: EventLog
    database: Mapping[str, Any]
    """The connection parameters for psycopg."""
    max_concurrent: int = MAX_CONCURRENT
    poll_interval: int = int(POLL_INTERVAL)
    reserved_for_manual: int = RESERVED_FOR_MANUAL
    heartbeat_timeout: float = HEARTBEAT_TIMEOUT
    """Seconds without a heartbeat after which a worker is considered dead."""
    _app: App = field(init=False)
    _manager: ReconnectingManager = field(init=False)
    _offer_requested: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        connector = WakingConnector(
            kwargs=connection_options(self.database),
            min_size=1,
            max_size=CONNECTIONS,
            timeout=_CONNECT_TIMEOUT,
            reconnect_timeout=_CONNECT_TIMEOUT,
        )
        self._app = App(connector=connector)
        self._manager = ReconnectingManager(connector, self.log, self._offer_requested.set)
        self._app.job_manager = self._manager
        self._app.task(name=SYNC, queue=QUEUE)(self._sync)
        for name, cron, handler in (
            ("look", f"* * * * * */{self.poll_interval}", self._poll),
            ("tidy", "0 * * * *", partial(self._try, self.handlers.purge)),
        ):
            task = self._app.task(name=name, queue=MAINTENANCE, queueing_lock=name)(_periodic(handler))
            self._app.periodic(cron=cron)(task)

    def start(self, run_id: RunId) -> None:
        """Do nothing: the run's job was deferred with it, and PostgreSQL wakes a worker."""

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        await asyncio.to_thread(create_tables, self.database)
        with bridge_logs(self.log):
            background = [
                asyncio.create_task(self._keep_working(), name="jobs"),
                asyncio.create_task(self._keep_offering(), name="offers"),
                asyncio.create_task(self._keep_notifying(), name="notices"),
            ]
            try:
                yield
            finally:
                await cancel_all(background)

    async def _keep_working(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            while not task.cancelling():  # a worker that cannot unregister swallows the cancellation
                await self._try(self._run_workers)
                await asyncio.sleep(RETRY_DELAY)
        finally:
            # Stopped while its connections were being opened, nothing else would close them.
            await self._try(self._app.connector.close_async)

    async def _run_workers(self) -> None:
        async with self._app.open_async():
            listens = await notifications_arrive(self.database)
            if not listens:
                self.log.warning("jobs.polling", every=POLL_WITHOUT_NOTIFY)
            self._offer_requested.set()
            workers = [
                asyncio.create_task(self._worker(queues, slots, listens=listens))
                for queues, slots in (
                    ([QUEUE, BY_HAND], self.max_concurrent - self.reserved_for_manual),
                    ([BY_HAND], self.reserved_for_manual),
                    ([MAINTENANCE], MAINTENANCE_SLOTS),
                )
                if slots > 0
            ]
            try:
                # Restart all workers as soon as one fails. Cancel each only once, unlike `gather`: a worker that is
                # cancelled twice abandons its jobs.
                done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
                for worker in done:
                    worker.result()
            finally:
                await cancel_all(workers)
                # Offer interrupted runs to other processes, which may have free slots.
                await self._try(self._offer)

    async def _worker(self, queues: Sequence[str], slots: int, *, listens: bool) -> None:
        await self._app.run_worker_async(
            queues=queues,
            concurrency=slots,
            fetch_job_polling_interval=self.poll_interval if listens else POLL_WITHOUT_NOTIFY,
            listen_notify=listens,
            shutdown_graceful_timeout=0,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self.heartbeat_timeout / 3,
            stalled_worker_timeout=_WORKER_GONE_AFTER,
        )

    async def _keep_offering(self) -> None:
        while True:
            await self._offer_requested.wait()
            self._offer_requested.clear()
            if not await self._try(self._offer):
                await asyncio.sleep(RETRY_DELAY)
                self._offer_requested.set()

    async def _keep_notifying(self) -> None:
        """Deliver notifications outside the queue: a job would occupy a slot while a recipient is slow.

        Every process does this; the outbox prevents duplicate attempts.
        """
        while True:
            await self._try(self.handlers.notify)
            await asyncio.sleep(self.poll_interval)

    async def _try(self, handler: Callable[[], Awaitable[object]]) -> bool:
        try:
            await handler()
        except (PersistenceError, ConnectorException) as error:
            self.log.warning("jobs.store_unusable", problem=type(error.__cause__ or error).__name__)
        except Exception as error:  # noqa: BLE001 - a failure must not end the loop
            self.log.fault("jobs.look_failed", error)
        else:
            return True
        return False

    async def _poll(self) -> None:
        """Abort jobs of dead workers, recover abandoned runs, and offer queued ones; one worker does it for all."""
        for handler in (self._abort_stalled, self._recover):
            await self._try(handler)
        self._offer_requested.set()

    async def _abort_stalled(self) -> None:
        """Abort the jobs of dead workers, which would keep their mappings locked; their runs are offered again."""
        stalled = await self._manager.get_stalled_jobs(seconds_since_heartbeat=self.heartbeat_timeout)
        for job in stalled:
            self.log.warning("jobs.worker_lost", task=job.task_name, worker=job.worker_id)
            await self._manager.finish_job(job, Status.ABORTED, delete_job=True)

    async def _recover(self) -> None:
        for work in await self.handlers.select(MAX_OFFERED, 0):
            if work.is_abandoned and work.run_id is not None:
                await self.handlers.recover(work.run_id)

    async def _offer(self) -> None:
        """Defer a job for every selected run or check, unless its mapping has one."""
        selected = await self.handlers.select(MAX_OFFERED, 0)
        if not selected:
            return
        existing = {job.lock: job for job in await self._manager.list_jobs_async(task=SYNC)}
        new = []
        for work in selected:
            job = existing.get(work.mapping_id)
            if not work.is_abandoned and (job is None or await self._is_superseded(job, work)):
                new.append(_job(work))
        if new:
            try:
                await self._manager.batch_defer_jobs_async(new)
            except AlreadyEnqueued:  # another process has just offered some of these
                self._offer_requested.set()

    async def _is_superseded(self, job: Job, work: QueuedWork) -> bool:
        """Cancel a waiting job whose run was requested by hand since, and return whether it was cancelled."""
        if job.status != Status.TODO.value or job.priority >= PRIORITIES[work.trigger]:
            return False
        assert job.id is not None
        return await self._manager.cancel_job_by_id_async(job.id, delete_job=True)

    async def _sync(self, mapping_id: str) -> None:
        """Run the mapping's sync if it is selected; otherwise it will be offered again later."""
        try:
            for work in await self.handlers.select(MAX_OFFERED, 0):
                if work.mapping_id == mapping_id and not work.is_abandoned:
                    await perform(self.handlers, work)
        except Exception as error:  # noqa: BLE001 - not awaited by anything; the run has stored how it ended
            self.log.fault("jobs.run_failed", error, mapping=mapping_id)
            await asyncio.sleep(RETRY_DELAY)


def _job(work: QueuedWork) -> Job:
    return Job(
        queue=queue_for(work.trigger),
        task_name=SYNC,
        lock=work.mapping_id,
        queueing_lock=work.mapping_id,
        priority=PRIORITIES[work.trigger],
        task_kwargs=arguments_for(work.mapping_id),
    )


def _periodic(handler: Callable[[], Awaitable[object]]) -> Callable[..., Awaitable[None]]:
    """Accept the timestamp that Procrastinate passes to periodic tasks."""

    async def task(timestamp: int) -> None:  # noqa: ARG001
        await handler()

    return task
