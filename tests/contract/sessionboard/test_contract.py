"""The contract of every source."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.memory.source import InMemorySource, InMemorySources
from adapters.sessionboard.saved_events import SavedEvent
from adapters.sessionboard.source import SessionboardSources
from core.domain.ids import SourceEventId, SourceId
from core.domain.records import feeds
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
    SourceEvent,
)
from core.domain.tenancy.secrets import SystemCredentials, Token
from ports.source import Source, SourceEventGone, SourceOpener, SourceRefused, SourceUnavailable
from tests.contract.sessionboard.conftest import HASTE, all_rows, incomplete_rows
from tests.contract.sessionboard.fake_api import TOKEN, FakeApi, served

EVENT = SourceEventId("1")
ADA = Person(SourceId("p1"), "Ada", "Lovelace", email="ada@example.org")
PROGRAMME = {
    "event": {"id": 1, "name": "PyCon", "timezone": "Europe/Paris"},
    "sessions": [
        {
            "id": f"s{number}",
            "title": f"Talk {number}",
            "status": "accepted",
            "starts_at": "2027-05-01T09:00:00Z",
            "ends_at": "2027-05-01T10:00:00.000+00:00",
            "speakers": [
                {"id": "p1", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"}
            ],
        }
        for number in range(250)
    ],
    "exhibitors": [
        {
            "id": "e1",
            "name": "Engines Ltd",
            "logo_image_url": "https://example.org/logo.png",
            "contacts": [
                {"id": "p2", "full_name": "C. Babbage", "is_primary": True, "email": "c@example.org"}
            ],
        }
    ],
}
SESSIONS = [
    Session(
        SourceId(f"s{number}"),
        title=f"Talk {number}",
        status="accepted",
        starts_at=datetime(2027, 5, 1, 9, tzinfo=UTC),
        ends_at=datetime(2027, 5, 1, 10, tzinfo=UTC),
        people=(Participation(ADA, ParticipationRole.SPEAKER),),
    )
    for number in range(250)
]
BABBAGE = Person(SourceId("p2"), full_name="C. Babbage", email="c@example.org")
EXHIBITORS = [
    Exhibitor(
        SourceId("e1"),
        "Engines Ltd",
        "https://example.org/logo.png",
        (ExhibitorContact(BABBAGE, is_primary=True),),
    )
]
PYCON = SourceEvent(EVENT, "PyCon", "Europe/Paris")


def in_memory() -> SourceOpener:
    source = InMemorySource()
    source.put(PYCON, SESSIONS, EXHIBITORS)
    return InMemorySources(source)


def in_a_file(folder: Path) -> SavedEvent:
    path = folder / "event.json"
    path.write_text(json.dumps(PROGRAMME))
    return SavedEvent(path)


def fake_api() -> FakeApi:
    rows: dict[str, Any] = PROGRAMME
    return FakeApi([rows["event"]], rows["sessions"], rows["exhibitors"])


@pytest.fixture(params=["memory", "file", "http", "http over the wire"])
async def source(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Source]:
    runner, url = None, "https://api.example.com"
    match request.param:
        case "memory":
            opening = in_memory().open(SystemCredentials(url, Token(TOKEN)))
        case "file":
            yield in_a_file(tmp_path)
            return
        case "http":
            api = fake_api()
            sources = SessionboardSources(transport=lambda: httpx.MockTransport(api), policy=HASTE)
            opening = sources.open(url, Token(TOKEN))
        case _:
            runner, url = await served(fake_api())
            opening = SessionboardSources(allow_private=True, policy=HASTE).open(url, Token(TOKEN))
    async with opening as opened:
        yield opened
    if runner:
        await runner.cleanup()


async def test_all_events_are_listed(source: Source) -> None:
    assert await source.events() == [PYCON]


async def test_event_is_found_by_id(source: Source) -> None:
    assert await source.event(EVENT) == PYCON


async def test_sessions_are_returned_in_pages_with_their_people(source: Source) -> None:
    pages = [page async for page in source.records(EVENT, feeds.SESSIONS)]

    assert [len(page) for page in pages] == [100, 100, 50]
    assert [row for page in pages for row in page] == SESSIONS


async def test_exhibitors_are_returned_with_their_contacts(source: Source) -> None:
    assert await all_rows(source.records(EVENT, feeds.EXHIBITORS)) == EXHIBITORS


@pytest.mark.parametrize("unknown", ["2", "", "..", "1/sessions", "日本"])
async def test_unknown_event_is_gone(source: Source, unknown: str) -> None:
    event_id = SourceEventId(unknown)
    with pytest.raises(SourceEventGone):
        await source.event(event_id)
    with pytest.raises(SourceEventGone):
        await all_rows(source.records(event_id, feeds.SESSIONS))
    with pytest.raises(SourceEventGone):
        await all_rows(source.records(event_id, feeds.EXHIBITORS))


async def test_reader_can_stop_after_the_first_page(source: Source) -> None:
    async def first_page() -> Sequence[object]:
        async for page in source.records(EVENT, feeds.SESSIONS):
            return page
        return ()

    assert await first_page() == SESSIONS[:100]


async def test_list_can_be_read_twice(source: Source) -> None:
    assert await all_rows(source.records(EVENT, feeds.SESSIONS)) == await all_rows(
        source.records(EVENT, feeds.SESSIONS)
    )


async def test_memory_fails_on_request_and_recovers() -> None:
    source = InMemorySource(error=SourceUnavailable("Try later."), pages_before_error=1)
    source.put(PYCON, SESSIONS, EXHIBITORS)
    pages = source.records(EVENT, feeds.SESSIONS)

    assert await anext(pages) == SESSIONS[:100]
    with pytest.raises(SourceUnavailable):
        await anext(pages)
    with pytest.raises(SourceUnavailable):
        await source.events()
    source.error = None
    assert await all_rows(source.records(EVENT, feeds.SESSIONS)) == SESSIONS


async def test_rule_34_memory_can_omit_the_end_of_a_list() -> None:
    source = InMemorySource()
    programme = source.put(PYCON, SESSIONS, EXHIBITORS)
    programme.missing_sessions = 120
    sessions, problem = await incomplete_rows(source.records(EVENT, feeds.SESSIONS))
    assert sessions == SESSIONS[:130]
    assert problem == "Sessionboard reports 250 sessions but returned 130."
    assert await all_rows(source.records(EVENT, feeds.EXHIBITORS)) == EXHIBITORS

    programme.missing_sessions, programme.missing_exhibitors = 0, 1
    assert await all_rows(source.records(EVENT, feeds.SESSIONS)) == SESSIONS
    exhibitors, _ = await incomplete_rows(source.records(EVENT, feeds.EXHIBITORS))
    assert exhibitors == []


async def test_memory_refuses_an_unknown_token() -> None:
    sources = InMemorySources(InMemorySource(), tokens={TOKEN})
    async with sources.open(SystemCredentials("https://api.example.com", Token("another-token"))) as source:
        with pytest.raises(SourceRefused):
            await source.events()


async def test_token_is_not_in_the_representation_of_a_source(source: Source) -> None:
    assert TOKEN not in repr(source)
