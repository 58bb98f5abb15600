"""Timeouts for tests: every wait ends, and its error names what did not happen.

These timeouts do not measure speed. The machine may be busy; what takes this long hangs.
"""

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable

WITHIN = 60.0
"""Seconds."""
Process = subprocess.Popen[str]


def next_line(process: Process, *, of_stderr: bool = False, within: float = WITHIN) -> str:
    """Return the next line that a process prints, or "" at the end of its output.

    Raises:
        AssertionError: it printed none in time. It is killed, because only that ends the read.
    """
    stream = process.stderr if of_stderr else process.stdout
    assert stream is not None, "the process was started without a pipe"
    late = threading.Event()

    def give_up() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(within, give_up)
    timer.start()
    try:
        line = stream.readline()
    finally:
        timer.cancel()
    if late.is_set():
        raise AssertionError(f"{process.args!r} printed no line within {within:.0f} s.")
    return line


def lines_up_to(process: Process, is_last: Callable[[str], bool]) -> str:
    """Return what a process prints up to a line, with that line.

    Raises:
        AssertionError: its output ended before, or it printed no line in time.
    """
    lines: list[str] = []
    while not lines or not is_last(lines[-1]):
        lines.append(next_line(process))
        assert lines[-1], f"{process.args!r} ended after printing {''.join(lines)!r}."
    return "".join(lines)


def end(process: Process, *, within: float = WITHIN) -> int:
    """Wait until a process has ended, and return its exit code; kill it if it does not end in time.

    Raises:
        AssertionError: it had to be killed.
    """
    try:
        return process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"{process.args!r} did not end within {within:.0f} s.") from None


def wait_until(is_true: Callable[[], object], what: str, *, within: float = WITHIN) -> None:
    """Wait for a condition, blocking.

    Args:
        is_true: the condition.
        what: the condition in words, for the message.
        within: seconds.

    Raises:
        AssertionError: it did not come true in time.
    """
    deadline = time.monotonic() + within
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {within:.0f} s in vain until {what}.")
        time.sleep(0.01)


async def until(is_true: Callable[[], object], *, within: float = WITHIN) -> None:
    """Wait for a condition that has no event, while other tasks run.

    Raises:
        AssertionError: it did not come true in time.
    """
    try:
        async with asyncio.timeout(within):
            while not is_true():  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.001)
    except TimeoutError:
        raise AssertionError(f"Waited {within:.0f} s in vain.") from None


async def happens(event: asyncio.Event, *, within: float = WITHIN) -> None:
    """Wait for an event.

    Raises:
        AssertionError: it did not happen in time.
    """
    try:
        await asyncio.wait_for(event.wait(), within)
    except TimeoutError:
        raise AssertionError(f"Waited {within:.0f} s in vain for an event.") from None


def join(thread: threading.Thread, *, within: float = WITHIN) -> None:
    """Wait until a thread has ended.

    Raises:
        AssertionError: it did not end in time.
    """
    thread.join(within)
    assert not thread.is_alive(), f"The thread {thread.name} did not end within {within:.0f} s."
