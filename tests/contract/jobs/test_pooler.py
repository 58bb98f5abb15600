"""Jobs behind PgBouncer in transaction mode, which gives every transaction another connection to the server."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from adapters.jobs.queue_schema import connection_options, live_workers, notifications_arrive
from adapters.persistence.engine import engine_at
from core.domain.runs.run import RunState
from tests.contract.jobs.conftest import MakeQueuedJobs, migrated, parameters_of
from tests.contract.persistence.conftest import Server
from tests.support import timeouts
from tests.support.jobs_harness import JobsHarness
from tests.support.timeouts import until

PORT = 6432
"""The port of a socket in a separate folder, so that it is free."""
SOON = 10.0
"""Seconds: without notifications, a worker polls every second."""
RARELY = 60
"""Seconds between two polls by one worker for all, which would find a run as well."""
OFTEN = 20
"""Executions of a statement: the driver would prepare it at the sixth."""


class Pooler:
    """PgBouncer as packaged by Debian; connections rotate, so that no two consecutive transactions get the same."""

    def __init__(self, program: str, server: Server) -> None:
        # Outside of pytest's folder: started as root, it runs as another user, who has no access there.
        self.folder = Path(tempfile.mkdtemp(prefix="gleanin-sync-pgbouncer-"))
        host = sa.make_url(server.url).query["host"]
        (self.folder / "pgbouncer.ini").write_text(
            "[databases]\n"
            f"* = host={host} user=postgres\n"
            "[pgbouncer]\n"
            f"unix_socket_dir = {self.folder}\n"
            f"listen_port = {PORT}\n"
            "auth_type = any\n"
            "pool_mode = transaction\n"
            "default_pool_size = 6\n"
            "server_round_robin = 1\n"
            # Its output is not read after it has started.
            "log_connections = 0\n"
            "log_disconnections = 0\n"
        )
        user = _owner_of(server)
        os.chown(self.folder, user, -1)
        self.process = subprocess.Popen(
            [program, str(self.folder / "pgbouncer.ini")],
            user=user if os.geteuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.output: list[str] = []

    def is_ready(self) -> bool:
        self.output.append(timeouts.next_line(self.process, of_stderr=True))
        assert self.output[-1], "".join(self.output)
        return "process up" in self.output[-1]

    def url_of(self, url: str) -> str:
        pooled = sa.make_url(url).update_query_dict({"host": str(self.folder), "port": str(PORT)})
        return pooled.render_as_string(hide_password=False)

    def close(self) -> None:
        self.process.kill()
        timeouts.end(self.process)
        assert self.process.stderr is not None
        self.process.stderr.close()
        shutil.rmtree(self.folder)


def _owner_of(server: Server) -> int:
    """Return the user that the server runs as, who has access to its socket."""
    with psycopg.connect(**parameters_of(server.url)) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0]).stat().st_uid


@pytest.fixture(scope="module")
def pooler(postgresql_server: Server) -> Iterator[Pooler]:
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if program is None:
        pytest.skip("there is no PgBouncer here: apt-get install pgbouncer")
    pooler = Pooler(program, postgresql_server)
    try:
        timeouts.wait_until(pooler.is_ready, "PgBouncer is up")
        yield pooler
    finally:
        pooler.close()


@pytest.fixture
def queue_url(queue_url: str, pooler: Pooler) -> str:
    """Return the URL of the database without rows, through the pooler."""
    return pooler.url_of(queue_url)


def test_each_transaction_gets_another_connection(queue: dict[str, Any]) -> None:
    with psycopg.connect(**connection_options(queue), autocommit=True) as connection:
        with psycopg.connect(**connection_options(queue)) as other:
            other.execute("SELECT 1")  # holds one server connection, so that there is a second one
            connection.execute("SELECT 1")
        serving = {connection.execute("SELECT pg_backend_pid()").fetchone() for _ in range(OFTEN)}
    assert len(serving) > 1


async def test_missing_notifications_are_detected(
    queue: dict[str, Any], made_queue: str, jobs_harness: JobsHarness, make_queued: MakeQueuedJobs
) -> None:
    assert not await notifications_arrive(queue)
    assert await notifications_arrive(parameters_of(made_queue)), "they arrive without the pooler"
    async with make_queued(jobs_harness).working():
        await until(lambda: jobs_harness.log.entries)
    assert jobs_harness.log.entries == [("jobs.polling", {"every": 1.0})]


async def test_requested_run_starts_soon(make_queued: MakeQueuedJobs, jobs_harness: JobsHarness) -> None:
    one, two = await jobs_harness.mapped(1), await jobs_harness.mapped(2)
    jobs_harness.go_on.set()
    jobs = make_queued(jobs_harness, poll_interval=RARELY, reserved=2)
    async with jobs.working():
        jobs.start((await jobs_harness.book(one)).id)
        await until(lambda: jobs_harness.ended == [one])
        booked = time.monotonic()
        jobs.start((await jobs_harness.book(two)).id)
        await until(lambda: jobs_harness.ended == [one, two])
        assert time.monotonic() - booked < SOON


async def test_two_workers_perform_everything_once(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, queue: dict[str, Any]
) -> None:
    due = [await jobs_harness.due(number) for number in range(1, 9)]
    by_hand = [await jobs_harness.mapped(number) for number in range(101, 109)]
    both = [make_queued(jobs_harness, max_concurrent=6, reserved=2) for _ in range(2)]
    jobs_harness.differs.update(due[::2])
    async with AsyncExitStack() as working:
        for jobs in both:
            await working.enter_async_context(jobs.working())
        runs = [await jobs_harness.book(each) for each in by_hand]
        await until(lambda: {*by_hand} < {*jobs_harness.under_way})
        assert await asyncio.to_thread(live_workers, queue, 30) == 2
        jobs_harness.go_on.set()
        await until(
            lambda: len(jobs_harness.ended) == len(due[::2]) + len(by_hand) and not jobs_harness.under_way
        )
        await until(lambda: len(jobs_harness.checked) == len(due))
    assert sorted(jobs_harness.checked) == sorted(due)
    assert sorted(jobs_harness.begun) == sorted([*due[::2], *by_hand])
    for run, mapping in zip(runs, by_hand, strict=True):
        assert [(run.id, run.state) for run in await jobs_harness.runs_of(mapping)] == [
            (run.id, RunState.COMPLETED)
        ]
    assert [name for name, _ in jobs_harness.log.entries] == ["jobs.polling"] * 2


async def test_product_queries_work_without_prepared_statements(
    jobs_harness: JobsHarness,
) -> None:
    mapping = await jobs_harness.mapped(1)
    runs = [await jobs_harness.book(await jobs_harness.mapped(number)) for number in range(2, OFTEN)]
    for _ in range(OFTEN):
        assert [*await asyncio.gather(*(jobs_harness.runs_of(run.mapping_id) for run in runs))] == [
            [run] for run in runs
        ]
    async with jobs_harness.units.read() as unit:
        assert [await unit.mappings.get(mapping) for _ in range(OFTEN)] == [
            await unit.mappings.get(mapping)
        ] * OFTEN


def test_database_can_be_set_up_through_the_pooler(pooler: Pooler, postgresql_server: Server) -> None:
    url = migrated(pooler.url_of(postgresql_server.new_database()))
    engine = engine_at(url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM procrastinate_jobs")) == 0
    engine.dispose()
