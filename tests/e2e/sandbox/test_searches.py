"""The Sessionboard stand-in searches according to its contract; a saved event can be moved into the future."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from entrypoints.sandbox.loading import ahead, load_state
from entrypoints.sandbox.state import SandboxState
from tests.e2e.sandbox.conftest import SOURCE_EVENT, Sessionboard, saved

PARIS = ZoneInfo("Europe/Paris")


def named(*numbers: int) -> list[str]:
    return [f"session-{number}" for number in numbers]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, named(2, 1, 3)),
        ({"status": "accepted"}, named(1, 3)),
        ({"status": "pending"}, named(2)),
        ({"isAbstract": False}, named(2, 1)),
        ({"isAbstract": True}, named(3)),
        ({"createdAt": {"after": "2027-01-01T09:00:00Z"}}, named(2, 3)),
        ({"createdAt": {"before": "2027-01-02T10:00:00.000+01:00"}}, named(1)),
        ({"createdAt": {"after": "2027-01-01T10:00:00Z", "before": "2027-01-02T10:00:00Z"}}, named(2)),
        ({"updatedAt": {"after": "2027-02-01T00:00:00Z"}}, named(1, 3)),
        ({"status": "accepted", "updatedAt": {"before": "2027-02-07T00:00:00Z"}}, named(3)),
    ],
)
async def test_filters_are_met_all_at_once(
    sessionboard: Sessionboard, filters: dict[str, Any], found: list[str]
) -> None:
    assert await sessionboard.found(filters=filters) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ({"order": "createdAt", "sort": "asc"}, named(1, 2, 3)),
        ({"order": "createdAt", "sort": "desc"}, named(3, 2, 1)),
        ({"order": "updatedAt"}, named(2, 3, 1)),
    ],
)
async def test_rows_are_sorted_as_asked(
    sessionboard: Sessionboard, sort: dict[str, str], found: list[str]
) -> None:
    assert await sessionboard.found(sort=sort) == found


async def test_pages_divide_what_was_found(sessionboard: Sessionboard) -> None:
    answer = await sessionboard.search(paging="page=2&pageSize=2")
    assert [row["id"] for row in answer.json()["results"]] == named(3)
    pagination = {"currentPage": 2, "pageSize": 2, "totalPages": 2, "totalResults": 3}
    assert answer.json()["pagination"] == pagination
    assert await sessionboard.found(paging="page=3&pageSize=2") == []
    assert (await sessionboard.search()).json()["pagination"]["pageSize"] == 25


@pytest.mark.parametrize(
    "paging", ["page=0", "page=1000", "page=x", "page=-1", "pageSize=0", "pageSize=101", "pageSize="]
)
async def test_a_page_outside_the_limits_is_refused(sessionboard: Sessionboard, paging: str) -> None:
    answers = await sessionboard.search(paging=paging), await sessionboard.http.get(f"/v1/events?{paging}")
    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["error"] == "BadRequestError"


@pytest.mark.parametrize("paging", ["page=999", "pageSize=100"])
async def test_the_limits_themselves_are_allowed(sessionboard: Sessionboard, paging: str) -> None:
    assert (await sessionboard.search(paging=paging)).status_code == 200


@pytest.mark.parametrize(
    ("feed", "body"),
    [
        ("sessions", {"filter": {}}),
        ("sessions", {"filters": {"startsAt": {}}}),
        ("sessions", {"filters": {"deletedAt": {"after": "2027-01-01T00:00:00Z"}}}),
        ("sessions", {"filters": {"status": "Accepted"}}),
        ("sessions", {"filters": {"isAbstract": "no"}}),
        ("sessions", {"filters": {"updatedAt": {"since": "2027-01-01T00:00:00Z"}}}),
        ("sessions", {"filters": {"updatedAt": {"after": "yesterday"}}}),
        ("sessions", {"filters": []}),
        ("sessions", {"sort": {"order": "title"}}),
        ("sessions", {"sort": {"order": "createdAt", "sort": "up"}}),
        ("sessions", {"expand": ["everything"]}),
        ("sessions", {"expand": "composition"}),
        ("exhibitors", {"filters": {"isAbstract": False}}),
    ],
)
async def test_a_search_that_the_contract_does_not_have_is_refused(
    sessionboard: Sessionboard, feed: str, body: dict[str, Any]
) -> None:
    assert (await sessionboard.search(feed, **body)).status_code == 400


async def test_an_empty_body_is_a_search_and_junk_is_none(sessionboard: Sessionboard) -> None:
    path = f"/v1/event/{SOURCE_EVENT}/sessions"
    assert (await sessionboard.http.post(path)).status_code == 200
    for content in (b"{", b"[]", b"\xff"):
        assert (await sessionboard.http.post(path, content=content)).status_code == 400


async def test_linked_sources_show_only_when_asked_for(sessionboard: Sessionboard) -> None:
    assert await sessionboard.found(expand=["linked_sources"]) == named(2, 1, 3, 4)


async def test_what_expand_adds_is_not_there_without_it(sessionboard: Sessionboard) -> None:
    brief = (await sessionboard.search()).json()["results"]
    whole = (await sessionboard.search(expand=["translated_fields", "subsession_details"])).json()["results"]
    assert "translated_fields" not in brief[2]
    assert "room" not in brief[1]["subsessions"][0]
    assert whole[2]["translated_fields"] == {"fr": {"title": "Trois"}}
    assert whole[1]["subsessions"][0]["room"] == {"id": "room-1"}


async def test_the_list_of_statuses_has_deleted_rows_and_subsessions(sessionboard: Sessionboard) -> None:
    rows = (await sessionboard.search("sessions/status")).json()["results"]
    assert [row["id"] for row in rows] == [*named(2, 1), "subsession-1", *named(3, 4, 5)]
    by_id = {row["id"]: row for row in rows}
    assert by_id["session-5"]["deleted_at"] == "2027-02-20T09:00:00Z"
    assert by_id["session-1"]["deleted_at"] is None
    assert "title" not in by_id["session-1"]
    assert [one["id"] for one in by_id["session-1"]["subsessions"]] == ["subsession-1"]
    assert by_id["subsession-1"]["subsessions"] == []


async def test_deleted_rows_can_be_sought_and_sorted_by_when_they_went(sessionboard: Sessionboard) -> None:
    after = {"deletedAt": {"after": "2027-02-01T00:00:00Z"}}
    assert await sessionboard.found("sessions/status", filters=after) == named(5)
    ordered = await sessionboard.found("sessions/status", sort={"order": "deletedAt", "sort": "desc"})
    assert ordered[0] == "session-5"


async def test_the_feed_of_speakers_has_everybody_once_and_nobody_of_a_deleted_session(
    sessionboard: Sessionboard, state: SandboxState
) -> None:
    assert await sessionboard.found("speakers") == ["person-2", "person-1", "person-3"]
    (_, first, _) = (await sessionboard.search("speakers")).json()["results"]
    assert first == {"id": "person-1", "full_name": "Person 1"}, "and nothing of a session"
    edit = {"people": [{"id": "person-3", "title": "Founder"}]}
    state.programmes[SOURCE_EVENT] = state.programmes[SOURCE_EVENT].edited(edit, state.now())
    changed = {"updatedAt": {"after": "2027-03-01T11:00:00Z"}}
    assert await sessionboard.found("speakers", filters=changed) == ["person-3"]


async def test_exhibitors_and_events_are_told_and_unknown_events_are_not(sessionboard: Sessionboard) -> None:
    assert await sessionboard.found("exhibitors") == ["exhibitor-1"]
    (event,) = (await sessionboard.http.get("/v1/events")).json()["results"]
    assert event == saved()["event"]
    for event_id in ("404", "x", "²"):
        assert (await sessionboard.http.post(f"/v1/event/{event_id}/sessions")).status_code == 404


async def told_starts(sessionboard: Sessionboard) -> list[datetime]:
    rows = (await sessionboard.search()).json()["results"]
    return [datetime.fromisoformat(row["starts_at"]).astimezone(PARIS) for row in rows]


def event_at(*starts: str) -> dict[str, Any]:
    sessions = [{"id": f"session-{number}", "starts_at": start} for number, start in enumerate(starts)]
    return {"event": saved()["event"], "sessions": sessions, "exhibitors": []}


@pytest.mark.parametrize(
    ("starts", "today", "moved"),
    [
        (["2025-07-01T07:15:00Z", "2025-07-02T07:15:00Z"], date(2027, 1, 10), date(2027, 2, 9)),
        (["2025-01-14T08:15:00Z", "2025-01-15T08:15:00Z"], date(2027, 6, 1), date(2027, 7, 1)),
        # Daylight saving time changes between its two days.
        (["2025-07-01T07:15:00Z", "2025-07-02T07:15:00Z"], date(2027, 2, 25), date(2027, 3, 27)),
        (["2025-07-01T07:15:00Z", "2025-07-02T07:15:00Z"], date(2027, 9, 30), date(2027, 10, 30)),
    ],
)
async def test_shifted_dates_keep_the_time_of_day_over_a_change_of_the_clocks(
    sessionboard: Sessionboard, state: SandboxState, starts: list[str], today: date, moved: date
) -> None:
    state.programmes.clear()
    state.add(ahead(event_at(*starts), datetime.combine(today, time(12), PARIS)))
    first = datetime.combine(moved, time(9, 15), PARIS)
    assert await told_starts(sessionboard) == [first, first + timedelta(days=1)]


async def test_a_file_is_moved_only_when_asked_to(
    sessionboard: Sessionboard, state: SandboxState, tmp_path: Path
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event_at("2025-07-01T07:15:00Z")), encoding="utf-8")
    first = datetime(2025, 7, 1, 9, 15, tzinfo=PARIS)
    for shift_dates, day in (
        (False, first.date()),
        (True, datetime.now(UTC).astimezone(PARIS).date() + timedelta(days=30)),
    ):
        state.programmes = load_state([file], shift_dates=shift_dates).programmes
        (start,) = await told_starts(sessionboard)
        assert (start.date(), start.time()) == (day, first.time())
