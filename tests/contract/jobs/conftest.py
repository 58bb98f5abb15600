"""Every implementation of the jobs port; the one with a queue on a real PostgreSQL server."""

from collections.abc import Callable
from typing import Any, Literal, Protocol

import psycopg
import pytest
import sqlalchemy as sa

from adapters.jobs.in_process import InProcessJobs, Work
from adapters.jobs.procrastinate import ProcrastinateJobs
from adapters.jobs.queue_schema import connecting, make_tables
from ports.jobs import Jobs
from tests.contract.jobs.yard import Yard, work_on_stage
from tests.contract.persistence.conftest import Server, postgresql_server
from tests.unit.usecases.stage import Stage

__all__ = ["postgresql_server"]
Kind = Literal["in_process", "procrastinate"]


MakeQueued = Callable[[Yard | Stage, int, int], ProcrastinateJobs]


class Making(Protocol):
    def __call__(self, over: Yard | Stage, at_once: int = 8, look_every: int = 1) -> Jobs: ...


def work_on(over: Yard | Stage) -> Work:
    return over.work() if isinstance(over, Yard) else work_on_stage(over)


def parameters_of(url: str) -> dict[str, Any]:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    _, parameters = engine.dialect.create_connect_args(engine.url)
    return {name: value for name, value in parameters.items() if name != "context"}


@pytest.fixture
def yard() -> Yard:
    return Yard()


@pytest.fixture
def no_queue(postgresql_server: Server) -> dict[str, Any]:
    """Give what to connect with to a database without anything in it."""
    return parameters_of(postgresql_server.new_database())


@pytest.fixture(scope="session")
def made_queue(postgresql_server: Server) -> dict[str, Any]:
    parameters = parameters_of(postgresql_server.new_database())
    make_tables(parameters)
    return parameters


@pytest.fixture
def queue(made_queue: dict[str, Any]) -> dict[str, Any]:
    """Give what to connect with to a queue without jobs: a database each would take the server long to make."""
    with psycopg.connect(**connecting(made_queue)) as connection:
        connection.execute("TRUNCATE procrastinate_workers, procrastinate_jobs CASCADE")
    return made_queue


@pytest.fixture(params=["in_process", "procrastinate"])
def kind(request: pytest.FixtureRequest) -> Kind:
    kind: Kind = request.param
    return kind


@pytest.fixture
def make(kind: Kind, request: pytest.FixtureRequest) -> Making:
    """Give what makes workers, all over the same queue if there is one."""
    if kind == "in_process":
        return lambda over, at_once=8, look_every=1: InProcessJobs(
            work_on(over), over.log, at_once, look_every
        )
    make_queued: MakeQueued = request.getfixturevalue("make_queued")
    return lambda over, at_once=8, look_every=1: make_queued(over, at_once, look_every)


@pytest.fixture
def make_queued(queue: dict[str, Any]) -> MakeQueued:
    return lambda over, at_once, look_every: ProcrastinateJobs(
        work_on(over), over.log, queue, at_once, look_every
    )
