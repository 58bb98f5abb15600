"""Every implementation of the jobs port, the one with a queue on a real PostgreSQL server."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal, Protocol

import psycopg
import pytest
import sqlalchemy as sa

from adapters.jobs.deferring import deferring
from adapters.jobs.in_process import InProcessJobs
from adapters.jobs.procrastinate import ProcrastinateJobs
from adapters.jobs.queue_schema import connection_options, create_tables
from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.tables import metadata
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from ports.jobs import JobHandlers, Jobs
from tests.contract.persistence.conftest import Server, postgresql_server
from tests.support.harness import Harness
from tests.support.jobs_harness import JobsHarness, nothing

__all__ = ["postgresql_server"]
Kind = Literal["in_process", "procrastinate"]


class MakeJobs(Protocol):
    def __call__(
        self, over: JobsHarness | Harness, max_concurrent: int = 8, poll_interval: int = 1, reserved: int = 0
    ) -> Jobs: ...


class MakeQueuedJobs(Protocol):
    def __call__(
        self, over: JobsHarness | Harness, max_concurrent: int = 8, poll_interval: int = 1, reserved: int = 0
    ) -> ProcrastinateJobs: ...


def handlers_of(over: JobsHarness | Harness) -> JobHandlers:
    return over.handlers() if isinstance(over, JobsHarness) else sync_handlers(over)


def sync_handlers(harness: Harness) -> JobHandlers:
    """Return handlers that run whole syncs."""
    return JobHandlers(
        select=harness.select_next_runs,
        recover=harness.recover_run,
        run=partial(harness.run_sync, waits=False),
        check=harness.run_sync.check,
        requeue=harness.requeue_run,
        purge=nothing,
        notify=harness.deliver_notifications,
    )


def parameters_of(url: str) -> dict[str, Any]:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    _, parameters = engine.dialect.create_connect_args(engine.url)
    return {name: value for name, value in parameters.items() if name != "context"}


@pytest.fixture
def no_queue(postgresql_server: Server) -> dict[str, Any]:
    """Return the connection parameters of an empty database."""
    return parameters_of(postgresql_server.new_database())


def migrated(url: str) -> str:
    """Create the product's tables in a database, and those of its queue if it has one."""
    engine = engine_at(url)
    migrate.upgrade(engine)
    engine.dispose()
    if not url.startswith("sqlite"):
        create_tables(parameters_of(url))
    return url


@pytest.fixture(scope="session")
def made_queue(postgresql_server: Server) -> str:
    return migrated(postgresql_server.new_database())


@pytest.fixture
def queue_url(made_queue: str) -> str:
    """Return the URL of a database without rows; creating one for each test would take too long."""
    with psycopg.connect(**connection_options(parameters_of(made_queue))) as connection:
        tables = ", ".join([*metadata.tables, "procrastinate_workers", "procrastinate_jobs"])
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    return made_queue


@pytest.fixture
def queue(queue_url: str) -> dict[str, Any]:
    """Return the connection parameters of a queue without jobs."""
    return parameters_of(queue_url)


@pytest.fixture
def jobs_harness(request: pytest.FixtureRequest) -> Iterator[JobsHarness]:
    """Return a harness whose runs are in the queue's database, as in the product."""
    is_queued = "make_queued" in request.fixturenames
    if not is_queued and (
        "kind" not in request.fixturenames or request.getfixturevalue("kind") == "in_process"
    ):
        yield JobsHarness()
        return
    units = SqlUnitOfWorkFactory(engine_at(request.getfixturevalue("queue_url")), deferring)
    yield JobsHarness(units)
    units.close()


@pytest.fixture(params=["in_process", "procrastinate"])
def kind(request: pytest.FixtureRequest) -> Kind:
    kind: Kind = request.param
    return kind


@pytest.fixture
def make(kind: Kind, request: pytest.FixtureRequest) -> MakeJobs:
    """Return a factory of workers, which share a queue if there is one."""
    if kind == "in_process":
        return lambda over, max_concurrent=8, poll_interval=1, reserved=0: InProcessJobs(
            handlers_of(over), over.log, max_concurrent, poll_interval, reserved
        )
    made: MakeJobs = request.getfixturevalue("make_queued")
    return made


@pytest.fixture
def make_queued(queue: dict[str, Any]) -> MakeQueuedJobs:
    return lambda over, max_concurrent=8, poll_interval=1, reserved=0: ProcrastinateJobs(
        handlers_of(over), over.log, queue, max_concurrent, poll_interval, reserved
    )
