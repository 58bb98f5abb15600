"""Faults of Sessionboard's lists: empty or repeated pages, rows that are too large, new picture signatures."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.sessionboard.source import SessionboardSources
from core.domain.ids import SourceEventId
from core.domain.records.feeds import SESSIONS
from core.domain.records.source_records import Session, Unreadable
from core.domain.tenancy.secrets import Token
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN, SandboxState
from ports.source import Source
from tests.contract.sessionboard.conftest import all_rows, incomplete_rows
from tests.e2e.sandbox.conftest import SOURCE_EVENT, Clock, Json, Sessionboard, saved

EVENT = SourceEventId(str(SOURCE_EVENT))
BY_AGE: Json = {"sort": {"order": "createdAt", "sort": "asc"}}


@pytest.fixture
async def source(sandbox: Sandbox) -> AsyncIterator[Source]:
    sources = SessionboardSources(allow_private=True)
    async with sources.open(sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN)) as source:
        yield source


def put(state: SandboxState, sessions: list[Json], exhibitors: list[Json] | None = None) -> None:
    """Replace the event by one with these rows."""
    state.programmes.clear()
    state.add(saved() | {"sessions": sessions, "exhibitors": exhibitors or []})


def many(count: int, **more: Any) -> list[Json]:
    return [{"id": f"session-{number}", "title": f"Session {number}", **more} for number in range(count)]


async def test_a_page_comes_without_rows_and_its_totals_stay(
    sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(empty_pages=(2, 3)))
    first, second = [
        (await sessionboard.search(paging=f"page={page}&pageSize=1", **BY_AGE)).json() for page in (1, 2)
    ]
    assert [row["id"] for row in first["results"]] == ["session-1"]
    assert second["results"] == []
    assert second["pagination"] == first["pagination"] | {"currentPage": 2}
    assert second["pagination"]["totalResults"] == 3


async def test_a_page_is_given_again_in_the_place_of_the_next(
    sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(repeated_pages=(2,)))
    found = [await sessionboard.found(paging=f"page={page}&pageSize=1", **BY_AGE) for page in (1, 2, 3)]
    assert found == [["session-1"], ["session-1"], ["session-3"]]
    answer = (await sessionboard.search(paging="page=2&pageSize=1")).json()
    assert answer["pagination"]["currentPage"] == 2


@pytest.mark.parametrize("feed", ["sessions", "speakers", "exhibitors", "events"])
async def test_pages_of_every_list_can_be_empty(
    sessionboard: Sessionboard, state: SandboxState, feed: str
) -> None:
    state.inject_faults(Fault(empty_pages=(1,)))
    if feed == "events":
        assert (await sessionboard.http.get("/v1/events")).json()["results"] == []
    else:
        assert await sessionboard.found(feed) == []


@pytest.mark.parametrize("trouble", [Fault(empty_pages=(2,)), Fault(repeated_pages=(2,))])
async def test_rule_34_the_sync_reads_on_and_knows_that_rows_are_missing(
    source: Source, state: SandboxState, trouble: Fault
) -> None:
    put(state, many(250))
    state.inject_faults(trouble)
    given, problem = await incomplete_rows(source.records(EVENT, SESSIONS))
    assert len(given) == 150
    assert problem == "Sessionboard reports 250 sessions but returned 150."


@pytest.mark.parametrize("feed", ["sessions", "exhibitors"])
async def test_rows_are_padded_as_told(sessionboard: Sessionboard, state: SandboxState, feed: str) -> None:
    before = (await sessionboard.search(feed)).json()["results"]
    state.inject_faults(Fault(padding_bytes=1000))
    after = (await sessionboard.search(feed)).json()["results"]
    assert after == [{**row, "padding": "x" * 1000} for row in before]
    state.inject_faults(Fault(padding_bytes=1000, padded_rows=("session-1", "exhibitor-1")))
    padded = [row["id"] for row in (await sessionboard.search(feed)).json()["results"] if "padding" in row]
    assert padded in (["session-1"], ["exhibitor-1"])


async def test_rule_29_the_sync_reads_padded_rows_in_smaller_pages(
    source: Source, state: SandboxState
) -> None:
    put(state, many(130))
    state.inject_faults(Fault(padding_bytes=100 * 1024))
    given = await all_rows(source.records(EVENT, SESSIONS))
    assert len(given) == 130
    assert all(isinstance(row, Session) for row in given)
    queries = [one.path.partition("?")[2] for one in state.log.last]
    assert queries[0] == "page=1&pageSize=100"
    assert sorted(queries[1:]) == [f"page={page}&pageSize=50" for page in (1, 2, 3)]


async def test_rule_29_the_sync_reports_one_padded_row_and_reads_the_others(
    source: Source, state: SandboxState
) -> None:
    put(state, many(40))
    state.inject_faults(Fault(padding_bytes=9 * 2**20, padded_rows=("session-7",)))
    given = await all_rows(source.records(EVENT, SESSIONS))
    assert len(given) == 40
    unreadable = [row for row in given if isinstance(row, Unreadable)]
    assert [(row.id, row.label, row.problem) for row in unreadable] == [
        ("session-7", "Session 7", "The row is larger than 8 MiB.")
    ]


PICTURE = "https://files.example.org/ada.png"
WITH_QUERY = "https://files.example.org/logo.png?v=2"
HTML = f"<p>Look: <img alt='x' src=\"{PICTURE}\"> and <img src='/own.png'></p>"


async def test_pictures_get_a_new_signature_at_every_read(
    sessionboard: Sessionboard, state: SandboxState, clock: Clock
) -> None:
    person = {"id": "person-1", "photo_url": PICTURE}
    nested = {"id": "nested", "participants": [person, {"id": "person-2", "photo_url": None}]}
    put(
        state,
        [{"id": "session-1", "description": HTML, "speakers": [person], "subsessions": [nested]}],
        [{"id": "exhibitor-1", "logo_image_url": WITH_QUERY, "contacts": [person]}],
    )
    plain = [(await sessionboard.search(feed)).json()["results"] for feed in ("sessions", "exhibitors")]
    state.inject_faults(Fault(signed_pictures=True))
    seen = set()
    for _ in range(2):
        (session,), (exhibitor,) = [
            (await sessionboard.search(feed)).json()["results"] for feed in ("sessions", "exhibitors")
        ]
        found = re.search(r'src="([^"]+)"', session["description"])
        assert found
        in_html = found[1].replace("&amp;", "&")
        assert "&X" not in found[1], "an address in HTML is escaped"
        assert "src='/own.png'" in session["description"]
        photos = [session["speakers"][0]["photo_url"], exhibitor["contacts"][0]["photo_url"]]
        assert session["subsessions"][0]["participants"][0]["photo_url"].startswith(f"{PICTURE}?X-Amz-Date=")
        assert session["subsessions"][0]["participants"][1]["photo_url"] is None
        assert exhibitor["logo_image_url"].startswith(f"{WITH_QUERY}&X-Amz-Date=")
        for url in (in_html, *photos, exhibitor["logo_image_url"]):
            query = parse_qs(urlsplit(url).query)
            assert query["X-Amz-Date"] == ["20270301T120000Z"]
            assert query["X-Amz-Expires"] == ["3600"]
            seen.add(query["X-Amz-Signature"][0])
    assert len(seen) == 8
    state.inject_faults()
    assert plain == [
        (await sessionboard.search(feed)).json()["results"] for feed in ("sessions", "exhibitors")
    ]


NEW: dict[str, Callable[[], Fault]] = {
    "pages": lambda: Fault(empty_pages=(2,), repeated_pages=(3,)),
    "words": lambda: Fault(forbidden_words=("a", "b"), forbidden_as="json"),
    "late": lambda: Fault(late_commit_s=1.5, accepted_s=2.5, late_creates=0.5),
    "rows": lambda: Fault(padding_bytes=7, padded_rows=("session-1",), signed_pictures=True),
    "challenge": lambda: Fault(challenge=0.25),
}


@pytest.mark.parametrize("trouble", NEW.values(), ids=NEW.keys())
async def test_the_control_sets_and_shows_each_of_them(
    sandbox: Sandbox, sessionboard: Sessionboard, trouble: Callable[[], Fault]
) -> None:
    url = f"{sandbox.control_url}/trouble"
    expected = trouble()
    values = {
        name: getattr(expected, name)
        for name in expected.__slots__
        if getattr(expected, name) != getattr(Fault(), name)
    }
    assert (await sessionboard.http.put(url, json=values)).status_code == 200
    assert sandbox.state.faults.set == (expected,)
    (shown,) = (await sessionboard.http.get(url)).json()
    assert {name: shown[name] for name in values} == {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
