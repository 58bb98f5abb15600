"""Limits of responses: a few bytes can hold millions of values, whose parsing would hold up other tenants (rule 29)."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from adapters.sessionboard.client import MIB, Limits
from adapters.sessionboard.parsing import MAX_PROBLEMS, MIN_ROWS_TO_JUDGE, SESSION_SCHEMA
from adapters.sessionboard.repair import MAX_LABEL_LENGTH, MAX_NESTED
from adapters.sessionboard.source import SessionboardSources
from adapters.sessionboard.wire import SessionRow
from core.domain.ids import SourceEventId
from core.domain.records import feeds
from core.domain.records.source_records import Session, Unreadable
from core.domain.tenancy.secrets import Token
from ports.source import Source, SourceUnreadable
from tests.contract.http_client.conftest import little_memory
from tests.contract.sessionboard.conftest import all_rows, feed_named
from tests.contract.sessionboard.fake_api import TOKEN, FakeApi

EVENT = SourceEventId("1")
NOW = datetime(2027, 5, 1, tzinfo=UTC)
VALUES = Limits().values


@pytest.fixture
async def source(sources: SessionboardSources) -> Any:
    """Open the source with the production limits."""
    usual = replace(sources, limits=Limits())
    async with usual.open("https://api.example.com", Token(TOKEN)) as source:
        yield source


async def read(source: Source, feed: str) -> None:
    if feed == "events":
        await source.events()
    else:
        await all_rows(source.records(EVENT, feed_named(feed)))


def packed(body: bytes) -> httpx.Response:
    stream = httpx.ByteStream(gzip.compress(body))
    return httpx.Response(200, stream=stream, headers={"content-encoding": "gzip"})


def list_of(row: bytes, size: int) -> bytes:
    return b'{"results":[' + b",".join([row] * (size // (len(row) + 1))) + b"]}"


ROWS = pytest.mark.parametrize("row", [b"{}", b"1", b'""', b"[]", b"null", b'{"id":1}'])


@ROWS
@pytest.mark.parametrize("feed", ["events", "sessions", "exhibitors"])
async def test_response_with_too_many_rows_is_refused_immediately(
    api: FakeApi, source: Source, feed: str, row: bytes
) -> None:
    """Without the limit, 3 MiB of empty rows, compressed to 3 KiB, took 12 seconds and 1.4 GB."""
    api.first_answers.append(packed(list_of(row, 3 * MIB)))
    words = r"returned a page of at least [\d,]+ rows instead of at most 100 .*Check that the address"
    with little_memory(48 * MIB), pytest.raises(SourceUnreadable, match=words):
        await read(source, feed)
    assert len(api.requests) == 1, "smaller pages would not help"


@pytest.mark.parametrize("count", [101, 1000])
async def test_rows_are_counted_before_they_are_parsed(
    api: FakeApi, source: Source, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def built(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(SessionRow, "__init__", built)
    monkeypatch.setattr("adapters.sessionboard.parsing.nested_in", built)
    api.first_answers.append(httpx.Response(200, json={"results": [{"id": n} for n in range(count)]}))
    with pytest.raises(SourceUnreadable, match=f"a page of {count:,} rows instead of at most 100"):
        await all_rows(source.records(EVENT, feeds.SESSIONS))


async def test_smaller_page_has_a_smaller_limit(api: FakeApi, source: Source) -> None:
    api.first_answers.append(packed(b" " * 9 * MIB))
    api.first_answers.append(httpx.Response(200, json={"results": [{"id": n} for n in range(100)]}))
    with pytest.raises(SourceUnreadable, match="a page of 100 rows instead of at most 50"):
        await all_rows(source.records(EVENT, feeds.SESSIONS))


async def test_beginning_of_a_large_response_shows_too_many_rows(api: FakeApi, source: Source) -> None:
    api.first_answers.append(packed(list_of(b'"%s"' % (b"x" * 50_000), 9 * MIB)))
    with pytest.raises(SourceUnreadable, match=r"at least 1[0-9][0-9] rows instead of at most 100"):
        await all_rows(source.records(EVENT, feeds.SESSIONS))
    assert len(api.requests) == 1


@pytest.mark.parametrize("feed", ["sessions", "has_changed"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"pagination":' + b"[" * 150 + b"1," * 4 * MIB,
        b'{"pagination":{"x":[' + b"{}," * (2 * MIB) + b"{}]}}",
        b'{"results":[{"id":1,"custom_fields":[' + b"[]," * (2 * MIB) + b"[]]}]}",
        b"[" + b'"",' * (2 * MIB) + b'""]',
    ],
    ids=["cut", "elsewhere", "in a row", "no page"],
)
async def test_response_with_too_many_values_is_cheap(
    api: FakeApi, source: Source, feed: str, body: bytes
) -> None:
    answers = [packed(body) for _ in range(5)]
    api.first_answers.extend(answers)
    with little_memory(48 * MIB):
        if feed == "has_changed":
            assert await source.has_changed(EVENT, NOW), "reading everything will report what is wrong"
        elif b"custom_fields" in body:
            api.events = api.sessions = api.exhibitors = [{"id": 1}]
            await read(source, feed)
            assert [size for _, size in api.places_asked[:5]] == [100, 50, 25, 5, 1]
        else:
            with pytest.raises(SourceUnreadable, match=r"larger than 8 MiB|more than 100,000 values"):
                await read(source, feed)


async def test_rule_29_response_with_too_many_values_is_read_in_smaller_pages(
    api: FakeApi, source: Source
) -> None:
    api.sessions = [{"id": f"s{n}", "custom_fields": [{"a": 1}] * 1200} for n in range(120)]
    received = await all_rows(source.records(EVENT, feeds.SESSIONS))
    assert [row.id for row in received] == [row["id"] for row in api.sessions]
    assert not [row for row in received if isinstance(row, Unreadable)]
    assert {size for _, size in api.places_asked} == {100, 50, 25}


async def test_rule_29_row_with_too_many_values_is_one_blocked_record(api: FakeApi, source: Source) -> None:
    api.sessions = [{"id": f"s{n}", "title": f"Talk {n}"} for n in range(120)]
    api.sessions[7]["custom_fields"] = [0] * VALUES
    received = await all_rows(source.records(EVENT, feeds.SESSIONS))
    assert [row.id for row in received] == [row["id"] for row in api.sessions]
    assert [row for row in received if isinstance(row, Unreadable)] == [
        Unreadable(received[7].id, "Talk 7", "The row has more than 100,000 values.")
    ]


@pytest.mark.parametrize("text", ['<p>Well, [a] {b}, \\ "c", </p>', "<p>é, ü, 中</p>"])
async def test_rule_29_row_can_have_a_long_text(api: FakeApi, source: Source, text: str) -> None:
    long = text * (6 * MIB // len(json.dumps(text)))
    api.sessions = [{"id": "s1", "title": "Long", "description": long}, {"id": "s2"}]
    first, second = await all_rows(source.records(EVENT, feeds.SESSIONS))
    assert isinstance(first, Session)
    assert first.description == long
    assert second.id == "s2"


async def test_rule_29_page_of_a_hundred_rich_sessions_is_read_whole(api: FakeApi, source: Source) -> None:
    person = {f"field{n}": "A text, with a comma." for n in range(60)}
    api.sessions = [
        {
            "id": f"s{n}",
            "description": "<p>" + "A long text, " * 1000 + "</p>",
            "participants": [person | {"id": f"p{n}-{number}"} for number in range(5)],
            **{f"field{number}": None for number in range(60)},
        }
        for n in range(100)
    ]
    assert len(await all_rows(source.records(EVENT, feeds.SESSIONS))) == 100
    assert api.places_asked == [(1, 100)]


@pytest.mark.parametrize("key", ["participants", "speakers", "tags", "subsessions"])
@pytest.mark.parametrize("item", [{}, {"id": "x"}, 7])
def test_rule_29_row_with_too_long_lists_is_one_blocked_record(key: str, item: object) -> None:
    many: dict[str, Any] = {"id": "s1", "title": "Talk", key: [item] * (MAX_NESTED + 1)}
    nested = {"id": "s2", "subsessions": [{"id": "s3", key: many[key][1:]}]}
    page = SESSION_SCHEMA.read_rows([many, nested, {"id": "s4"}])
    problem = "The row has 2,001 people, tags and subsessions. At most 2,000 are allowed."
    assert page.records[:2] == [
        Unreadable(page.ids[0], "Talk", problem),
        Unreadable(page.ids[1], "s2", problem),
    ]
    assert isinstance(page.records[2], Session)


def test_row_at_the_limit_is_read() -> None:
    people = [{"id": f"p{n}"} for n in range(MAX_NESTED)]
    (session,) = SESSION_SCHEMA.read_rows([{"id": "s1", "participants": people}]).records
    assert isinstance(session, Session)
    assert len(session.people) == MAX_NESTED


def test_rule_29_row_with_too_many_invalid_values_is_not_repaired() -> None:
    people = [{"id": n, "title": [], "email": []} for n in range(MAX_PROBLEMS)]
    few, many = SESSION_SCHEMA.read_rows(
        [{"id": "s1", "speakers": people[: MAX_PROBLEMS // 2]}, {"id": "s2", "speakers": people}]
    ).records
    assert isinstance(few, Session)
    assert isinstance(many, Unreadable)
    assert many.problem == "The row has 1,000 values that cannot be read."


def test_label_of_an_unreadable_row_is_bounded() -> None:
    (record,) = SESSION_SCHEMA.read_rows([{"title": "x" * MIB}]).records
    assert isinstance(record, Unreadable)
    assert record.label == "x" * MAX_LABEL_LENGTH


@pytest.mark.parametrize("row", [{"name": "no id"}, "row", None, {"id": {}}])
@pytest.mark.parametrize("count", [MIN_ROWS_TO_JUDGE, 100, 230])
@pytest.mark.parametrize("feed", ["events", "sessions", "exhibitors"])
async def test_address_with_only_unreadable_rows_is_reported_as_wrong(
    api: FakeApi, source: Source, feed: str, count: int, row: object
) -> None:
    api.events = api.sessions = api.exhibitors = [row] * count
    words = rf"a list of \d+ {feed}, none of which can be read \(the first: The row .*Check that the address"
    with pytest.raises(SourceUnreadable, match=words):
        await read(source, feed)


async def test_rule_29_few_unreadable_rows_are_blocked_one_by_one(api: FakeApi, source: Source) -> None:
    api.sessions = [{"title": f"Talk {n}"} for n in range(MIN_ROWS_TO_JUDGE - 1)]
    received = await all_rows(source.records(EVENT, feeds.SESSIONS))
    assert len(received) == MIN_ROWS_TO_JUDGE - 1
    assert all(isinstance(row, Unreadable) for row in received)


@pytest.mark.parametrize("readable", [0, 99, 150])
async def test_rule_29_one_readable_row_proves_the_address(
    api: FakeApi, source: Source, readable: int
) -> None:
    api.sessions = [{"title": f"Talk {n}"} for n in range(200)]
    api.sessions[readable] = {"id": "s1"}
    if readable >= 100:
        api.sessions[0] = {"id": "s0"}
    assert len(await all_rows(source.records(EVENT, feeds.SESSIONS))) == 200
