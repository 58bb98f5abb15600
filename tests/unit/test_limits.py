"""Timeouts of tests: a test that hangs fails with its position, and the others still run."""

import asyncio
import os
import re
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from tests.conftest import when_loop_is_idle
from tests.support import timeouts

ROOT = Path(__file__).parents[2]
INNER = """
import asyncio
import sys
import subprocess
import pytest

hangs = pytest.mark.timeout(0.5)

@pytest.fixture
async def never_made():
    await asyncio.Event().wait()

@hangs
async def test_waits():
    await asyncio.Event().wait()

@hangs
async def test_waits_beside_a_busy_task():
    async def stay_busy():
        while True:
            await asyncio.sleep(0)
    task = asyncio.create_task(stay_busy())
    await asyncio.Event().wait()

@hangs
def test_reads():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1, stdout=-1) as process:
        try:
            process.stdout.read()
        finally:
            process.kill()

@hangs
async def test_has_a_hanging_fixture(never_made):
    pass

async def test_ends():
    await asyncio.sleep(0)
"""


@contextmanager
def started(program: str) -> Iterator[timeouts.Process]:
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_every_test_has_a_timeout(request: pytest.FixtureRequest) -> None:
    assert float(request.config.getini("timeout")) > 0


@pytest.mark.long
def test_a_long_test_has_a_longer_timeout(request: pytest.FixtureRequest) -> None:
    (marker,) = request.node.iter_markers("timeout")
    assert marker.args[0] > float(request.config.getini("timeout"))


@pytest.mark.parametrize("processes", ["0", "1"], ids=["in one process", "with xdist"])
def test_hanging_tests_fail_and_the_others_run(tmp_path: Path, processes: str) -> None:
    (tmp_path / "test_inner.py").write_text(INNER)
    options = [
        "-c",
        "pyproject.toml",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.conftest",
        "-n",
        processes,
        "-rA",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=timeouts.WITHIN,
        check=False,
    )
    results = set(re.findall(r"^(PASSED|FAILED|ERROR) \S*::(\w+)", ended.stdout, re.MULTILINE))
    assert results >= {
        ("FAILED", "test_waits"),
        ("FAILED", "test_waits_beside_a_busy_task"),
        ("FAILED", "test_reads"),
        ("ERROR", "test_has_a_hanging_fixture"),
        ("PASSED", "test_ends"),
    }, ended.stdout + ended.stderr


def test_failure_is_delayed_while_the_loop_holds_a_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the callback is lost, and its task never ends, even when it is cancelled."""
    alarms: set[str] = set()
    failed: set[str] = set()
    monkeypatch.setattr(signal, "setitimer", lambda *_: None)
    on_alarm = when_loop_is_idle(lambda _, frame: failed.add(name_of(frame)))

    def name_of(frame: FrameType | None) -> str:
        return frame.f_code.co_name if frame else ""

    def alarm(frame: FrameType) -> None:
        alarms.add(name_of(frame))
        on_alarm(signal.SIGALRM, frame)

    class Queue(deque[asyncio.Handle]):
        def popleft(self) -> asyncio.Handle:
            handle = super().popleft()
            alarm(sys._getframe())
            return handle

    class Selector(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            alarm(sys._getframe())
            return super().select(timeout)

    async def work() -> None:
        alarm(sys._getframe())
        await asyncio.sleep(0)

    loop = asyncio.SelectorEventLoop(Selector())
    loop._ready = Queue()  # type: ignore[attr-defined] # no public hook shows it
    try:
        loop.run_until_complete(work())
    finally:
        loop.close()
    assert alarms == {"work", "popleft", "select"}
    assert failed == {"select"}


def test_waiting_for_a_line_ends_after_the_timeout() -> None:
    with started("input()") as process, pytest.raises(AssertionError, match="printed no line within"):
        timeouts.next_line(process, within=0.1)


def test_lines_are_read_up_to_the_last_one() -> None:
    with started("print('a'); print('b'); print('c')") as process:
        assert timeouts.lines_up_to(process, lambda line: line == "b\n") == "a\nb\n"
        with pytest.raises(AssertionError, match=r"ended after printing 'c\\n'"):
            timeouts.lines_up_to(process, lambda line: line == "d\n")
        assert timeouts.end(process) == 0


def test_process_that_does_not_end_is_killed() -> None:
    with started("input()") as process:
        with pytest.raises(AssertionError, match="did not end within"):
            timeouts.end(process, within=0.1)
        assert process.wait(timeouts.WITHIN) < 0


async def test_waiting_for_a_condition_ends_after_the_timeout() -> None:
    with pytest.raises(AssertionError, match="in vain until it rains"):
        timeouts.wait_until(lambda: False, "it rains", within=0.05)
    with pytest.raises(AssertionError, match="in vain"):
        await timeouts.until(lambda: False, within=0.05)
    with pytest.raises(AssertionError, match="in vain"):
        await timeouts.happens(asyncio.Event(), within=0.05)
