"""Telling operators what happens, as events: static dotted names with data, never a token, never an e-mail."""

from typing import Protocol

Datum = str | int | float | bool | None


class EventLog(Protocol):
    def bound(self, **ids: Datum) -> "EventLog":
        """Give a log that adds these to every event."""
        ...

    def event(self, name: str, **data: Datum) -> None: ...

    def warning(self, name: str, **data: Datum) -> None:
        """Tell of something that went on all the same, but that somebody may want to know."""
        ...

    def fault(self, name: str, error: BaseException, **data: Datum) -> None:
        """Tell of a fault of this program, with its type and place but not its own words."""
        ...
