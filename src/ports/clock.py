"""The current time, and waiting."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the current time, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...
