"""The machine's clock, and the one that tests set."""

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


async def test_a_clock_tells_the_time_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


async def test_after_sleeping_at_least_that_time_has_passed(clock: Clock) -> None:
    before = clock.now()
    await clock.sleep(0.01)
    assert clock.now() - before >= timedelta(seconds=0.01)


async def test_others_have_their_turn_while_one_sleeps(clock: Clock) -> None:
    turns: list[str] = []

    async def other() -> None:
        turns.append("other")

    task = asyncio.create_task(other())
    await clock.sleep(0.001)
    turns.append("sleeper")
    await task
    assert turns == ["other", "sleeper"]


def test_a_manual_clock_is_set_and_moved_by_hand() -> None:
    clock = ManualClock()
    clock.set(datetime(2027, 7, 21, 9, tzinfo=timezone(timedelta(hours=2))))
    clock.advance(timedelta(minutes=30))
    assert clock.now() == datetime(2027, 7, 21, 7, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2027, 7, 21, 9))  # noqa: DTZ001 - just what is refused
