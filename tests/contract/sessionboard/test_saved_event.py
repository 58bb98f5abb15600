"""Saved events: an invalid file is explained, and the dates can be shifted."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sessionboard.date_shift import shift_dates
from adapters.sessionboard.saved_events import SavedEvent
from core.domain.ids import SourceEventId
from core.domain.records.feeds import EXHIBITORS, SESSIONS
from core.domain.records.source_records import Exhibitor, Session
from ports.source import SourceUnreadable
from tests.contract.sessionboard.conftest import all_rows

PARIS = ZoneInfo("Europe/Paris")
CONFERENCE = Path(__file__).parents[4] / "shared/data/pyconfr-2025.json"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "has invalid JSON"),
        (b"\xff\xfe", "has invalid JSON"),
        (b"[]", "not a saved event"),
        (b"{}", "not a saved event"),
        (b'{"event": []}', "not a saved event"),
        (b'{"event": {"id": 1}, "sessions": {}}', '"sessions" must be a list'),
        (b'{"event": {"id": 1}, "exhibitors": "x"}', '"exhibitors" must be a list'),
        (b'{"event": {"name": "x"}}', "has no valid id"),
    ],
)
async def test_invalid_file_is_explained(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=words):
        await SavedEvent(path).events()


async def test_missing_file_and_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="does not exist"):
        await SavedEvent(tmp_path / "none.json").events()
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        await SavedEvent(tmp_path).events()


async def test_saved_event_without_lists_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text('{"event": {"id": 1}, "sessions": null}')
    event_id = SourceEventId("1")
    assert await all_rows(SavedEvent(path).records(event_id, SESSIONS)) == []
    assert await all_rows(SavedEvent(path).records(event_id, EXHIBITORS)) == []


async def test_byte_order_mark_before_a_saved_event_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text('{"event": {"id": 1, "name": "PyCon"}, "sessions": [{"id": 2}]}', encoding="utf-8-sig")
    (event,) = await SavedEvent(path).events()
    assert event.name == "PyCon"
    assert len(await all_rows(SavedEvent(path).records(event.id, SESSIONS))) == 1


async def test_saved_conference_is_read_completely() -> None:
    if not CONFERENCE.exists():
        pytest.skip(f"{CONFERENCE.name} is not at hand")
    source = SavedEvent(CONFERENCE)
    (event,) = await source.events()
    sessions = await all_rows(source.records(event.id, SESSIONS))
    exhibitors = await all_rows(source.records(event.id, EXHIBITORS))

    assert (event.name, event.time_zone) == ("PyConFR 2025", "Europe/Paris")
    assert len(sessions) == 84
    assert all(isinstance(session, Session) for session in sessions)
    people = {entry.person.id for row in sessions if isinstance(row, Session) for entry in row.people}
    assert len(people) == 87
    assert len(exhibitors) == 5
    assert all(isinstance(exhibitor, Exhibitor) for exhibitor in exhibitors)


def saved(*starts: Any, zone: Any = "Europe/Paris") -> dict[str, Any]:
    rows = [{"id": number, "starts_at": start} for number, start in enumerate(starts)]
    return {"event": {"id": 1, "timezone": zone}, "sessions": rows, "exhibitors": []}


def starts(event: dict[str, Any]) -> list[Any]:
    return [row["starts_at"] for row in event["sessions"]]


def test_shifted_event_keeps_its_time_of_day() -> None:
    """From winter time to summer time, ten in the morning stays ten in the morning."""
    event = saved("2025-11-01T09:00:00Z", "2025-11-02T09:30:00.000+00:00")
    moved = shift_dates(event, datetime(2027, 5, 1, 12, tzinfo=UTC), days_ahead=30)
    assert starts(moved) == ["2027-05-31T08:00:00Z", "2027-06-01T08:30:00Z"]
    assert starts(event) == ["2025-11-01T09:00:00Z", "2025-11-02T09:30:00.000+00:00"], "unchanged"


def test_invalid_times_are_unchanged() -> None:
    odd: list[object] = [None, "tomorrow", "2025-11-01T09:00:00", 5, {}]
    assert (
        starts(shift_dates(saved("2025-11-01T09:00:00Z", *odd), datetime(2027, 5, 1, tzinfo=UTC)))[1:] == odd
    )


def test_event_without_times_is_unchanged() -> None:
    event = saved(None)
    assert shift_dates(event, datetime(2027, 5, 1, tzinfo=UTC)) == event


def test_subsessions_and_ends_are_shifted() -> None:
    event = saved("2025-06-01T09:00:00Z")
    event["sessions"][0] |= {
        "ends_at": "2025-06-01T10:00:00Z",
        "subsessions": [{"ends_at": "2025-06-01T09:30:00Z"}, "odd"],
    }
    event["sessions"].append("odd")
    row = shift_dates(event, datetime(2025, 6, 2, tzinfo=UTC), days_ahead=1)["sessions"][0]
    assert row["ends_at"] == "2025-06-03T10:00:00Z"
    assert row["subsessions"] == [{"ends_at": "2025-06-03T09:30:00Z"}, "odd"]


def test_session_before_the_first_day_stays_in_the_past() -> None:
    event = saved("2025-04-01T09:00:00Z", "2025-06-01T09:00:00Z")
    moved = shift_dates(event, datetime(2027, 5, 1, tzinfo=UTC), days_ahead=10, first_day=date(2025, 6, 1))
    assert starts(moved) == ["2027-03-11T10:00:00Z", "2027-05-11T09:00:00Z"]


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc", 5, "\x00"])
def test_unknown_zone_counts_as_utc(zone: object) -> None:
    moved = shift_dates(
        saved("2025-11-01T09:00:00Z", zone=zone), datetime(2027, 5, 1, tzinfo=UTC), days_ahead=0
    )
    assert starts(moved) == ["2027-05-01T09:00:00Z"]


DAYS = st.dates(date(2000, 1, 1), date(2050, 1, 1))
# An hour that clocks skip or repeat, as some do at night, has no single form.
DAYTIMES = st.times(time(6), time(23))


@given(
    st.builds(datetime.combine, DAYS, DAYTIMES, st.just(PARIS)),
    st.builds(datetime.combine, DAYS, st.times(), st.just(UTC)),
    st.integers(0, 400),
)
def test_shift_keeps_the_time_of_day(start: datetime, now: datetime, days_ahead: int) -> None:
    moved = shift_dates(saved(start.isoformat()), now, days_ahead=days_ahead)
    local = datetime.fromisoformat(starts(moved)[0]).astimezone(PARIS)
    assert local.time() == start.time()
    assert (local.date() - now.astimezone(PARIS).date()).days == days_ahead


async def test_saved_event_is_shifted_on_request(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(saved("2025-11-01T09:00:00Z")))
    source = SavedEvent(path, days_ahead=3, now=lambda: datetime(2027, 1, 1, tzinfo=UTC))
    (session,) = await all_rows(source.records(SourceEventId("1"), SESSIONS))
    assert isinstance(session, Session)
    assert session.starts_at == datetime(2027, 1, 4, 9, tzinfo=UTC)
