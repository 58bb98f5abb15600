"""The event log for operators: static dotted names with data, never a token, never an e-mail."""

from typing import Protocol

Datum = str | int | float | bool | None


class EventLog(Protocol):
    def bound(self, **ids: Datum) -> "EventLog":
        """Return a log that adds these ids to every event."""
        ...

    def event(self, name: str, **data: Datum) -> None: ...

    def warning(self, name: str, **data: Datum) -> None:
        """Log a problem that did not stop the operation."""
        ...

    def fault(self, name: str, error: BaseException, **data: Datum) -> None:
        """Log an internal error with its type and location, but without its message."""
        ...
