"""A Procrastinate job manager whose workers survive a lost database connection, and miss no job."""

import asyncio
from collections.abc import Callable, Iterable

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.connector import LISTEN_TIMEOUT, BaseConnector, Notify
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback

from ports.log import EventLog

CONNECTIONS = 4
"""For queries; one more for each worker listens."""
LISTEN_RETRY_DELAY = 5.0
"""Seconds: meanwhile the worker polls, about as often."""


# A job that waited for this one's lock was announced when it was deferred, but no worker could take it then.
_WAKE = """
SELECT pg_notify(
    'procrastinate_queue_v1#' || queue_name, json_build_object('type', 'job_inserted', 'job_id', id)::text
) FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'todo'
"""


def is_out_of_reach(error: ConnectorException) -> bool:
    """Check whether a retry may help."""
    return isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError)


class WakingConnector(PsycopgConnector):
    """Wakes a worker whenever it has begun to listen, at first and after every lost connection."""

    async def _loop_notify(
        self,
        on_notification: Notify,
        connection: psycopg.AsyncConnection,
        timeout: float = LISTEN_TIMEOUT,  # noqa: ASYNC109 - Procrastinate's parameter
    ) -> None:
        # Procrastinate offers no public hook between LISTEN and the first notification. A job that was deferred after
        # the worker's last fetch and before LISTEN would otherwise wait for the next poll.
        await on_notification(channel="", payload='{"type": "job_inserted", "job_id": 0}')
        await super()._loop_notify(on_notification, connection, timeout)


class ReconnectingManager(JobManager):
    def __init__(self, connector: BaseConnector, log: EventLog, when_finished: Callable[[], None]) -> None:
        super().__init__(connector)
        self._log = log
        self._when_finished = when_finished
        self._unfinished: list[Job] = []
        self._notifications = 0
        """Of all workers of the process: one that is meant for another worker costs a query at most."""

    def _tolerate(self, error: ConnectorException, doing: str) -> None:
        """Log a temporary error; raise any other one, which ends the worker, so that it is restarted."""
        if not is_out_of_reach(error):
            raise error
        self._log.warning("jobs.queue_unusable", doing=doing, problem=type(error.__cause__).__name__)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Fetch a job; fetch again if there was none, but a notification arrived meanwhile.

        The worker discards what arrives during a fetch, and the fetch may have missed that job.
        """
        while True:
            before = self._notifications
            job = await self._fetch_once(queues, worker_id)
            # A second fetch would lose the job of the first.
            if job is not None or self._notifications == before:
                return job

    async def _fetch_once(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        try:
            job = await super().fetch_job(queues, worker_id)
        except UniqueViolation:  # another worker has just taken a job with the same lock
            return None
        except ConnectorException as error:
            self._tolerate(error, "fetch")
            return None
        unfinished, self._unfinished = self._unfinished, []
        for earlier in unfinished:
            await self.finish_job(earlier, Status.ABORTED, delete_job=True)
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job, or retry later if the database is unreachable: otherwise its lock would be held for good."""
        try:
            await super().finish_job(job=job, status=status, delete_job=delete_job)
            await self.connector.execute_query_async(_WAKE, lock=job.lock)
        except ConnectorException as error:
            if is_out_of_reach(error):
                self._unfinished.append(job)
                self._tolerate(error, "finish")
            # Otherwise the job is already gone, because this worker was considered dead.
        self._when_finished()

    async def update_heartbeat(self, worker_id: int) -> None:
        try:
            await super().update_heartbeat(worker_id)
        except ConnectorException as error:
            self._tolerate(error, "heartbeat")

    async def unregister_worker(self, worker_id: int) -> None:
        """Unregister the worker; if the database has dropped a connection, retry with the next one."""
        for _ in range(CONNECTIONS):
            try:
                await super().unregister_worker(worker_id)
            except ConnectorException as error:
                self._tolerate(error, "sign off")
            else:
                return

    async def defer_periodic_job(self, job: Job, periodic_id: str, defer_timestamp: int) -> int | None:
        try:
            return await super().defer_periodic_job(job, periodic_id, defer_timestamp)
        except UniqueViolation:
            raise
        except ConnectorException as error:
            self._tolerate(error, "tick")
            return None

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        async def count(*, channel: str, notification: Notification) -> None:
            self._notifications += 1
            await on_notification(channel=channel, notification=notification)

        while True:
            try:
                await super().listen_for_jobs(on_notification=count, queues=queues)
            except ConnectorException as error:
                self._tolerate(error, "listen")
            await asyncio.sleep(LISTEN_RETRY_DELAY)
