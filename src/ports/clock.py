"""The time, and waiting for it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...
