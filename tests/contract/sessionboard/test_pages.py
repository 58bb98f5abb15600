"""Lists whose pages are wrong, repeat themselves, or change while they are read."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.sessionboard.source import SessionboardSources
from adapters.sessionboard.tally import LAST_PAGE
from core.domain.ids import SourceEventId
from core.domain.records.feeds import EXHIBITORS, SESSIONS
from core.domain.tenancy.secrets import Token
from ports.source import Source, SourceEventGone, SourceIncomplete, SourceUnreadable
from tests.contract.sessionboard.conftest import all_rows, feed_named, incomplete_rows, rows_before
from tests.contract.sessionboard.fake_api import TOKEN, FakeApi

EVENT = SourceEventId("1")


def rows(start: int, end: int) -> list[dict[str, Any]]:
    return [{"id": f"s{number}"} for number in range(start, end)]


def page(content: list[dict[str, Any]], **pagination: int) -> httpx.Response:
    return httpx.Response(200, json={"results": content, "pagination": pagination})


async def ids(source: Source) -> list[str]:
    return [row.id for row in await all_rows(source.records(EVENT, SESSIONS))]


async def incomplete_ids(source: Source) -> tuple[list[str], str]:
    received, problem = await incomplete_rows(source.records(EVENT, SESSIONS))
    return [row.id for row in received], problem


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (1000, 10), (1234, 13)])
async def test_only_existing_pages_are_requested(
    api: FakeApi, source: Source, count: int, pages: int
) -> None:
    api.sessions = rows(0, count)
    assert await ids(source) == [row["id"] for row in api.sessions]
    assert sorted(api.pages_asked) == list(range(1, pages + 1))


async def test_only_searches_with_pages_of_a_hundred_rows_are_sent(api: FakeApi, source: Source) -> None:
    await all_rows(source.records(EVENT, SESSIONS))
    await all_rows(source.records(EVENT, EXHIBITORS))

    assert [request.url.params["pageSize"] for request in api.requests] == ["100", "100"]
    sessions, exhibitors = (json.loads(request.content) for request in api.requests)
    assert sessions == {"sort": {"order": "createdAt", "sort": "asc"}, "expand": ["linked_sources"]}
    assert exhibitors == {"sort": {"order": "createdAt", "sort": "asc"}}


async def test_later_pages_are_read_in_parallel_and_returned_in_order(
    api: FakeApi, sources: SessionboardSources
) -> None:
    api.sessions = rows(0, 900)
    running = most = 0

    async def slowly(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        # Later pages arrive sooner.
        for _ in range(20 - 2 * int(request.url.params["page"])):
            await asyncio.sleep(0)
        running -= 1
        return api(request)

    slow = replace(sources, transport=lambda: httpx.MockTransport(slowly))
    async with slow.open("https://api.example.com", Token(TOKEN)) as source:
        assert await ids(source) == [row["id"] for row in api.sessions]
    assert most == 5


async def test_read_ahead_is_bounded(api: FakeApi, source: Source) -> None:
    api.sessions = rows(0, 5000)
    pages = source.records(EVENT, SESSIONS)
    await anext(pages)
    await anext(pages)
    for _ in range(100):
        await asyncio.sleep(0)
    assert max(api.pages_asked) <= 2 + 5
    await _close(pages)


async def _close(pages: AsyncIterator[Any]) -> None:
    close: Callable[[], Any] = getattr(pages, "aclose")  # noqa: B009 - an iterator need not have it
    await close()


async def test_rows_are_found_under_data_too(api: FakeApi, source: Source) -> None:
    api.sessions, api.rows_key = rows(0, 150), "data"
    assert len(await ids(source)) == 150


@pytest.mark.parametrize("pagination", [None, {}, {"totalPages": None}, "?"])
@pytest.mark.parametrize("count", [0, 60, 100, 250])
async def test_without_totals_a_short_page_ends_the_list(
    api: FakeApi, source: Source, count: int, pagination: object
) -> None:
    api.sessions, api.pagination = rows(0, count), lambda *_: pagination
    assert await ids(source) == [row["id"] for row in api.sessions]
    assert max(api.pages_asked) <= count // 100 + 2


async def test_rule_34_server_that_ignores_the_page_number_is_detected(api: FakeApi, source: Source) -> None:
    api.first_answers.extend(httpx.Response(200, json={"results": rows(0, 100)}) for _ in range(50))
    received, problem = await incomplete_ids(source)
    assert received == [row["id"] for row in rows(0, 100)]
    assert problem == "Sessionboard returned the same page of sessions twice."
    assert len(api.requests) == 4


async def test_too_many_announced_pages_are_an_error_after_all_rows(api: FakeApi, source: Source) -> None:
    api.sessions, api.pagination = rows(0, 130), lambda *_: {"totalPages": 5000}
    received, error = await rows_before(SourceUnreadable, source.records(EVENT, SESSIONS))
    assert len(received) == 130
    assert "more than 999 pages" in str(error)
    assert max(api.pages_asked) == LAST_PAGE


async def test_too_few_announced_pages_do_not_cut_the_list(api: FakeApi, source: Source) -> None:
    api.sessions, api.pagination = rows(0, 330), lambda _, total: {"totalPages": 1, "totalResults": total}
    assert len(await ids(source)) == 330


async def test_list_longer_than_the_api_allows_is_unreadable(api: FakeApi, source: Source) -> None:
    api.pagination = lambda *_: {"totalPages": 1000}

    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            json={
                "results": [{"id": request.url.params["page"]}],
                "pagination": {"totalPages": LAST_PAGE + 1},
            },
        )

    api.first_answers.extend([endless] * (LAST_PAGE + 10))
    with pytest.raises(SourceUnreadable, match="more than 999 pages"):
        await ids(source)
    assert max(api.pages_asked) == LAST_PAGE


async def test_row_that_moves_to_another_page_is_not_missed(api: FakeApi, source: Source) -> None:
    """A row of the first page was deleted, so s100 moved to a page that was already read."""
    api.sessions = rows(1, 201)
    api.first_answers.append(page(rows(0, 100), totalPages=3, totalResults=201))
    received = await ids(source)

    assert set(received) == {f"s{number}" for number in range(201)}


async def test_duplicate_rows_cause_no_second_read_if_none_is_missing(api: FakeApi, source: Source) -> None:
    api.first_answers.extend(
        [
            page(rows(0, 100), totalPages=2, totalResults=150),
            page(rows(99, 150), totalPages=2, totalResults=150),
        ]
    )
    assert set(await ids(source)) == {f"s{number}" for number in range(150)}
    assert len(api.requests) == 2


async def test_duplicates_without_totals_cause_a_second_read(api: FakeApi, source: Source) -> None:
    api.sessions = rows(0, 150)
    api.first_answers.extend(
        [
            httpx.Response(200, json={"results": rows(0, 100)}),
            httpx.Response(200, json={"results": rows(99, 120)}),
        ]
    )
    assert set(await ids(source)) == {f"s{number}" for number in range(150)}


async def test_rule_34_list_that_never_matches_its_total_is_read_twice(api: FakeApi, source: Source) -> None:
    def another_each_time(request: httpx.Request) -> httpx.Response:
        reading = api.pages_asked.count(1)
        content = rows(10 * reading, 10 * reading + 50) if request.url.params["page"] == "1" else []
        return page(content, totalPages=1, totalResults=999)

    api.first_answers.extend([another_each_time] * 20)
    received, problem = await incomplete_ids(source)

    assert api.pages_asked.count(1) == 2
    assert received == [f"s{number}" for number in range(10, 70)], "each row once"
    assert problem == "Sessionboard reports 999 sessions but returned 50."


async def test_rule_34_wrong_total_causes_a_second_read_and_is_reported(api: FakeApi, source: Source) -> None:
    api.sessions, api.pagination = rows(0, 50), lambda *_: {"totalPages": 1, "totalResults": 51}
    received, problem = await incomplete_ids(source)
    assert len(received) == 50
    assert problem == "Sessionboard reports 51 sessions but returned 50."
    assert api.pages_asked.count(1) == 2


@pytest.mark.parametrize(
    ("total", "problem"),
    [
        (1, "Sessionboard reports 1 row of sessions but returned none."),
        (1234, "Sessionboard reports 1,234 sessions but returned none."),
    ],
)
async def test_rule_34_empty_list_with_a_total_is_incomplete(
    api: FakeApi, source: Source, total: int, problem: str
) -> None:
    api.pagination = lambda *_: {"totalPages": 1, "totalResults": total}
    assert await incomplete_ids(source) == ([], problem)


def lying(
    api: FakeApi, at: int, answer: Callable[[httpx.Request], httpx.Response]
) -> Callable[[httpx.Request], httpx.Response]:
    """Answer like the API, except for one page."""

    def answered(request: httpx.Request) -> httpx.Response:
        if int(request.url.params["page"]) == at:
            return answer(request)
        return FakeApi(sessions=api.sessions, exhibitors=api.sessions, pagination=api.pagination)(request)

    return answered


def empty(request: httpx.Request) -> httpx.Response:
    return page([], totalPages=3, totalResults=250)


def repeated(request: httpx.Request) -> httpx.Response:
    return page(rows(0, 100), totalPages=3, totalResults=250)


LIES = pytest.mark.parametrize("lie", [empty, repeated])


@LIES
@pytest.mark.parametrize("feed", ["sessions", "exhibitors"])
async def test_rule_34_pages_after_a_wrong_page_are_read_and_missing_rows_reported(
    api: FakeApi, source: Source, lie: Callable[[httpx.Request], httpx.Response], feed: str
) -> None:
    api.sessions = rows(0, 250)
    api.first_answers.extend([lying(api, 2, lie)] * 20)
    received, problem = await incomplete_rows(source.records(EVENT, feed_named(feed)))

    assert [row.id for row in received] == [row["id"] for row in (*rows(0, 100), *rows(200, 250))]
    assert problem == f"Sessionboard reports 250 {feed} but returned 150."
    assert sorted(api.pages_asked) == [1, 1, 2, 2, 3, 3]


@LIES
@pytest.mark.parametrize("pagination", [{"totalPages": 3}, {"totalResults": 250}])
async def test_rule_34_every_announced_page_is_read_with_any_total(
    api: FakeApi,
    source: Source,
    lie: Callable[[httpx.Request], httpx.Response],
    pagination: dict[str, int],
) -> None:
    api.sessions, api.pagination = rows(0, 250), lambda *_: pagination
    api.first_answers.extend(
        [lying(api, 2, lambda request: page(json.loads(lie(request).content)["results"], **pagination))] * 20
    )
    received, _ = await incomplete_ids(source)
    assert received == [row["id"] for row in (*rows(0, 100), *rows(200, 250))]


@pytest.mark.parametrize(
    ("lie", "words"),
    [(empty, "page 2 of the sessions, but it has no rows"), (repeated, "the same page of sessions twice")],
)
async def test_rule_34_wrong_page_is_named_if_no_total_is_reported(
    api: FakeApi, source: Source, lie: Callable[[httpx.Request], httpx.Response], words: str
) -> None:
    api.sessions, api.pagination = rows(0, 250), lambda *_: {"totalPages": 3}
    content = json.loads(lie(httpx.Request("GET", "/")).content)["results"]
    api.first_answers.extend([lying(api, 2, lambda _: page(content, totalPages=3))] * 20)
    _, problem = await incomplete_ids(source)
    assert words in problem


async def test_rule_34_empty_first_page_does_not_end_the_list(api: FakeApi, source: Source) -> None:
    api.sessions, api.pagination = rows(0, 250), lambda *_: {"totalPages": 3}
    api.first_answers.extend([lying(api, 1, lambda _: page([], totalPages=3))] * 20)
    received, problem = await incomplete_ids(source)
    assert received == [row["id"] for row in rows(100, 250)]
    assert "page 1 of the sessions, but it has no rows" in problem


@LIES
async def test_rule_34_consistent_second_read_is_complete(
    api: FakeApi, source: Source, lie: Callable[[httpx.Request], httpx.Response]
) -> None:
    api.sessions = rows(0, 250)
    api.first_answers.extend([lying(api, 2, lie)] * 3)
    pages = [[row.id for row in received] async for received in source.records(EVENT, SESSIONS)]

    assert [len(received) for received in pages] == [100, 50, 100]
    assert sorted(row for received in pages for row in received) == sorted(row["id"] for row in api.sessions)
    assert len(api.requests) == 6


async def test_rule_34_second_read_is_checked_by_itself(api: FakeApi, source: Source) -> None:
    """Together, the two reads have as many rows as announced, but some may have been deleted."""
    first, second = [*rows(0, 100), *rows(100, 150)], [*rows(0, 100), *rows(150, 200)]
    for content in (first, second):
        api.first_answers.append(page(content[:100], totalPages=2, totalResults=200))
        api.first_answers.append(page(content[100:], totalPages=2, totalResults=200))
    received, problem = await incomplete_ids(source)
    assert len(received) == 200
    assert problem == "Sessionboard reports 200 sessions but returned 150."


async def test_rule_34_totals_that_differ_between_pages_are_inconsistent(
    api: FakeApi, source: Source
) -> None:
    for _ in range(2):
        api.first_answers.append(page(rows(0, 100), totalPages=2, totalResults=150))
        api.first_answers.append(page(rows(100, 151), totalPages=2, totalResults=151))
    received, problem = await incomplete_ids(source)
    assert len(received) == 151
    assert problem == "Sessionboard first reported 150 sessions, then 151."


async def test_rule_34_known_rows_of_a_page_are_not_returned_again(api: FakeApi, source: Source) -> None:
    api.sessions = rows(0, 150)
    api.first_answers.extend(
        [
            page(rows(0, 100), totalPages=2, totalResults=151),
            page(rows(110, 150), totalPages=2, totalResults=151),
        ]
    )
    assert [len(received) async for received in source.records(EVENT, SESSIONS)] == [100, 40, 10]


async def test_each_row_is_returned_once_with_its_subsessions(api: FakeApi, source: Source) -> None:
    nested = {"id": "s1", "subsessions": [{"id": "s1a"}, {"id": "s1b"}]}
    api.first_answers.append(page([{"id": "s0"}, nested, {"id": "s1"}, {"id": "s2"}], totalResults=3))
    assert await ids(source) == ["s0", "s1", "s1a", "s1b", "s2"]


@pytest.mark.parametrize("status", [400, 404])
async def test_missing_unannounced_page_ends_the_list(api: FakeApi, source: Source, status: int) -> None:
    def without_pagination(request: httpx.Request) -> httpx.Response:
        first = request.url.params["page"] == "1"
        return httpx.Response(200, json={"results": rows(0, 100)}) if first else httpx.Response(status)

    api.first_answers.extend([without_pagination] * 2)
    assert len(await ids(source)) == 100


@pytest.mark.parametrize("status", [400, 404])
async def test_rule_34_missing_announced_page_does_not_mean_that_the_event_is_gone(
    api: FakeApi, source: Source, status: int
) -> None:
    first = page(rows(0, 100), totalPages=2, totalResults=150)
    api.first_answers.extend([first, httpx.Response(status)] * 2)
    with pytest.raises(SourceIncomplete, match="150 sessions but returned 100"):
        await ids(source)


async def test_event_deleted_while_it_is_read_is_gone(api: FakeApi, source: Source) -> None:
    first = page(rows(0, 100), totalPages=2, totalResults=150)
    api.first_answers.extend([first, httpx.Response(404), httpx.Response(404)])
    with pytest.raises(SourceEventGone):
        await ids(source)
