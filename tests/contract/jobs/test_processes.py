"""Real processes over one database: some are killed, some are asked to stop."""

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
"""Seconds of lease and of silence where they are to run out; the living renew theirs four times meanwhile."""
ENDLESS = 600.0
"""Seconds of lease and of silence that outlast every test: what comes all the same did not wait for them."""
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

    def says(self) -> str:
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
        assert worker.says() == "working"
        return worker

    yield begin
    for each in begun:
        each.end()


async def test_run_of_a_killed_worker_goes_on_elsewhere(begin: Begin, stored: JobsHarness) -> None:
    mapping = await stored.mapped(1)
    run = await stored.book(mapping)
    first = begin("slow", SHORT)
    assert first.says() == f"begun {run.id}"
    other = begin("fast", SHORT)
    (before,) = await stored.runs_of(mapping)
    assert before.state is RunState.RUNNING, "its worker is alive, so nobody takes it over"
    first.process.kill()
    again = other.says()
    assert again.startswith("begun ")
    assert other.says() == again.replace("begun", "ended")
    new, former = await stored.runs_of(mapping)
    assert (former.id, former.state, new.state) == (run.id, RunState.STOPPED, RunState.COMPLETED)
    assert new.started_at is not None
    assert new.started_at >= present(before.lease_until)


async def test_mapping_is_checked_again_when_its_worker_was_killed_amid_the_check(
    begin: Begin, stored: JobsHarness
) -> None:
    mapping = await stored.due(1)
    first = begin("slow", SHORT)
    assert first.says() == f"checks {mapping}"
    async with stored.units.read() as unit:
        (check,) = await unit.runs.open_work()
    other = begin("fast", SHORT)
    first.process.kill()
    assert other.says() == f"checks {mapping}"
    assert other.says() == f"checked {mapping}"
    checked_at = present((await stored.schedule_of(mapping)).last_checked_at)
    assert checked_at >= present(check.lease_until), "not before its time had run out"
    assert await stored.runs_of(mapping) == []


async def test_worker_that_is_asked_to_stop_hands_back_its_run(begin: Begin, stored: JobsHarness) -> None:
    mapping = await stored.mapped(1)
    run = await stored.book(mapping)
    first = begin("slow", ENDLESS)
    assert first.says() == f"begun {run.id}"
    other = begin("fast", ENDLESS)
    first.process.terminate()
    assert first.says() == f"ended {run.id}"
    assert timeouts.end(first.process) == 0
    assert other.says().startswith("begun ")
    assert other.says().startswith("ended ")
    new, former = await stored.runs_of(mapping)
    assert (present(former.stop).code, new.state) == ("interrupted", RunState.COMPLETED)


async def test_worker_that_was_asleep_goes_on_and_harms_nothing(begin: Begin, stored: JobsHarness) -> None:
    one, two = await stored.mapped(1), await stored.mapped(2)
    await stored.book(one)
    first = begin("slow", SHORT)
    assert first.says().startswith("begun ")
    other = begin("fast", SHORT)
    first.process.send_signal(signal.SIGSTOP)
    assert other.says().startswith("begun ")
    assert other.says().startswith("ended ")
    first.process.send_signal(signal.SIGCONT)
    other.end()
    run = await stored.book(two)
    assert first.says() == f"begun {run.id}"
