"""The PostgreSQL queue: its tables, its single poll for all workers, and database failures."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from procrastinate.schema import SchemaManager
from pydantic import SecretStr

from adapters.jobs.queue_schema import connection_options, create_tables, live_workers, upgrade_tables
from adapters.persistence.engine import engine_at
from adapters.persistence.tables import metadata
from core.domain.runs.run import Trigger
from entrypoints.database import upgrade_database
from entrypoints.settings import Settings
from ports.store.errors import DatabaseUnavailable
from tests.contract.jobs.conftest import MakeQueuedJobs
from tests.contract.persistence.conftest import Server
from tests.support.jobs_harness import JobsHarness
from tests.support.store_samples import a_run
from tests.support.timeouts import until

TABLES = "SELECT count(*) FROM pg_tables WHERE starts_with(tablename, 'procrastinate')"
JOB = """
SELECT concat_ws(' ', queue_name, lock, queueing_lock, priority, CASE WHEN scheduled_at IS NULL THEN 'at once' END)
FROM procrastinate_jobs
"""


def _query(queue: dict[str, Any], question: str, *values: object) -> Any:
    with psycopg.connect(**connection_options(queue), autocommit=True) as connection:
        cursor = connection.execute(question, values)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


async def test_one_poll_serves_two_workers(make_queued: MakeQueuedJobs, jobs_harness: JobsHarness) -> None:
    async with AsyncExitStack() as both:
        for _ in range(2):
            await both.enter_async_context(make_queued(jobs_harness, reserved=2).working())
        await until(lambda: jobs_harness.polls > 3)
        await asyncio.sleep(1)
        before, began = jobs_harness.polls, time.monotonic()
        await asyncio.sleep(4)
        await until(lambda: jobs_harness.polls >= before + 3)
        # Once a second, one of them searches for abandoned runs, and for runs to offer before and after the job ends.
        assert jobs_harness.polls - before <= 3 * (time.monotonic() - began + 2)


async def test_losing_the_queue_loses_no_run(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, queue: dict[str, Any]
) -> None:
    mappings = [await jobs_harness.mapped(number) for number in range(1, 6)]
    jobs = make_queued(jobs_harness, 1, 1)
    async with jobs.working():
        for mapping in mappings:
            jobs.start((await jobs_harness.book(mapping)).id)
        await until(lambda: jobs_harness.begun)
        await asyncio.sleep(0.2)
        _query(queue, "DELETE FROM procrastinate_jobs")
        jobs_harness.go_on.set()
        await until(lambda: len(jobs_harness.ended) == 5)
    assert sorted(jobs_harness.begun) == mappings


async def test_live_processes_are_counted(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, queue: dict[str, Any]
) -> None:
    _query(queue, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')")
    assert live_workers(queue, 30) == 0
    async with (
        make_queued(jobs_harness, reserved=1).working(),
        make_queued(jobs_harness, reserved=1).working(),
    ):
        await until(lambda: _query(queue, "SELECT count(*) FROM procrastinate_workers") == 1 + 2 * 3)
        assert live_workers(queue, 30) == 2, "a process counts once, though it serves three queues"


def test_missing_queue_has_no_workers(no_queue: dict[str, Any]) -> None:
    assert live_workers(no_queue, 30) == 0
    assert _query(no_queue, TABLES) == 0


async def test_workers_survive_dropped_connections(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, queue: dict[str, Any]
) -> None:
    one, two = await jobs_harness.mapped(1), await jobs_harness.mapped(2)
    jobs = make_queued(jobs_harness, reserved=2)
    dropping = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    async with jobs.working():
        jobs.start((await jobs_harness.book(one)).id)
        await until(lambda: jobs_harness.begun)
        assert _query(queue, dropping) > 1
        jobs_harness.go_on.set()
        jobs.start((await jobs_harness.book(two)).id)
        await until(lambda: sorted(jobs_harness.ended) == [one, two])
        again = await jobs_harness.book(one)
        jobs.start(again.id)
        await until(lambda: len(jobs_harness.ended) == 3)
    assert await asyncio.to_thread(_query, queue, "SELECT count(*) FROM procrastinate_workers") == 0


@pytest.mark.parametrize("name", ["gleanin-sync", "gleanin-sync-by-hand"])
async def test_job_of_a_dead_worker_releases_its_mapping(
    make_queued: MakeQueuedJobs, jobs_harness: JobsHarness, queue: dict[str, Any], name: str
) -> None:
    mapping = await jobs_harness.mapped(1)
    _query(
        queue,
        "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')"
        " RETURNING id) INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status,"
        " worker_id) SELECT %s, 'sync', %s, %s, '{}', 'doing', id FROM dead",
        name,
        mapping,
        mapping,
    )
    jobs_harness.go_on.set()
    await jobs_harness.book(mapping)
    async with make_queued(jobs_harness, 8, 1).working():
        await until(lambda: jobs_harness.ended == [mapping])
    assert [name for name, _ in jobs_harness.log.entries] == ["jobs.worker_lost"]


def test_concurrent_creation_of_the_tables_is_serialized(no_queue: dict[str, Any]) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(create_tables, [no_queue] * 4)] == [None] * 4
        assert [*pool.map(upgrade_tables, [no_queue] * 4)] == [None] * 4
    assert _query(no_queue, TABLES) == 4


def test_upgrade_recreates_the_tables_of_another_version(no_queue: dict[str, Any]) -> None:
    create_tables(no_queue)
    _query(no_queue, "COMMENT ON TABLE procrastinate_jobs IS 'gleanin-sync, procrastinate of yore'")
    _query(no_queue, "DROP TABLE procrastinate_events")
    with pytest.raises(DatabaseUnavailable, match="gleanin-sync database upgrade"):
        create_tables(no_queue)
    upgrade_tables(no_queue)
    create_tables(no_queue)
    assert _query(no_queue, TABLES) == 4


async def test_upgrade_creates_tables_that_migrations_ignore(
    postgresql_server: Server,
) -> None:
    url = postgresql_server.new_database()
    upgrade_database(Settings(database_url=SecretStr(url)))
    engine = engine_at(url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text(TABLES)) == 4
        own = MigrationContext.configure(
            connection, opts={"include_name": lambda name, *_: not (name or "").startswith("procrastinate_")}
        )
        assert compare_metadata(own, metadata) == []
    engine.dispose()


async def test_run_and_job_are_stored_together(
    jobs_harness: JobsHarness, make_queued: MakeQueuedJobs, queue: dict[str, Any]
) -> None:
    del make_queued  # there is no worker
    mapping, other = await jobs_harness.mapped(1), await jobs_harness.mapped(2)
    await jobs_harness.book(mapping, Trigger.CONTINUOUS)
    assert _query(queue, JOB) == f"gleanin-sync {mapping} {mapping} 0 at once"
    await jobs_harness.book(mapping)
    assert _query(queue, JOB) == f"gleanin-sync-by-hand {mapping} {mapping} 10 at once", (
        "it replaces the one that waits"
    )
    async with jobs_harness.units.write() as unit:
        await unit.runs.add(a_run(9, other))
    assert _query(queue, "SELECT count(*) FROM procrastinate_jobs") == 1, "a rolled back run leaves no job"


async def test_job_offered_by_another_process_serves_a_requested_run(
    jobs_harness: JobsHarness, make_queued: MakeQueuedJobs, queue: dict[str, Any]
) -> None:
    del make_queued
    mapping = await jobs_harness.mapped(1)
    _query(
        queue,
        "CREATE FUNCTION comes_between() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF pg_trigger_depth() = 1 THEN INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock)"
        " VALUES ('gleanin-sync', 'sync', NEW.lock, NEW.lock); END IF; RETURN NEW; END $$",
    )
    _query(
        queue,
        "CREATE TRIGGER comes_between BEFORE INSERT ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION comes_between()",
    )
    try:
        run = await jobs_harness.book(mapping)
    finally:
        _query(queue, "DROP FUNCTION comes_between CASCADE")
    assert [run.id for run in await jobs_harness.runs_of(mapping)] == [run.id]


def test_tables_of_another_program_are_not_touched(no_queue: dict[str, Any]) -> None:
    with psycopg.connect(**connection_options(no_queue)) as connection:
        connection.execute(SchemaManager.get_schema())
    for make in (create_tables, upgrade_tables):
        with pytest.raises(DatabaseUnavailable, match="Use a separate database"):
            make(no_queue)
    assert _query(no_queue, TABLES) == 4
