"""A source that reads a toy programme: lists of JSON objects, whose pages are linked by `next`."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ports.plugins import (
    SESSIONS,
    Access,
    Feed,
    FeedReader,
    Http,
    HttpUnavailable,
    OpenHttp,
    SourceEvent,
    SourceEventGone,
    SourceEventId,
    SourceIncomplete,
    SourcePlugin,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
    Unreadable,
    unreadable_row,
)

from .toys import event_of, sessions_of

PAGE_SIZE = 2


@dataclass(frozen=True)
class ToySource:
    http: Http
    readers: Mapping[str, FeedReader]

    async def events(self) -> Sequence[SourceEvent]:
        return [event for event in await self._events() if isinstance(event, SourceEvent)]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        events = await self._events()
        for event in events:
            if isinstance(event, SourceEvent) and event.id == event_id:
                return event
        if any(isinstance(event, Unreadable) for event in events):
            raise SourceUnreadable("The toy box has an event that cannot be read.")
        raise SourceEventGone(f"The toy box has no event {event_id!r}.")

    async def records(self, event_id: SourceEventId, feed: Feed[Any]) -> AsyncIterator[Sequence[Any]]:
        reader = SESSIONS_READER if feed.name == SESSIONS.name else self.readers.get(feed.name)
        if reader is None:
            return
        segment = quote(event_id, safe="").replace(".", "%2E")
        known: set[str] = set()
        async for rows in self._pages(f"events/{segment or '%20'}/{reader.path}", is_event=True):
            records = [record for row in rows for record in _parsed(reader, row)]
            new = {record.id: record for record in records if record.id not in known}
            if records and not new:
                raise SourceIncomplete("The toy box showed the same page twice.")
            known.update(new)
            yield [*new.values()]

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        return True

    async def _events(self) -> list[SourceEvent | Unreadable]:
        return [event_of(row) async for rows in self._pages("events") for row in rows]

    async def _pages(self, path: str, *, is_event: bool = False) -> AsyncIterator[list[Any]]:
        page = await self._read(path, {"size": PAGE_SIZE}, is_event=is_event)
        links: set[object] = set()
        while True:
            yield page["rows"]
            link = page.get("next")
            if link is None:
                return
            if not isinstance(link, str) or link in links:
                raise SourceUnreadable("The toy box links to a page that was read already.")
            links.add(link)
            page = await self._read(link)

    async def _read(
        self, target: str, params: Mapping[str, str | int] | None = None, *, is_event: bool = False
    ) -> dict[str, Any]:
        try:
            answer = await self.http.read(target, params)
        except HttpUnavailable as error:
            raise SourceUnavailable(str(error)) from error
        if answer.status in (401, 403):
            raise SourceRefused(f"The toy box refused the token ({answer.status}).")
        if answer.status == 404 and is_event:
            raise SourceEventGone("The toy box has no such event.")
        try:
            page = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise SourceUnreadable("The toy box answered with something other than JSON.") from error
        if answer.status != 200 or not isinstance(page, dict) or not isinstance(page.get("rows"), list):
            raise SourceUnreadable(
                f"The toy box answered with something other than a page ({answer.status})."
            )
        return page


def _parsed(reader: FeedReader, row: object) -> Sequence[Any]:
    if not isinstance(row, dict):
        return [unreadable_row(row, "It is not an object.")]
    return [*reader.parse(row)]


SESSIONS_READER = FeedReader("sessions", sessions_of)


@asynccontextmanager
async def _open(access: Access, http: OpenHttp) -> AsyncIterator[ToySource]:
    async with http(access.url, {"Authorization": f"Token {access.token.value}"}) as opened:
        yield ToySource(opened, access.readers)


def event_of_hint(body: bytes) -> str | None:
    """Return the event in a hint; what is no JSON raises, as careless plug-ins do."""
    event: str | None = json.loads(body).get("event")
    return event


PLUGIN = SourcePlugin(
    "toys",
    "Toy Box",
    _open,
    url_help="Where the toys are.",
    access_help="On the lid.",
    event_of_hint=event_of_hint,
    hint_header="X-Toy-Secret",
)
