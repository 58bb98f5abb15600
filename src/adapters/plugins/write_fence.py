"""What is awaited before each write of a plug-in: it remembers what it raised, and which writes have left."""

from contextvars import ContextVar
from dataclasses import dataclass, field

from ports.destination import BeforeWrite


@dataclass(slots=True)
class WriteInProgress:
    """One write of a plug-in."""

    has_left: bool = False


current_write: ContextVar[WriteInProgress | None] = ContextVar("write", default=None)
"""Of this task; what a plug-in does in tasks of its own belongs to it, too."""


@dataclass(slots=True)
class WriteFence:
    """What is awaited before each write, and remembers what it raised and what has left."""

    before_write: BeforeWrite | None
    _raised: list[Exception] = field(default_factory=list)

    async def __call__(self) -> None:
        assert self.before_write is not None, "a system without a fence is not given one"
        try:
            await self.before_write()
        except Exception as error:
            self._raised.append(error)
            raise
        if (write := current_write.get()) is not None:
            write.has_left = True

    def has_raised(self, error: Exception) -> bool:
        return any(error is raised for raised in self._raised)
