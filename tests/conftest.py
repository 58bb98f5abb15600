"""Settings of all tests: the timeout per test, and how Hypothesis searches."""

import asyncio
import signal
from collections.abc import Callable, Generator, Sequence
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

LONG_TEST = 1800
"""The timeout in seconds of a test marked `long`; for the others, see pyproject.toml."""
RETRY_SECONDS = 0.05
MAX_TRIES = 100

# No deadline: a slow example may only mean that the machine is busy.
settings.register_profile("no_deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no_deadline")

RUN_ONCE = asyncio.BaseEventLoop._run_once.__code__  # type: ignore[attr-defined]
OnAlarm = Callable[[int, FrameType | None], object]


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG_TEST))


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer() -> Generator[None, object, object]:
    """Fail the test on pytest-timeout's signal also while an event loop runs."""
    is_set = yield
    fail = signal.getsignal(signal.SIGALRM)
    if callable(fail):
        signal.signal(signal.SIGALRM, when_loop_is_idle(fail))
    return is_set


def when_loop_is_idle(fail: OnAlarm) -> OnAlarm:
    """Return a handler that delays the failure until the event loop is waiting, or none is running.

    What a callback raises, the loop stores in the callback's task: the failure would end another task, and the test
    would go on waiting. Between two callbacks the loop holds one that it has taken from its queue: the failure would
    lose it, and its task could never be cancelled. A loop that never waits is interrupted after `MAX_TRIES`.
    """
    tries = 0

    def on_alarm(number: int, frame: FrameType | None) -> object:
        nonlocal tries
        tries += 1
        if _is_loop_busy(frame):
            signal.setitimer(signal.ITIMER_REAL, RETRY_SECONDS)
            if tries < MAX_TRIES:
                return None
        return fail(number, frame)

    return on_alarm


def _is_loop_busy(frame: FrameType | None) -> bool:
    called = None
    while frame is not None:
        if frame.f_code is RUN_ONCE:
            return called is None or called.f_code.co_name != "select"
        called, frame = frame, frame.f_back
    return False
