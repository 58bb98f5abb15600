"""What holds for all tests: how long one may take, and how Hypothesis searches."""

import asyncio
import signal
from collections.abc import Callable, Generator, Sequence
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

LONG_TEST = 1800
"""Seconds that a test marked `long` may take; for the others, see pyproject.toml."""
AGAIN_AFTER = 0.05
"""Seconds."""
MOST_TRIES = 100

# As long as it needs: a busy machine proves nothing.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

RUN_ONCE = asyncio.BaseEventLoop._run_once.__code__  # type: ignore[attr-defined]
OnAlarm = Callable[[int, FrameType | None], object]


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG_TEST))


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer() -> Generator[None, object, object]:
    """Make pytest-timeout's signal fail the test also where an event loop runs."""
    is_set = yield
    fail = signal.getsignal(signal.SIGALRM)
    if callable(fail):
        signal.signal(signal.SIGALRM, while_no_loop_works(fail))
    return is_set


def while_no_loop_works(fail: OnAlarm) -> OnAlarm:
    """Return a handler that puts the failure off until the event loop waits, or none runs.

    The loop keeps what a callback raises for the task that it belongs to: the failure would end some other task, and
    the test would wait on. Between two callbacks the loop holds one that it has taken out of its queue: the failure
    would lose it, and its task could never be cancelled. A loop that never gets round to waiting is interrupted all
    the same, again and again.
    """
    tries = 0

    def on_alarm(number: int, frame: FrameType | None) -> object:
        nonlocal tries
        tries += 1
        if _is_loop_at_work(frame):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_AFTER)
            if tries < MOST_TRIES:
                return None
        return fail(number, frame)

    return on_alarm


def _is_loop_at_work(frame: FrameType | None) -> bool:
    called = None
    while frame is not None:
        if frame.f_code is RUN_ONCE:
            return called is None or called.f_code.co_name != "select"
        called, frame = frame, frame.f_back
    return False
