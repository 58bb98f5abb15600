"""Procrastinate's questions to its database, asked so that one that goes unanswered ends no worker."""

import asyncio
from collections.abc import Callable, Iterable

import psycopg
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from ports.log import EventLog

CONNECTIONS = 4
"""For jobs; two more listen."""
LISTEN_AGAIN_AFTER = 5.0
"""Seconds: meanwhile the worker looks by itself, about as often."""


# A job that has waited for this one's lock was announced when it was deferred, and nobody could take it then.
_WAKE = """
SELECT pg_notify(
    'procrastinate_queue_v1#' || queue_name, json_build_object('type', 'job_inserted', 'job_id', id)::text
) FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'todo'
"""


def is_out_of_reach(error: ConnectorException) -> bool:
    """Tell whether asking again later may help."""
    return isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError)


class ReconnectingManager(JobManager):
    def __init__(self, connector: BaseConnector, log: EventLog, when_finished: Callable[[], None]) -> None:
        super().__init__(connector)
        self._log = log
        self._when_finished = when_finished
        self._unfinished: list[Job] = []

    def _bear(self, error: ConnectorException, doing: str) -> None:
        """Go on after what passes; what does not ends the worker, and another one is begun."""
        if not is_out_of_reach(error):
            raise error
        self._log.warning("jobs.queue_unusable", doing=doing, problem=type(error.__cause__).__name__)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        try:
            job = await super().fetch_job(queues, worker_id)
        except UniqueViolation:  # another worker took one with the same lock in this moment
            return None
        except ConnectorException as error:
            self._bear(error, "fetch")
            return None
        again, self._unfinished = self._unfinished, []
        for each in again:
            await self.finish_job(each, Status.ABORTED, delete_job=True)
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job; while the database is out of reach that is put off, or its lock would be held for good."""
        try:
            await super().finish_job(job=job, status=status, delete_job=delete_job)
            await self.connector.execute_query_async(_WAKE, lock=job.lock)
        except ConnectorException as error:
            if is_out_of_reach(error):
                self._unfinished.append(job)
                self._bear(error, "finish")
            # Or else it is gone already: this worker was taken for dead.
        self._when_finished()

    async def update_heartbeat(self, worker_id: int) -> None:
        try:
            await super().update_heartbeat(worker_id)
        except ConnectorException as error:
            self._bear(error, "heartbeat")

    async def unregister_worker(self, worker_id: int) -> None:
        """Sign off, by the next connection where the database has dropped one meanwhile."""
        for _ in range(CONNECTIONS):
            try:
                await super().unregister_worker(worker_id)
            except ConnectorException as error:
                self._bear(error, "sign off")
            else:
                return

    async def defer_periodic_job(self, job: Job, periodic_id: str, defer_timestamp: int) -> int | None:
        try:
            return await super().defer_periodic_job(job, periodic_id, defer_timestamp)
        except UniqueViolation:
            raise
        except ConnectorException as error:
            self._bear(error, "tick")
            return None

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except ConnectorException as error:
                self._bear(error, "listen")
            await asyncio.sleep(LISTEN_AGAIN_AFTER)
