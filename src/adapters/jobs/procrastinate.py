"""Runs carried out by any number of processes on any number of machines, through a queue in PostgreSQL.

The run table stays the only truth. A job says "look at this mapping, a run of it may be next", and nothing else: if
the whole queue were lost, the next look would offer the same jobs again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status

from adapters.jobs.deferring import BY_HAND, PRIORITIES, QUEUE, SYNC, UPKEEP, arguments_for, queue_for
from adapters.jobs.in_process import AT_ONCE, KEPT_FOR_PEOPLE, POLL_INTERVAL, Work, ended, seen_to
from adapters.jobs.log_bridge import bridge_logs
from adapters.jobs.queue_schema import connecting, make_tables, notifications_arrive
from adapters.jobs.reconnecting import CONNECTIONS, ReconnectingManager
from core.domain.ids import RunId
from core.domain.runs.fair_queue import QueuedWork
from ports.log import EventLog
from ports.store.errors import PersistenceError

MOST_OFFERED = 200
"""Jobs in the queue: few enough that the order in which runs are chosen is the order in which they start."""
SILENCE = 30.0
SHORTEST_SILENCE = 3.0
"""Seconds: heartbeats come three times as often, and each is a question to the database."""
POLL_EVERY = 1.0
"""Seconds, where no notification arrives."""
TRY_AGAIN_AFTER = 1.0
"""Seconds."""
_PATIENCE = 5.0
"""Seconds that a question waits for a connection: while there is none, stopping waits for a few of them.

