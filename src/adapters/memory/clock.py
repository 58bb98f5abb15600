"""A clock that moves only when it is set, advanced or slept on."""

import asyncio
from datetime import UTC, datetime, timedelta


class ManualClock:
    def __init__(self, now: datetime = datetime(2027, 5, 1, 9, tzinfo=UTC)) -> None:
        self.set(now)

    def set(self, now: datetime) -> None:
        if now.tzinfo is None:
            message = "a time needs a time zone"
            raise ValueError(message)
        self._now = now.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self._now += by

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Advance the clock immediately, and yield to other tasks."""
        self.advance(timedelta(seconds=max(seconds, 0)))
        await asyncio.sleep(0)
