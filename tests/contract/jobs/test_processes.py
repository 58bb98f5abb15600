"""Real processes over one PostgreSQL database: some are killed, some are asked to stop."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnits
from core.domain.runs import RunState
from tests.contract.jobs.conftest import Kind
from tests.contract.jobs.yard import Yard
from tests.contract.persistence.conftest import Server

ROOT = Path(__file__).parents[3]
SECONDS = 3.0
"""Of lease, and of silence: a tenth of what they are by default."""
LONGEST = SECONDS + SECONDS + 5
"""A lease or a silence that began late, and the next look."""
Begin = Callable[[str], "Worker"]


class Worker:
    def __init__(self, kind: Kind, url: str, pace: str) -> None:
        path = os.pathsep.join((str(ROOT), str(ROOT / "src")))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.jobs.worker", kind, url, str(SECONDS), pace],
            env=os.environ | {"PYTHONPATH": path},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.says() == "working"

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def url(postgresql_server: Server) -> str:
    url = postgresql_server.new_database()
    engine = engine_at(url)
    migrate.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture
def stored(url: str) -> Iterator[Yard]:
    units = SqlUnits(engine_at(url))
    yield Yard(units)
    units.close()


@pytest.fixture
def begin(kind: Kind, url: str) -> Iterator[Begin]:
    begun: list[Worker] = []

    def begin(pace: str) -> Worker:
        begun.append(Worker(kind, url, pace))
        return begun[-1]

    yield begin
    for each in begun:
        each.end()


async def test_a_run_whose_worker_was_killed_goes_on_elsewhere(begin: Begin, stored: Yard) -> None:
    mapping = await stored.mapped(1)
    run = await stored.book(mapping)
    first = begin("slow")
    assert first.says() == f"begun {run.id}"
    other = begin("fast")
    first.process.kill()
    killed = time.monotonic()
    again = other.says()
    assert time.monotonic() - killed < LONGEST
    assert again.startswith("begun ")
    assert other.says() == again.replace("begun", "ended")
    new, former = await stored.runs_of(mapping)
    assert (former.id, former.state, new.state) == (run.id, RunState.STOPPED, RunState.COMPLETED)


async def test_a_worker_that_is_asked_to_stop_hands_back_what_it_has(begin: Begin, stored: Yard) -> None:
    mapping = await stored.mapped(1)
    run = await stored.book(mapping)
    first = begin("slow")
    assert first.says() == f"begun {run.id}"
    other = begin("fast")
    first.process.terminate()
    asked = time.monotonic()
    assert first.says() == f"ended {run.id}"
    assert first.process.wait(30) == 0
    assert other.says().startswith("begun ")
    assert time.monotonic() - asked < SECONDS, "without waiting for any lease to run out"
    assert other.says().startswith("ended ")
    new, former = await stored.runs_of(mapping)
    assert former.stop is not None
    assert (former.stop.code, new.state) == ("interrupted", RunState.COMPLETED)


async def test_a_worker_that_was_asleep_goes_on_and_harms_nothing(begin: Begin, stored: Yard) -> None:
    one, two = await stored.mapped(1), await stored.mapped(2)
    await stored.book(one)
    first = begin("slow")
    assert first.says().startswith("begun ")
    other = begin("fast")
    first.process.send_signal(signal.SIGSTOP)
    assert other.says().startswith("begun ")
    assert other.says().startswith("ended ")
    first.process.send_signal(signal.SIGCONT)
    other.end()
    run = await stored.book(two)
    assert first.says() == f"begun {run.id}"
