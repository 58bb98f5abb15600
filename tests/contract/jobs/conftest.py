"""Every implementation of the jobs port; the one with a queue on a real PostgreSQL server."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal, Protocol

import psycopg
import pytest
import sqlalchemy as sa

from adapters.jobs.deferring import deferring
from adapters.jobs.in_process import InProcessJobs, Work
from adapters.jobs.procrastinate import ProcrastinateJobs
from adapters.jobs.queue_schema import connecting, make_tables
from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.tables import metadata
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from ports.jobs import Jobs
from tests.contract.persistence.conftest import Server, postgresql_server
from tests.support.harness import Harness
from tests.support.jobs_harness import JobsHarness, nothing

__all__ = ["postgresql_server"]
Kind = Literal["in_process", "procrastinate"]


class Making(Protocol):
    def __call__(
        self, over: JobsHarness | Harness, at_once: int = 8, look_every: int = 1, kept: int = 0
    ) -> Jobs: ...


class MakingQueued(Protocol):
    def __call__(
        self, over: JobsHarness | Harness, at_once: int = 8, look_every: int = 1, kept: int = 0
    ) -> ProcrastinateJobs: ...


def work_on(over: JobsHarness | Harness) -> Work:
    return over.work() if isinstance(over, JobsHarness) else work_on_stage(over)


def work_on_stage(harness: Harness) -> Work:
    """Let whole syncs be carried out."""
    return Work(
        choose=harness.select_next_runs,
        take_over=harness.recover_run,
        carry_out=partial(harness.run_sync, waits=False),
        check=harness.run_sync.check,
        ask_again=harness.requeue_run,
        tidy=nothing,
        tell=harness.deliver_notifications,
    )


def parameters_of(url: str) -> dict[str, Any]:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    _, parameters = engine.dialect.create_connect_args(engine.url)
    return {name: value for name, value in parameters.items() if name != "context"}


@pytest.fixture
def no_queue(postgresql_server: Server) -> dict[str, Any]:
    """Give what to connect with to a database without anything in it."""
    return parameters_of(postgresql_server.new_database())


def migrated(url: str) -> str:
    """Make the product's tables in a database, and those of its queue where it has one."""
    engine = engine_at(url)
    migrate.upgrade(engine)
    engine.dispose()
    if not url.startswith("sqlite"):
        make_tables(parameters_of(url))
    return url


@pytest.fixture(scope="session")
def made_queue(postgresql_server: Server) -> str:
    return migrated(postgresql_server.new_database())


@pytest.fixture
def queue_url(made_queue: str) -> str:
    """Return the URL of a database without rows: a database each would take the server long to make."""
    with psycopg.connect(**connecting(parameters_of(made_queue))) as connection:
        tables = ", ".join([*metadata.tables, "procrastinate_workers", "procrastinate_jobs"])
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    return made_queue


@pytest.fixture
def queue(queue_url: str) -> dict[str, Any]:
    """Return what to connect with to a queue without jobs."""
    return parameters_of(queue_url)


@pytest.fixture
def jobs_harness(request: pytest.FixtureRequest) -> Iterator[JobsHarness]:
    """Let the queue have the runs in its own database, as it has in the product."""
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
def make(kind: Kind, request: pytest.FixtureRequest) -> Making:
    """Give what makes workers, all over the same queue if there is one."""
    if kind == "in_process":
        return lambda over, at_once=8, look_every=1, kept=0: InProcessJobs(
            work_on(over), over.log, at_once, look_every, kept
        )
    made: Making = request.getfixturevalue("make_queued")
    return made


@pytest.fixture
def make_queued(queue: dict[str, Any]) -> MakingQueued:
    return lambda over, at_once=8, look_every=1, kept=0: ProcrastinateJobs(
        work_on(over), over.log, queue, at_once, look_every, kept
    )
