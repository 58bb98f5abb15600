"""The system clock and the manual clock of the tests."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.memory.clock import ManualClock
from adapters.system.clock import SystemClock
from ports.clock import Clock


@pytest.fixture(params=[SystemClock, ManualClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


async def test_clock_returns_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


async def test_sleep_takes_at_least_the_given_time(clock: Clock) -> None:
    before = clock.now()
    await clock.sleep(0.01)
    assert clock.now() - before >= timedelta(seconds=0.01)


async def test_sleep_lets_other_tasks_run(clock: Clock) -> None:
    turns: list[str] = []

    async def other() -> None:
        turns.append("other")

    task = asyncio.create_task(other())
    await clock.sleep(0.001)
    turns.append("sleeper")
    await task
    assert turns == ["other", "sleeper"]


def test_manual_clock_can_be_set_and_advanced() -> None:
    clock = ManualClock()
    clock.set(datetime(2027, 7, 21, 9, tzinfo=timezone(timedelta(hours=2))))
    clock.advance(timedelta(minutes=30))
    assert clock.now() == datetime(2027, 7, 21, 7, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2027, 7, 21, 9))  # noqa: DTZ001 - this is what must be refused
