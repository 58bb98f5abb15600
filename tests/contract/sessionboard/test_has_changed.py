"""The check for changes since a given time, which can spare a sync the reading: it denies changes only if it is certain."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.source import InMemorySource
from adapters.sessionboard.saved_events import SavedEvent
from adapters.sessionboard.source import SessionboardSources
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.source_records import Participation, ParticipationRole, Person, Session, SourceEvent
from core.domain.tenancy.secrets import Token
from ports.source import Source, SourceError, SourceRefused, SourceUnavailable, SourceUnreadable
from tests.contract.sessionboard.conftest import HASTE
from tests.contract.sessionboard.fake_api import TOKEN, FakeApi, served

EVENT = SourceEventId("1")
NOW = datetime(2027, 5, 1, 9, 30, 15, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PUBLISHED = NOW - 60 * MINUTE
ADA = Person(SourceId("p1"), "Ada", "Lovelace")
TALK = Session(SourceId("s1"), title="Engines", people=(Participation(ADA, ParticipationRole.SPEAKER),))


class EditableEvent(Protocol):
    """An event with one session and one person on it, published an hour ago, that a test can edit."""

    @property
    def source(self) -> Source: ...

    @property
    def can_deny_changes(self) -> bool:
        """Return whether this source can report that nothing has changed."""
        ...

    def edit_session(self) -> None: ...

    def add_session(self) -> None: ...

    def edit_person(self) -> None: ...


@dataclass
class InMemory:
    source: InMemorySource
    can_deny_changes: bool = True

    @property
    def rows(self) -> list[Any]:
        return self.source.programmes[EVENT].sessions

    def edit_session(self) -> None:
        self.rows[0] = replace(TALK, title="More engines")

    def add_session(self) -> None:
        self.rows.append(replace(TALK, id=SourceId("s2")))

    def edit_person(self) -> None:
        edited = Participation(replace(ADA, first_name="Augusta"), ParticipationRole.SPEAKER)
        self.rows[0] = replace(TALK, people=(edited,))


def a_row(row_id: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {"id": row_id, "updated_at": at.isoformat(), **more}


@dataclass
class OverHttp:
    source: Source
    api: FakeApi
    can_deny_changes: bool = True

    def edit_session(self) -> None:
        self.api.sessions[0] = a_row("s1", NOW, title="More engines")

    def add_session(self) -> None:
        self.api.sessions.append(a_row("s2", NOW))

    def edit_person(self) -> None:
        self.api.speakers[0] = a_row("p1", NOW, first_name="Augusta")


@dataclass
class InAFile:
    source: SavedEvent
    can_deny_changes: bool = False

    def edit_session(self) -> None:
        self._save(["s1", "More engines"])

    def add_session(self) -> None:
        self._save(["s1", "Engines"], ["s2", "Engines"])

    def edit_person(self) -> None:
        self._save(["s1", "Engines", "Augusta"])

    def _save(self, *rows: list[str]) -> None:
        sessions = [
            {"id": row_id, "title": title, "speakers": [{"id": "p1", "first_name": [*name, "Ada"][0]}]}
            for row_id, title, *name in rows
        ]
        event = {"id": 1, "name": "PyCon", "timezone": "Europe/Paris"}
        self.source.path.write_text(json.dumps({"event": event, "sessions": sessions, "exhibitors": []}))


def an_api() -> FakeApi:
    return FakeApi(sessions=[a_row("s1", PUBLISHED, title="Engines")], speakers=[a_row("p1", PUBLISHED)])


@pytest.fixture(params=["memory", "file", "http", "http over the wire"])
async def event(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EditableEvent]:
    if request.param == "memory":
        clock = ManualClock(PUBLISHED)
        source = InMemorySource(clock=clock)
        source.put(SourceEvent(EVENT, "PyCon", "Europe/Paris"), [TALK])
        await source.has_changed(EVENT, PUBLISHED)  # it detects edits only when asked
        clock.set(NOW)
        yield InMemory(source)
        return
    if request.param == "file":
        saved = InAFile(SavedEvent(tmp_path / "event.json"))
        saved._save(["s1", "Engines"])
        yield saved
        return
    api, runner, url = an_api(), None, "https://api.example.com"
    sources = SessionboardSources(transport=lambda: httpx.MockTransport(api), policy=HASTE)
    if request.param == "http over the wire":
        runner, url = await served(api)
        sources = SessionboardSources(allow_private=True, policy=HASTE)
    async with sources.open(url, Token(TOKEN)) as opened:
        yield OverHttp(opened, api)
    if runner:
        await runner.cleanup()


async def test_nothing_has_changed_without_an_edit(event: EditableEvent) -> None:
    for since in (NOW, NOW - 10 * MINUTE, PUBLISHED + MINUTE):
        assert await event.source.has_changed(EVENT, since) is not event.can_deny_changes


async def test_publishing_counts_as_a_change(event: EditableEvent) -> None:
    assert await event.source.has_changed(EVENT, PUBLISHED - MINUTE)


@pytest.mark.parametrize("edit", ["edit_session", "add_session", "edit_person"])
async def test_edit_is_a_change_only_since_an_earlier_time(event: EditableEvent, edit: str) -> None:
    getattr(event, edit)()
    assert await event.source.has_changed(EVENT, NOW - MINUTE)
    assert await event.source.has_changed(EVENT, NOW + MINUTE) is not event.can_deny_changes


async def test_since_can_be_in_any_time_zone(event: EditableEvent) -> None:
    event.edit_session()
    for hours in (-11, 14):
        zone = timezone(timedelta(hours=hours))
        assert await event.source.has_changed(EVENT, (NOW - MINUTE).astimezone(zone))
        assert (
            await event.source.has_changed(EVENT, (NOW + MINUTE).astimezone(zone))
            is not event.can_deny_changes
        )


@pytest.mark.parametrize("unknown", ["2", "", "..", "1/sessions", "日本"])
async def test_missing_event_counts_as_changed(event: EditableEvent, unknown: str) -> None:
    """Reading it then shows that it is gone."""
    assert await event.source.has_changed(SourceEventId(unknown), NOW)


async def test_memory_without_a_clock_always_reports_a_change() -> None:
    source = InMemorySource()
    source.put(SourceEvent(EVENT, "PyCon", "Europe/Paris"), [TALK])
    assert await source.has_changed(EVENT, NOW)


@pytest.mark.parametrize(
    "trouble", [SourceRefused("No."), SourceUnreadable("What?"), SourceUnavailable("Later.")]
)
async def test_memory_raises_only_if_unreachable(trouble: SourceError) -> None:
    source = InMemorySource(clock=ManualClock(PUBLISHED))
    source.put(SourceEvent(EVENT, "PyCon", "Europe/Paris"), [TALK])
    assert not await source.has_changed(EVENT, NOW)
    source.error = trouble
    if isinstance(trouble, SourceUnavailable):
        with pytest.raises(SourceUnavailable):
            await source.has_changed(EVENT, NOW)
    else:
        assert await source.has_changed(EVENT, NOW)


async def test_two_searches_for_one_row_are_sent(api: FakeApi, source: Source) -> None:
    since = datetime(2027, 5, 1, 11, 30, 15, 123999, tzinfo=timezone(timedelta(hours=2)))
    assert not await source.has_changed(EVENT, since)
    assert [(request.method, request.url.path) for request in api.requests] == [
        ("POST", "/v1/event/1/sessions"),
        ("POST", "/v1/event/1/speakers"),
    ]
    assert [dict(request.url.params) for request in api.requests] == [{"page": "1", "pageSize": "1"}] * 2
    changed = {"updatedAt": {"after": "2027-05-01T09:30:15.123Z"}}  # rounded to earlier, never to later
    assert [json.loads(request.content) for request in api.requests] == [
        {"filters": changed, "expand": ["linked_sources"]},
        {"filters": changed},
    ]


async def test_first_change_ends_the_searches(api: FakeApi, source: Source) -> None:
    api.sessions = [a_row(f"s{number}", NOW) for number in range(250)]
    assert await source.has_changed(EVENT, PUBLISHED)
    assert [request.url.path for request in api.requests] == ["/v1/event/1/sessions"]


@pytest.mark.parametrize("well", [0, 1], ids=["sessions", "people"])
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(502),
        httpx.Response(200, html="<html></html>"),
        httpx.Response(403, html="<html></html>"),
        httpx.ReadTimeout("no"),
        httpx.ConnectError("no"),
    ],
)
async def test_unreachable_source_is_an_error(
    api: FakeApi, source: Source, trouble: httpx.Response | Exception, well: int
) -> None:
    api.first_answers.extend([nothing()] * well)
    api.first_answers.extend([trouble] * 99)
    with pytest.raises(SourceUnavailable, match=r"^Sessionboard (returned|did not|refused)"):
        await source.has_changed(EVENT, NOW)


async def test_long_rate_limit_is_an_error(api: FakeApi, source: Source) -> None:
    api.first_answers.append(httpx.Response(429, headers={"Retry-After": "86400"}))
    with pytest.raises(SourceUnavailable, match="limiting our requests"):
        await source.has_changed(EVENT, NOW)


async def test_transient_failure_is_not_a_change(api: FakeApi, source: Source) -> None:
    api.first_answers.extend([httpx.Response(500), httpx.Response(429), httpx.ReadTimeout("no")])
    assert not await source.has_changed(EVENT, NOW)


def nothing() -> httpx.Response:
    return page(results=[], pagination={"totalResults": 0})


def page(**document: Any) -> httpx.Response:
    return httpx.Response(200, json=document)


def whole(**document: Any) -> Callable[[], httpx.Response]:
    return lambda: page(**document)


DOUBTFUL: dict[str, Callable[[], httpx.Response]] = {
    "unauthorized": lambda: httpx.Response(401),
    "forbidden": lambda: httpx.Response(403),
    "not found": lambda: httpx.Response(404),
    "bad request": lambda: httpx.Response(400, json={"results": []}),
    "no content": lambda: httpx.Response(204),
    "moved": lambda: httpx.Response(302, headers={"location": "https://evil.example/"}),
    "empty": lambda: httpx.Response(200),
    "nested without end": lambda: httpx.Response(200, content=b'{"results":' + b"[" * 100_000),
    "too large": lambda: httpx.Response(200, content=b'{"results": []' + b" " * 2**20 + b"}"),
    "a list": lambda: httpx.Response(200, json=[]),
    "null": lambda: httpx.Response(200, json=None),
    "no results": whole(),
    "no results but none in all": whole(pagination={"totalResults": 0}),
    "results that are null": whole(results=None, pagination={"totalResults": 0}),
    "results that are an object": whole(results={}),
    "results that are text": whole(results=""),
    "results that are zero": whole(results=0),
    "results that are false": whole(results=False),
    "a row that is none": whole(results=[None]),
    "an empty list in the list": whole(results=[[]]),
    "rows under data": whole(data=[{"id": "s1"}]),
    "rows under data besides no results": whole(results=[], data=[{"id": "s1"}]),
    "more in all than rows": whole(results=[], pagination={"totalResults": 3}),
    "more in all than rows under data": whole(data=[], pagination={"totalResults": 1}),
    "more in all with an underscore": whole(results=[], pagination={"total_results": 3}),
    "more in all as text": whole(results=[], pagination={"totalResults": "3"}),
    "more in all than can be read": whole(results=[], pagination={"totalResults": "9" * 5000}),
    "less than none in all": whole(results=[], pagination={"totalResults": -1}),
    "a row though there is none in all": whole(results=[{"id": "s1"}], pagination={"totalResults": 0}),
}


@pytest.mark.parametrize("well", [0, 1], ids=["sessions", "people"])
@pytest.mark.parametrize("answer", DOUBTFUL.values(), ids=DOUBTFUL.keys())
async def test_unclear_response_counts_as_a_change(
    api: FakeApi, source: Source, answer: Callable[[], httpx.Response], well: int
) -> None:
    api.first_answers.extend([nothing()] * well)
    api.first_answers.append(answer())
    assert await source.has_changed(EVENT, NOW)
    assert len(api.requests) == 1 + well, "neither retried nor followed"


@pytest.mark.parametrize(
    "document",
    [
        {"results": []},
        {"data": []},
        {"results": [], "pagination": None},
        {"results": [], "pagination": []},
        {"results": [], "pagination": {"totalPages": 1, "totalResults": None}},
        {"results": [], "pagination": {"totalResults": "0"}},
        {"results": None, "data": [], "pagination": {"total_results": 0}},
        {"results": [], "unheard": "of"},
    ],
)
async def test_empty_page_is_no_change(api: FakeApi, source: Source, document: dict[str, Any]) -> None:
    api.first_answers.extend([page(**document), page(**document)])
    assert not await source.has_changed(EVENT, NOW)
    assert not api.first_answers


async def test_server_that_ignores_the_filter_always_reports_a_change(api: FakeApi, source: Source) -> None:
    def all_rows(_request: httpx.Request) -> httpx.Response:
        return page(results=[a_row("s1", PUBLISHED)], pagination={"totalResults": 1})

    api.first_answers.append(all_rows)
    assert await source.has_changed(EVENT, NOW)


async def test_unknown_token_is_not_an_error_before_reading(sources: SessionboardSources) -> None:
    async with sources.open("https://api.example.com", Token("another-token")) as source:
        assert await source.has_changed(EVENT, NOW)
        with pytest.raises(SourceRefused):
            await source.events()
