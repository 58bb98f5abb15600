"""Responses that are too large: they are read in smaller pages, down to a single row, which is reported (rule 29)."""

import gzip
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.sessionboard.pages import MAX_TOO_LARGE
from adapters.sessionboard.source import SessionboardSources
from core.domain.ids import SourceEventId
from core.domain.records.feeds import EXHIBITORS, SESSIONS
from core.domain.records.source_records import Session, SourceEvent, Unreadable, is_id
from core.domain.tenancy.secrets import Token
from ports.source import Source, SourceError, SourceIncomplete, SourceUnreadable
from tests.contract.sessionboard.conftest import all_rows, feed_named, rows_before
from tests.contract.sessionboard.fake_api import TOKEN, FakeApi

EVENT = SourceEventId("1")
KIB = 1024
"""The tests' limit is 1 MiB."""


def row(number: int, size: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": f"s{number}", "title": f"Talk {number}", **more, "description": "x" * size}


def ids(rows: list[Any]) -> list[str]:
    return [row.id for row in rows]


def unreadable(rows: list[Any]) -> list[Unreadable]:
    return [row for row in rows if isinstance(row, Unreadable)]


@pytest.mark.parametrize("feed", ["sessions", "exhibitors"])
@pytest.mark.parametrize(
    ("kib", "passes"), [(15, 50), (30, 25), (150, 5), (600, 1)], ids=["50", "25", "5", "1"]
)
async def test_rule_29_too_large_response_is_read_in_smaller_pages(
    api: FakeApi, source: Source, feed: str, kib: int, passes: int
) -> None:
    api.sessions = api.exhibitors = [row(number, kib * KIB) for number in range(230)]
    received = await all_rows(source.records(EVENT, feed_named(feed)))

    assert ids(received) == [row["id"] for row in api.sessions]
    assert not unreadable(received)
    smallest = [page for page, size in api.places_asked if size == passes]
    assert smallest == list(range(1, -(-230 // passes) + 1)), "aligned, each once, and none beyond the end"
    # Only the first hundred rows determine the size; later pages are requested in that size.
    assert all((page - 1) * size < 100 for page, size in api.places_asked if size > passes)


async def test_rule_29_smaller_page_size_is_kept(api: FakeApi, source: Source) -> None:
    api.sessions = [row(number, 15 * KIB) for number in range(330)]
    await all_rows(source.records(EVENT, SESSIONS))
    assert api.places_asked == [(1, 100), *((page, 50) for page in range(1, 8))]


async def test_rule_29_too_large_later_page_keeps_the_earlier_ones(api: FakeApi, source: Source) -> None:
    api.sessions = [row(number, 15 * KIB if 200 <= number < 300 else 0) for number in range(400)]
    assert ids(await all_rows(source.records(EVENT, SESSIONS))) == [row["id"] for row in api.sessions]
    assert sorted(api.places_asked) == [(1, 100), (2, 100), (3, 100), (4, 100), (5, 50), (6, 50)]


@pytest.mark.parametrize("pagination", ["as documented", None, "pages", "results"])
@pytest.mark.parametrize("count", [1, 30, 101, 230])
async def test_rule_29_smaller_pages_add_up_with_any_totals(
    api: FakeApi, source: Source, count: int, pagination: str | None
) -> None:
    api.sessions = [row(number, 600 * KIB if number < 2 else 12 * KIB) for number in range(count)]

    def announced(request: httpx.Request) -> httpx.Response:
        document = json.loads(FakeApi(sessions=api.sessions)(request).content)
        totals = document.pop("pagination")
        if pagination == "as documented":
            document["pagination"] = totals
        elif pagination:
            name = f"total{pagination.title()}"
            document["pagination"] = {name: totals[name]}
        return httpx.Response(200, json=document)

    api.first_answers.extend([announced] * 500)
    received = await all_rows(source.records(EVENT, SESSIONS))
    assert ids(received) == [row["id"] for row in api.sessions]
    assert not unreadable(received)
    assert api.places_asked.count((1, 100)) == 1, "read once"


@pytest.mark.parametrize("at", [0, 3, 99, 150, 229])
async def test_rule_29_too_large_row_is_one_blocked_record(api: FakeApi, source: Source, at: int) -> None:
    api.sessions = [row(number, 1100 * KIB if number == at else 0) for number in range(230)]
    received = await all_rows(source.records(EVENT, SESSIONS))

    assert ids(received) == [row["id"] for row in api.sessions]
    assert unreadable(received) == [
        Unreadable(received[at].id, f"Talk {at}", "The row is larger than 1 MiB.")
    ]
    # The row is at fault and not the page size: the other pages are requested as before.
    assert {place for place in api.places_asked if place[1] == 100} == {(1, 100), (2, 100), (3, 100)}
    assert len(api.requests) <= 3 + 2 + 2 + 5 + 5


@pytest.mark.parametrize(
    ("beginning", "label"),
    [
        ({}, "Row 2 of the exhibitors"),
        ({"name": "Engines"}, "Engines"),
        ({"id": {"no": "id"}, "name": "  "}, "Row 2 of the exhibitors"),
    ],
)
async def test_rule_29_row_without_a_received_id_is_named_by_its_position(
    api: FakeApi, source: Source, beginning: dict[str, Any], label: str
) -> None:
    late = {"id": "e2", "name": "Late"}
    large = beginning | {"logo_image_url": "x" * 1100 * KIB}
    api.exhibitors = [
        {"id": "e1"},
        large | {key: late[key] for key in late if key not in large},
        {"id": "e3"},
    ]
    first, second = [await all_rows(source.records(EVENT, EXHIBITORS)) for _ in range(2)]

    assert first == second
    (found,) = unreadable(first)
    assert not is_id(found.id)
    assert (found.label, found.problem) == (label, "The row is larger than 1 MiB.")
    assert len(first) == 3


async def test_truncated_id_is_not_used(api: FakeApi, source: Source) -> None:
    start = b'{"results": [{"title": "%s", "id": 1234'
    body = start % (b"x" * (2**20 - len(start) + 2))

    def cut(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(body + b'5"}]}'))

    api.first_answers.extend([cut] * 5)
    api.sessions = [row(0)]
    (found,) = await all_rows(source.records(EVENT, SESSIONS))
    assert not is_id(found.id)


@pytest.mark.parametrize(
    "content",
    [
        b" " * 2**21,
        b"[" + b" " * 2**21,
        b'{"results": "' + b"x" * 2**21,
    ],
    ids=["blank", "list", "text"],
)
@pytest.mark.parametrize("packed", [False, True])
async def test_response_that_stays_too_large_is_an_error(
    api: FakeApi, source: Source, content: bytes, packed: bool
) -> None:
    headers = {"content-encoding": "gzip"} if packed else {}
    body = gzip.compress(content) if packed else content
    api.first_answers.extend(
        httpx.Response(200, stream=httpx.ByteStream(body), headers=headers) for _ in range(99)
    )
    with pytest.raises(SourceUnreadable, match=r"Sessionboard's response is larger than 1 MiB"):
        await all_rows(source.records(EVENT, SESSIONS))
    assert [size for _, size in api.places_asked] == [100, 50, 25, 5, 1]


async def test_too_many_consecutive_large_rows_are_an_error(api: FakeApi, source: Source) -> None:
    api.sessions = [row(number, 1100 * KIB) for number in range(100)]
    received, error = await rows_before(SourceUnreadable, source.records(EVENT, SESSIONS))
    assert len(received) == MAX_TOO_LARGE
    assert "10 sessions in a row are too large" in str(error)
    assert len(api.requests) < 40


async def test_rule_34_rows_without_a_page_number_are_reported_as_missing(
    api: FakeApi, source: Source
) -> None:
    """There are at most 999 pages, so single rows can be requested only among the first 999."""
    api.sessions = [row(number, 1100 * KIB if number in (998, 1202) else 0) for number in range(1230)]
    received, error = await rows_before(SourceIncomplete, source.records(EVENT, SESSIONS))
    assert str(error) == (
        "Sessionboard's response is larger than 1 MiB. "
        "These rows of the sessions are missing: 1,000, 1,201 to 1,205."
    )
    assert len(received) == 1224
    assert ids(unreadable(received)) == ["s998"]


async def test_rule_29_number_of_bodies_in_memory_is_bounded(
    api: FakeApi, sources: SessionboardSources
) -> None:
    api.sessions = [row(number, 15 * KIB) for number in range(1000)]
    running = most = 0

    async def counted(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        running -= 1
        return api(request)

    few = replace(sources, parallel=3, transport=lambda: httpx.MockTransport(counted))
    async with few.open("https://api.example.com", Token(TOKEN)) as source:
        async for _ in source.records(EVENT, SESSIONS):
            assert len(api.requests) <= 40
    assert most <= 3


EVENT_ROW = {"id": 1, "name": "PyCon", "timezone": "Europe/Paris"}


async def test_rule_29_too_large_event_does_not_hide_the_others(api: FakeApi, source: Source) -> None:
    large = {"id": 2, "name": "x" * 1100 * KIB}
    api.events = [large, EVENT_ROW]
    assert await source.events() == [SourceEvent(EVENT, "PyCon", "Europe/Paris")]
    assert await source.event(EVENT) == SourceEvent(EVENT, "PyCon", "Europe/Paris")


@pytest.mark.parametrize(
    ("event_id", "words"),
    [
        ("2", r"event '2' cannot be read: The row is larger than 1 MiB\.$"),
        ("3", r"event '2' cannot be read: The row .* No other row is event '3'\.$"),
    ],
)
async def test_rule_34_event_that_may_be_an_unreadable_row_is_not_gone(
    api: FakeApi, source: Source, event_id: str, words: str
) -> None:
    api.events = [EVENT_ROW, {"id": 2, "timezone": "x" * 1100 * KIB}]
    with pytest.raises(SourceUnreadable, match=words):
        await source.event(SourceEventId(event_id))


@pytest.mark.parametrize("odd", [None, "event", {"name": "No id"}])
async def test_rule_34_event_is_not_gone_while_a_row_is_unreadable(
    api: FakeApi, source: Source, odd: object
) -> None:
    api.events = [EVENT_ROW, odd]
    assert len(await source.events()) == 1
    assert (await source.event(EVENT)).id == EVENT
    with pytest.raises(SourceUnreadable, match="No other row is event '3'"):
        await source.event(SourceEventId("3"))


async def test_rule_34_event_is_not_gone_while_the_list_is_incomplete(api: FakeApi, source: Source) -> None:
    api.events, api.pagination = [EVENT_ROW], lambda *_: {"totalPages": 1, "totalResults": 2}
    assert len(await source.events()) == 1, "a list to choose from shows what was read"
    assert (await source.event(EVENT)).id == EVENT
    with pytest.raises(SourceIncomplete, match="reports 2 events but returned 1"):
        await source.event(SourceEventId("3"))


def test_incomplete_is_neither_unreadable_nor_gone() -> None:
    assert issubclass(SourceIncomplete, SourceError)
    assert SourceIncomplete.code == "incomplete"
    assert not issubclass(SourceIncomplete, SourceUnreadable)


async def test_large_row_within_the_limit_is_a_session(api: FakeApi, source: Source) -> None:
    api.sessions = [row(0, 1000 * KIB), row(1, 1000 * KIB)]
    received = await all_rows(source.records(EVENT, SESSIONS))
    assert all(isinstance(row, Session) for row in received)
