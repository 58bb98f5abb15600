"""A saved event: the objects of Sessionboard's API, read from a JSON file."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from adapters.sessionboard.date_shift import Json, shift_dates
from adapters.sessionboard.parsing import (
    EVENT_SCHEMA,
    SCHEMAS,
    PluginSchema,
    RowSchema,
    WrongShape,
    parse,
)
from adapters.sessionboard.system import SESSIONBOARD
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import SourceEvent, Unreadable
from ports.plugins import FeedReader, SourcePlugin
from ports.source import SourceEventGone, SourceUnreadable

PAGE_SIZE = 100
R = TypeVar("R", bound=SourceRow)


def _now() -> datetime:
    return datetime.now(UTC)


def load(path: Path) -> Json:
    """Read a saved event.

    Raises:
        SourceUnreadable: the file does not exist, or is not `{"event", "sessions", "exhibitors"}`.
    """
    try:
        saved = parse(path.read_bytes())
    except FileNotFoundError as error:
        raise SourceUnreadable(f"The file {path} does not exist.") from error
    except OSError as error:
        raise SourceUnreadable(f"The file {path} cannot be read: {error.strerror}.") from error
    except WrongShape as error:
        raise SourceUnreadable(f"The file {path} has {error}.") from error
    if not isinstance(saved, dict) or not isinstance(saved.get("event"), dict):
        raise SourceUnreadable(f'The file {path} is not a saved event: "event" must be an object.')
    for key in ("sessions", "exhibitors"):
        if saved.get(key) is None:
            saved[key] = []
        if not isinstance(saved[key], list):
            raise SourceUnreadable(f'The file {path} is not a saved event: "{key}" must be a list.')
    return saved


@dataclass(frozen=True, slots=True)
class SavedEvent:
    """A source that reads the file on every call, so that edits take effect immediately."""

    path: Path
    days_ahead: int | None = None
    """Days from now on which the event begins; None keeps its dates."""
    now: Callable[[], datetime] = _now
    readers: Mapping[str, FeedReader] = field(default_factory=dict)
    """How feeds are read that other kinds bring, by the feed's name, which is also the key of their rows."""

    async def events(self) -> Sequence[SourceEvent]:
        return [self._event(self._load())]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        return self._event(self._load_event(event_id))

    def records(self, event_id: SourceEventId, feed: Feed[R]) -> AsyncIterator[Sequence[R | Unreadable]]:
        if feed.name in SCHEMAS:
            return self._pages(SCHEMAS[feed.name], feed.name, event_id)
        reader = self.readers.get(feed.name, FeedReader("", lambda _: ()))
        return self._pages(cast("RowSchema[Any, R]", PluginSchema(reader)), feed.name, event_id)

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:  # noqa: ARG002 - the port's
        """Return True always: reading the file is cheap."""
        return True

    async def _pages(
        self, shape: RowSchema[Any, R], key: str, event_id: SourceEventId
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        rows = self._load_event(event_id).get(key) or []
        known: set[SourceId] = set()
        for start in range(0, len(rows), PAGE_SIZE):
            if new := shape.read_rows(rows[start : start + PAGE_SIZE]).take_new(known):
                yield new

    def _load(self) -> Json:
        saved = load(self.path)
        if self.days_ahead is None:
            return saved
        return shift_dates(saved, self.now(), days_ahead=self.days_ahead)

    def _load_event(self, event_id: SourceEventId) -> Json:
        saved = self._load()
        if self._event(saved).id != event_id:
            raise SourceEventGone(f"The file {self.path} does not have the event {event_id!r:.60}.")
        return saved

    def _event(self, saved: Json) -> SourceEvent:
        event = EVENT_SCHEMA.read_rows([saved["event"]]).records[0]
        if isinstance(event, Unreadable):
            raise SourceUnreadable(f"The event in the file {self.path} cannot be read: {event.problem}")
        return event


def saved_event_plugin(path: Path) -> SourcePlugin:
    """Return a source with the saved event only, whatever the address and the token."""
    return SourcePlugin(
        SESSIONBOARD.identifier,
        SESSIONBOARD.display_name,
        lambda access, _http: nullcontext(SavedEvent(path, readers=access.readers)),
    )
