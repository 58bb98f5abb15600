"""A saved event: the objects that Sessionboard's API would send, from a JSON file."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from adapters.sessionboard.date_shift import Json, moved_ahead
from adapters.sessionboard.parsing import (
    EVENT_SCHEMA,
    SCHEMAS,
    RowSchema,
    WrongShape,
    parse,
)
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.tenancy.secrets import Token
from ports.source import Source, SourceEventGone, SourceUnreadable

PAGE_SIZE = 100
R = TypeVar("R", bound=SourceRow)


def _now() -> datetime:
    return datetime.now(UTC)


def load(path: Path) -> Json:
    """Read a saved event.

    Raises:
        SourceUnreadable: there is no such file, or it is not `{"event", "sessions", "exhibitors"}`.
    """
    try:
        saved = parse(path.read_bytes())
    except FileNotFoundError as error:
        raise SourceUnreadable(f"There is no file {path}.") from error
    except OSError as error:
        raise SourceUnreadable(f"The file {path} cannot be read: {error.strerror}.") from error
    except WrongShape as error:
        raise SourceUnreadable(f"The file {path} is {error}.") from error
    if not isinstance(saved, dict) or not isinstance(saved.get("event"), dict):
        raise SourceUnreadable(f'The file {path} is no saved event: it needs an object under "event".')
    for key in ("sessions", "exhibitors"):
        if saved.get(key) is None:
            saved[key] = []
        if not isinstance(saved[key], list):
            raise SourceUnreadable(f'The file {path} is no saved event: "{key}" must be a list.')
    return saved


@dataclass(frozen=True, slots=True)
class SavedEvent:
    """Reads the file at every question, so that an edit shows at once."""

    path: Path
    days_ahead: int | None = None
    """Move the event so that it begins so many days from now; None leaves its dates alone."""
    now: Callable[[], datetime] = _now

    async def events(self) -> Sequence[SourceEvent]:
        return [self._event(self._load())]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        return self._event(self._load_event(event_id))

    def records(self, event_id: SourceEventId, feed: Feed[R]) -> AsyncIterator[Sequence[R | Unreadable]]:
        return self._pages(SCHEMAS[feed.name], feed.name, event_id)

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:  # noqa: ARG002 - the port's
        """Tell nothing: to read the file costs nothing."""
        return True

    async def _pages(
        self, shape: RowSchema[Any, R], key: str, event_id: SourceEventId
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        rows = self._load_event(event_id)[key]
        known: set[SourceId] = set()
        for start in range(0, len(rows), PAGE_SIZE):
            if new := shape.read_rows(rows[start : start + PAGE_SIZE]).take_new(known):
                yield new

    def _load(self) -> Json:
        saved = load(self.path)
        if self.days_ahead is None:
            return saved
        return moved_ahead(saved, self.now(), days_ahead=self.days_ahead)

    def _load_event(self, event_id: SourceEventId) -> Json:
        saved = self._load()
        if self._event(saved).id != event_id:
            raise SourceEventGone(f"The file {self.path} has another event than {event_id!r:.60}.")
        return saved

    def _event(self, saved: Json) -> SourceEvent:
        read = EVENT_SCHEMA.read_rows([saved["event"]]).records[0]
        if isinstance(read, Unreadable):
            raise SourceUnreadable(f"The event in the file {self.path} cannot be read: {read.problem}")
        return read


@dataclass(frozen=True, slots=True)
class SavedEvents:
    """Opens the same saved event whatever the address and the token."""

    saved: SavedEvent

    def open(self, url: str, token: Token) -> AbstractAsyncContextManager[Source]:  # noqa: ARG002 - the port's
        return nullcontext(self.saved)
