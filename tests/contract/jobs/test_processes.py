"""Real processes that share a database; some are killed, some are asked to stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.jobs.deferring import deferring
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.runs.run import RunState
from tests.contract.jobs.conftest import Kind, migrated
from tests.contract.persistence.conftest import Server
from tests.support import timeouts
from tests.support.assertions import present
from tests.support.jobs_harness import JobsHarness

ROOT = Path(__file__).parents[3]
SHORT = 5.0
"""Seconds of lease and heartbeat timeout in tests in which they expire; live workers renew theirs four times."""
ENDLESS = 600.0
"""Seconds of lease and heartbeat timeout that no test waits for."""
Begin = Callable[[str, float], "Worker"]


class Worker:
    def __init__(self, kind: Kind, url: str, pace: str, seconds: float) -> None:
        path = os.pathsep.join((str(ROOT), str(ROOT / "src")))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.jobs_worker", kind, url, str(seconds), pace],
            env=os.environ | {"PYTHONPATH": path},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_line(self) -> str:
        return timeouts.next_line(self.process).strip()

    def end(self) -> None:
        self.process.kill()
        timeouts.end(self.process)
        present(self.process.stdout).close()


@pytest.fixture
def url(kind: Kind, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "in_process":
        return migrated(f"sqlite:///{tmp_path / 'data.db'}")
    server: Server = request.getfixturevalue("postgresql_server")
    return migrated(server.new_database())


@pytest.fixture
def stored(kind: Kind, url: str) -> Iterator[JobsHarness]:
    units = SqlUnitOfWorkFactory(engine_at(url), None if kind == "in_process" else deferring)
    yield JobsHarness(units)
    units.close()


@pytest.fixture
def begin(kind: Kind, url: str) -> Iterator[Begin]:
    begun: list[Worker] = []

    def begin(pace: str, seconds: float) -> Worker:
        worker = Worker(kind, url, pace, seconds)
        begun.append(worker)
        assert worker.read_line() == "working"
        return worker

    yield begin
    for each in begun:
        each.end()


async def test_run_of_a_killed_worker_continues_elsewhere(begin: Begin, stored: JobsHarness) -> None:
    mapping = await stored.mapped(1)
    run = await stored.book(mapping)
    first = begin("slow", SHORT)
    assert first.read_line() == f"begun {run.id}"
    other = begin("fast", SHORT)
    (before,) = await stored.runs_of(mapping)
    assert before.state is RunState.RUNNING, "its worker is alive, so it is not recovered"
    first.process.kill()
    again = other.read_line()
    assert again.startswith("begun ")
    assert other.read_line() == again.replace("begun", "ended")
    new, previous = await stored.runs_of(mapping)
    assert (previous.id, previous.state, new.state) == (run.id, RunState.STOPPED, RunState.COMPLETED)
    assert new.started_at is not None
    assert new.started_at >= present(before.lease_until)


async def test_mapping_is_checked_again_after_its_worker_was_killed(
    begin: Begin, stored: JobsHarness
) -> None:
    mapping = await stored.due(1)
    first = begin("slow", SHORT)
    assert first.read_line() == f"checks {mapping}"
    async with stored.units.read() as unit:
        (check,) = await unit.runs.open_work()
    other = begin("fast", SHORT)
    first.process.kill()
    assert other.read_line() == f"checks {mapping}"
    assert other.read_line() == f"checked {mapping}"
    checked_at = present((await stored.schedule_of(mapping)).last_checked_at)
    assert checked_at >= present(check.lease_until), "not before its lease expired"
    assert await stored.runs_of(mapping) == []


async def test_stopped_worker_requeues_its_run(begin: Begin, stored: JobsHarness) -> None:
    mapping = await stored.mapped(1)
    run = await stored.book(mapping)
    first = begin("slow", ENDLESS)
    assert first.read_line() == f"begun {run.id}"
    other = begin("fast", ENDLESS)
    first.process.terminate()
    assert first.read_line() == f"ended {run.id}"
    assert timeouts.end(first.process) == 0
    assert other.read_line().startswith("begun ")
    assert other.read_line().startswith("ended ")
    new, previous = await stored.runs_of(mapping)
    assert (present(previous.stop).code, new.state) == ("interrupted", RunState.COMPLETED)


async def test_suspended_worker_resumes_without_harm(begin: Begin, stored: JobsHarness) -> None:
    one, two = await stored.mapped(1), await stored.mapped(2)
    await stored.book(one)
    first = begin("slow", SHORT)
    assert first.read_line().startswith("begun ")
    other = begin("fast", SHORT)
    first.process.send_signal(signal.SIGSTOP)
    assert other.read_line().startswith("begun ")
    assert other.read_line().startswith("ended ")
    first.process.send_signal(signal.SIGCONT)
    other.end()
    run = await stored.book(two)
    assert first.read_line() == f"begun {run.id}"
