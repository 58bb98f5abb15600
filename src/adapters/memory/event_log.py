"""A log that records its events, for inspection in tests."""

from dataclasses import dataclass, field

from ports.log import Datum


@dataclass(slots=True)
class RecordedEvents:
    ids: dict[str, Datum] = field(default_factory=dict)
    entries: list[tuple[str, dict[str, Datum]]] = field(default_factory=list)

    def bound(self, **ids: Datum) -> "RecordedEvents":
        return RecordedEvents(self.ids | ids, self.entries)

    def event(self, name: str, **data: Datum) -> None:
        self.entries.append((name, self.ids | data))

    def warning(self, name: str, **data: Datum) -> None:
        self.event(name, **data)

    def fault(self, name: str, error: BaseException, **data: Datum) -> None:
        self.event(name, error=type(error).__name__, **data)
