"""A source that reads a toy programme: lists of JSON objects, whose pages are linked by `next`."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ports.plugins import (
    SESSIONS,
    Access,
    Feed,
    FeedReader,
    Http,
    HttpUnavailable,
    OpenHttp,
    Participation,
    ParticipationRole,
    Person,
    Session,
    SourceEvent,
    SourceEventGone,
    SourceEventId,
    SourceId,
    SourcePlugin,
    SourceRefused,
    SourceRow,
    SourceUnavailable,
    Unreadable,
)

PAGE_SIZE = 2


@dataclass(frozen=True)
class ToySource:
    http: Http
    readers: Mapping[str, FeedReader]

    async def events(self) -> Sequence[SourceEvent]:
        return [_event(row) async for rows in self._pages("events") for row in rows]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        found = next((event for event in await self.events() if event.id == event_id), None)
        if found is None:
            raise SourceEventGone(f"The toy box has no event {event_id!r}.")
        return found

    async def records(self, event_id: SourceEventId, feed: Feed[Any]) -> AsyncIterator[Sequence[Any]]:
        reader = SESSIONS_READER if feed.name == SESSIONS.name else self.readers.get(feed.name)
        if reader is None:
            return
        async for rows in self._pages(f"events/{event_id}/{reader.path}"):
            yield [record for row in rows for record in reader.parse(row)]

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        return True

    async def _pages(self, path: str) -> AsyncIterator[list[dict[str, Any]]]:
        page = await self._read(path, {"size": PAGE_SIZE})
        while True:
            yield page["rows"]
            if not page["next"]:
                return
            page = await self._read(page["next"])

    async def _read(self, target: str, params: Mapping[str, str | int] | None = None) -> Any:
        try:
            answer = await self.http.read(target, params)
        except HttpUnavailable as error:
            raise SourceUnavailable(str(error)) from error
        if answer.status == 401:
            raise SourceRefused("The toy box refused the token (401).")
        if answer.status == 404:
            raise SourceEventGone("The toy box has no such event.")
        return json.loads(answer.body)


def _event(row: dict[str, Any]) -> SourceEvent:
    return SourceEvent(SourceEventId(row["id"]), row["name"], row["zone"])


def _sessions(row: Mapping[str, Any]) -> Iterable[SourceRow]:
    if "title" not in row:
        yield Unreadable(SourceId(row["id"]), row["id"], "It has no title.")
        return
    if row["title"] == "explode":
        raise ZeroDivisionError("the toy broke")
    yield Session(
        id=SourceId(row["id"]),
        title=row["title"],
        status="accepted",
        starts_at=datetime.fromisoformat(row["starts_at"]),
        ends_at=datetime.fromisoformat(row["ends_at"]),
        people=tuple(
            Participation(
                Person(
                    id=SourceId(person["id"]),
                    first_name=person["first_name"],
                    last_name=person["last_name"],
                    email=person["email"],
                ),
                ParticipationRole.SPEAKER,
            )
            for person in row["people"]
        ),
    )


SESSIONS_READER = FeedReader("sessions", _sessions)


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
