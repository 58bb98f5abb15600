"""The source: what the product asks, in terms of Example's API."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from gleanin_sync_example.pages import pages_of
from gleanin_sync_example.rows import event_of, session_of
from ports.plugins import (
    SESSIONS,
    Feed,
    Http,
    SourceEvent,
    SourceEventGone,
    SourceEventId,
    SourceIncomplete,
    SourceUnreadable,
    Unreadable,
)


@dataclass(frozen=True, slots=True)
class ExampleSource:
    http: Http

    async def events(self) -> Sequence[SourceEvent]:
        rows, _ = await self._events()
        return [row for row in rows if isinstance(row, SourceEvent)]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        rows, incomplete = await self._events()
        for row in rows:
            if isinstance(row, SourceEvent) and row.id == event_id:
                return row
        # The event is gone only if the whole list was read, and all of it could be read.
        if incomplete:
            raise incomplete
        if any(isinstance(row, Unreadable) for row in rows):
            raise SourceUnreadable("Example lists events that cannot be read; this may be one of them.")
        raise SourceEventGone(f"Example has no event {event_id!r:.60}, or the token has no access to it.")

    async def records(self, event_id: SourceEventId, feed: Feed[Any]) -> AsyncIterator[Sequence[Any]]:
        if feed.name != SESSIONS.name:  # Example has no exhibitors
            return
        # An id must not lead to another path: quote leaves dots as they are.
        segment = quote(event_id, safe="").replace(".", "%2E")
        if not segment:
            raise SourceEventGone("An event's id cannot be empty.")
        async for page in pages_of(self.http, f"events/{segment}/sessions", session_of, is_event=True):
            yield page

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:  # noqa: ARG002 - the port's
        """Return True always: Example does not say what has changed."""
        return True

    async def _events(self) -> tuple[list[SourceEvent | Unreadable], SourceIncomplete | None]:
        rows: list[SourceEvent | Unreadable] = []
        try:
            async for page in pages_of(self.http, "events", event_of):
                rows += page
        except SourceIncomplete as error:
            return rows, error
        return rows, None