After as many the pool gives up to connect, and begins anew when somebody asks: its pauses grow up to minutes.
"""
_FORGOTTEN_AFTER = 86_400.0
"""Seconds of silence after which a worker cannot come back: until then it may have been asleep only."""
UPKEEP_PLACES = 2
"""To forget what is old can take its time, and the look for what dead workers left must not wait for it."""


@dataclass(slots=True)
class ProcrastinateJobs:
    work: Work
    log: EventLog
    database: Mapping[str, Any]
    """What psycopg is to connect with."""
    at_once: int = AT_ONCE
    look_every: int = int(POLL_INTERVAL)
    kept_for_people: int = KEPT_FOR_PEOPLE
    silence: float = SILENCE
    """Seconds without a heartbeat after which a worker is taken for dead."""
    _app: App = field(init=False)
    _manager: ReconnectingManager = field(init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        connector = PsycopgConnector(
            kwargs=connecting(self.database),
            min_size=1,
            max_size=CONNECTIONS,
            timeout=_PATIENCE,
            reconnect_timeout=_PATIENCE,
        )
        self._app = App(connector=connector)
        self._manager = ReconnectingManager(connector, self.log, self._wanted.set)
        self._app.job_manager = self._manager
        self._app.task(name=SYNC, queue=QUEUE)(self._sync)
        for name, cron, see_to in (
            ("look", f"* * * * * */{self.look_every}", self._see_to_all),
            ("tidy", "0 * * * *", partial(self._tried, self.work.tidy)),
        ):
            task = self._app.task(name=name, queue=UPKEEP, queueing_lock=name)(_timed(see_to))
            self._app.periodic(cron=cron)(task)

    def start(self, run_id: RunId) -> None:
        """Do nothing: the run's job was deferred together with it, and its worker is woken."""

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        await asyncio.to_thread(make_tables, self.database)
        with bridge_logs(self.log):
            beside = [
                asyncio.create_task(self._keep_working(), name="jobs"),
                asyncio.create_task(self._keep_offering(), name="offers"),
                asyncio.create_task(self._keep_telling(), name="notices"),
            ]
            try:
                yield
            finally:
                await ended(beside)

    async def _keep_working(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        while not task.cancelling():  # a worker that cannot sign off from its database drops the cancellation
            await self._tried(self._work_on)
            await asyncio.sleep(TRY_AGAIN_AFTER)

    async def _work_on(self) -> None:
        async with self._app.open_async():
            hears = await notifications_arrive(self.database)
            if not hears:
                self.log.warning("jobs.polling", every=POLL_EVERY)
            self._wanted.set()
            workers = [
                asyncio.create_task(self._worker(queues, places, hears=hears))
                for queues, places in (
                    ([QUEUE, BY_HAND], self.at_once - self.kept_for_people),
                    ([BY_HAND], self.kept_for_people),
                    ([UPKEEP], UPKEEP_PLACES),
                )
                if places > 0
            ]
            try:
                # As soon as one has failed, all are begun again. They are cancelled once and no more, which a gather
                # would not keep to: the second time, a worker leaves its jobs behind.
                done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
            finally:
                await ended(workers)
                # What was interrupted waits by now, and others may have room.
                await self._tried(self._offer)

    async def _worker(self, queues: Sequence[str], places: int, *, hears: bool) -> None:
        await self._app.run_worker_async(
            queues=queues,
            concurrency=places,
            fetch_job_polling_interval=self.look_every if hears else POLL_EVERY,
            listen_notify=hears,
            shutdown_graceful_timeout=0,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self.silence / 3,
            stalled_worker_timeout=_FORGOTTEN_AFTER,
        )

    async def _keep_offering(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if not await self._tried(self._offer):
                await asyncio.sleep(TRY_AGAIN_AFTER)
                self._wanted.set()

    async def _keep_telling(self) -> None:
        """Deliver notices beside the queue: as a job, this would take a run's place for as long as somebody is slow.

        Every worker looks; that no two make the same attempt is what the outbox sees to.
        """
        while True:
            await self._tried(self.work.tell)
            await asyncio.sleep(self.look_every)

    async def _tried(self, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except (PersistenceError, ConnectorException) as error:
            self.log.warning("jobs.store_unusable", problem=type(error.__cause__ or error).__name__)
        except Exception as error:  # noqa: BLE001 - one bad look must not be the last
            self.log.fault("jobs.look_failed", error)
        else:
            return True
        return False

    async def _see_to_all(self) -> None:
        """Clear away what the dead left, and offer what waits: one worker does it for all."""
        for work in (self._clear_away, self._take_over):
            await self._tried(work)
        self._wanted.set()

    async def _clear_away(self) -> None:
        """End jobs of workers that are dead, whose mappings they would keep locked; their runs are offered anew."""
        for queue in (QUEUE, BY_HAND, UPKEEP):
            for job in await self._manager.get_stalled_jobs(
                queue=queue, seconds_since_heartbeat=self.silence
            ):
                self.log.warning("jobs.worker_lost", task=job.task_name, worker=job.worker_id)
                await self._manager.finish_job(job, Status.ABORTED, delete_job=True)

    async def _take_over(self) -> None:
        for each in await self.work.choose(MOST_OFFERED, 0):
            if each.is_abandoned and each.run_id is not None:
                await self.work.take_over(each.run_id)

    async def _offer(self) -> None:
        """Give every run whose turn it is a job, unless its mapping has one."""
        chosen = await self.work.choose(MOST_OFFERED, 0)
        if not chosen:
            return
        there = {job.lock: job for job in await self._manager.list_jobs_async(task=SYNC)}
        new = []
        for each in chosen:
            former = there.get(each.mapping_id)
            if not each.is_abandoned and (former is None or await self._gives_way(former, each)):
                new.append(_job(each))
        if new:
            try:
                await self._manager.batch_defer_jobs_async(new)
            except AlreadyEnqueued:  # another process offers too: look at what is still to do
                self._wanted.set()

    async def _gives_way(self, former: Job, run: QueuedWork) -> bool:
        """Take back a job that waits, if somebody has asked for its run by hand meanwhile."""
        if former.status != Status.TODO.value or former.priority >= PRIORITIES[run.trigger]:
            return False
        assert former.id is not None
        return await self._manager.cancel_job_by_id_async(former.id, delete_job=True)

    async def _sync(self, mapping_id: str) -> None:
        """Carry out the mapping's run if it is its turn; if it is not any more, it is offered again later."""
        try:
            for each in await self.work.choose(MOST_OFFERED, 0):
                if each.mapping_id == mapping_id and not each.is_abandoned:
                    await seen_to(self.work, each)
        except Exception as error:  # noqa: BLE001 - nobody awaits this; the run has noted its end by itself
            self.log.fault("jobs.run_failed", error, mapping=mapping_id)
            await asyncio.sleep(TRY_AGAIN_AFTER)


def _job(run: QueuedWork) -> Job:
    return Job(
        queue=queue_for(run.trigger),
        task_name=SYNC,
        lock=run.mapping_id,
        queueing_lock=run.mapping_id,
        priority=PRIORITIES[run.trigger],
        task_kwargs=arguments_for(run.mapping_id),
    )


def _timed(work: Callable[[], Awaitable[object]]) -> Callable[..., Awaitable[None]]:
    """Take the moment that a periodic task is called with."""

    async def task(timestamp: int) -> None:  # noqa: ARG001
        await work()

    return task
