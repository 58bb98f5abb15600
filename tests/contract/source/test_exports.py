"""A source of exports: whole lists, which say nothing of their event and take the key in the URL only."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gleanin_sync_testkit.source import (
    PEOPLE,
    Answer,
    Json,
    Request,
    SourceCapabilities,
    SourceStandIn,
    SourceSuite,
)
from ports.plugins import (
    SESSIONS,
    Access,
    Feed,
    Http,
    HttpUnavailable,
    OpenHttp,
    Participation,
    ParticipationRole,
    Person,
    Session,
    Source,
    SourceEvent,
    SourceEventGone,
    SourceEventId,
    SourceId,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
    Unreadable,
    unreadable_row,
)

EVENT = SourceEvent(SourceEventId("pyconf"), "PyConf", "Europe/Paris")
PARIS = ZoneInfo("Europe/Paris")
PARTS = ("first_name", "last_name", "email")


@dataclass(frozen=True, slots=True)
class Exports:
    http: Http
    access: Access

    async def events(self) -> Sequence[SourceEvent]:
        await self._rows("talks")
        fields = self.access.fields
        event_id = self.access.url.rpartition("/")[2]
        return [SourceEvent(SourceEventId(event_id), fields["name"], fields["zone"])]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        for event in await self.events():
            if event.id == event_id:
                return event
        raise SourceEventGone("There is another event at this address.")

    async def records(self, event_id: SourceEventId, feed: Feed[Any]) -> AsyncIterator[Sequence[Any]]:
        await self.event(event_id)
        if feed.name == SESSIONS.name:
            people = {str(person.id): person for person in _people(await self._rows("people"))}
            talks = [_talk(row, people) for row in await self._rows("talks")]
            yield [*{talk.id: talk for talk in talks[::-1]}.values()][::-1]

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        return True

    async def _rows(self, name: str) -> list[Any]:
        try:
            answer = await self.http.read(name, {"key": self.access.token.value})
            rows = json.loads(answer.body) if answer.status == 200 else None
        except HttpUnavailable as error:
            raise SourceUnavailable(str(error)) from error
        except (ValueError, RecursionError) as error:
            raise SourceUnreadable("The export is not JSON.") from error
        if answer.status in (401, 403):
            raise SourceRefused("The key was refused.")
        if not isinstance(rows, list):
            raise SourceUnreadable("The export is no list.")
        return rows


def _people(rows: list[Any]) -> Iterator[Person]:
    for row in rows:
        if isinstance(row, Mapping) and all(isinstance(row.get(key), str) for key in ("login", *PARTS)):
            yield Person(SourceId(row["login"]), **{key: row[key] for key in PARTS})


def _talk(row: Any, people: Mapping[str, Person]) -> Session | Unreadable:
    try:
        speakers = [Participation(people[name], ParticipationRole.SPEAKER) for name in row["speakers"]]
        key, title, starts, ends = row["key"], row["title"], _time(row["starts"]), _time(row["ends"])
    except (TypeError, KeyError, IndexError, ValueError, OverflowError):
        return unreadable_row(row, "Part of it is missing or odd.", id_key="key")
    if not isinstance(title, str | None) or not isinstance(key, str) or not re.fullmatch(r"\w{1,20}", key):
        return unreadable_row(row, "Its title or key is odd.", id_key="key")
    return Session(
        SourceId(key), title, status="accepted", starts_at=starts, ends_at=ends, people=tuple(speakers)
    )


def _time(text: str | None) -> datetime | None:
    time = datetime.fromisoformat(text) if text else None
    return time.replace(tzinfo=time.tzinfo or PARIS).astimezone(UTC) if time else None


class ExportsStandIn(SourceStandIn):
    url = "https://example.org/pyconf"
    fields = {"name": "PyConf", "zone": "Europe/Paris"}
    only_event = EVENT

    def write_event(self, event: SourceEvent) -> Json:
        return None

    def write_session(self, session: Session) -> Json:
        speakers = [part.person.id for part in session.people]
        times = {"starts": _local(session.starts_at), "ends": _local(session.ends_at)}
        return {"key": session.id, "title": session.title, "speakers": speakers, **times}

    def write_person(self, person: Person) -> Json:
        return {"login": person.id, **{key: getattr(person, key) for key in PARTS}}

    def answer(self, request: Request) -> Answer:
        if request.query.get("key") != self.token:
            return Answer({"error": "The key is wrong."}, status=403)
        lists = {"/pyconf/talks": SESSIONS.name, "/pyconf/people": PEOPLE}
        for event in self.events.values():
            if request.path in lists:
                return Answer(event.rows(lists[request.path]))
        return Answer({"error": "There is none."}, status=404)


def _local(time: datetime | None) -> str | None:
    return f"{time.astimezone(PARIS):%Y-%m-%d %H:%M}" if time else None


class TestExports(SourceSuite):
    capabilities = SourceCapabilities(
        fields=frozenset(("title", "starts_at", "ends_at", *PARTS)),
        has_exhibitors=False,
        has_several_events=False,
        tells_time_zone=False,
        has_offsets=False,
        is_paged=False,
        takes_token_in_url=True,
    )

    def stand_in(self) -> SourceStandIn:
        return ExportsStandIn()

    def open_source(self, stand_in: SourceStandIn, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
        return _open(stand_in.access(), http)


@asynccontextmanager
async def _open(access: Access, http: OpenHttp) -> AsyncIterator[Exports]:
    async with http(access.url, {}) as client:
        yield Exports(client, access)
