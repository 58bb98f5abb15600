"""Which sessions sync, and with which fields (rules 12, 13, 18 and 20)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from core.domain.records import reasons
from core.domain.records.kinds import SPEAKER
from core.domain.records.source_records import Unreadable
from core.domain.tenancy.event_mappings import MappingSettings, TracksFrom
from tests.support.builders import (
    NOW,
    SETTINGS,
    agenda,
    at,
    blocked,
    eligible,
    selected,
    session,
    sessions_of,
    skipped,
)
from tests.support.systems import SYSTEMS


def judged(settings: MappingSettings = SETTINGS, **named: Any) -> Any:
    return sessions_of(agenda(session("s", **named), settings=settings))["s"]


def test_rule_12_an_accepted_future_program_session_syncs() -> None:
    assert eligible(judged()).fields["title"] == "Talk s"


@pytest.mark.parametrize("status", ["accept_queue", "pending", "declined", "Accepted by the board", "", None])
def test_rule_12_any_other_category_is_skipped_and_named(status: str | None) -> None:
    verdict = skipped(judged(status=status))
    assert verdict.reason.code == "not_accepted"
    assert (status or "not set") in verdict.reason.sentence


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("is_abstract", "abstract"),
        ("is_composition_source", "composition_source"),
        ("is_subsession", "subsession"),
    ],
)
def test_rule_12_an_accepted_row_that_is_no_program_session_is_skipped(what: str, code: str) -> None:
    named: dict[str, Any] = {what: True}
    assert skipped(judged(**named)).reason.code == code


def test_rule_12_a_session_in_progress_has_not_passed() -> None:
    eligible(judged(starts_at=NOW - timedelta(hours=1), ends_at=NOW + timedelta(seconds=1)))


def test_rule_12_a_session_that_ends_exactly_now_has_passed() -> None:
    assert skipped(judged(starts_at=NOW - timedelta(hours=1), ends_at=NOW)).reason == reasons.PASSED


def test_rule_12_passing_is_decided_by_instants_not_wall_clocks() -> None:
    tokyo = timezone(timedelta(hours=9))
    ends = (NOW - timedelta(minutes=1)).astimezone(tokyo)
    assert ends.replace(tzinfo=UTC) > NOW
    assert skipped(judged(starts_at=at(20, 1), ends_at=ends)).reason == reasons.PASSED


def test_rule_12_a_passed_session_has_not_left_the_programme_but_an_unaccepted_one_has() -> None:
    assert not skipped(judged(starts_at=at(1, 9), ends_at=at(1, 10))).has_left
    assert skipped(judged(status="declined")).has_left


def test_rule_12_an_unaccepted_session_is_skipped_before_its_fields_are_checked() -> None:
    assert skipped(judged(status="pending", title=None, starts_at=None)).reason.code == "not_accepted"


def test_rule_13_a_session_that_ends_before_it_starts_is_blocked() -> None:
    verdict = blocked(judged(starts_at=at(21, 10), ends_at=at(21, 9)))
    assert verdict.reason == reasons.ends_before_start(SYSTEMS)


def test_rule_12_a_session_whose_wrong_end_has_passed_is_reported_as_passed() -> None:
    verdict = skipped(judged(starts_at=at(21), ends_at=at(19)))
    assert verdict.reason.code == "passed"
    assert "ends before it starts" in verdict.reason.detail


def test_rule_13_a_time_without_an_offset_is_blocked_and_quoted_not_guessed() -> None:
    verdict = blocked(judged(starts_at=None, unreadable_times=(("starts_at", "2027-07-21T09:00"),)))
    assert verdict.reason.code == "unreadable_time"
    assert "starts at is '2027-07-21T09:00'" in verdict.reason.sentence
    assert "missing" not in verdict.reason.detail


def test_rule_13_a_session_cannot_be_built_with_a_time_without_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        session(starts_at=datetime(2027, 7, 21, 9))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    "end",
    [
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=5))),
    ],
)
def test_rule_29_a_session_in_the_last_representable_year_blocks_only_itself(end: datetime) -> None:
    verdicts = sessions_of(agenda(session("odd", ends_at=end), session("fine")))
    assert "9999" in blocked(verdicts["odd"]).reason.sentence
    eligible(verdicts["fine"])


def test_rule_29_a_session_in_the_first_representable_year_blocks_only_itself() -> None:
    start = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    assert blocked(judged(starts_at=start)).reason.code == "unreadable_time"


def test_rule_13_the_setting_decides_the_source_of_tracks() -> None:
    named: dict[str, Any] = {"track": "Data", "tags": ("web", "async", "web", " ")}
    tracks = {
        source: eligible(judged(MappingSettings(tracks=source), **named)).fields.get("tracks")
        for source in TracksFrom
    }
    assert tracks == {TracksFrom.TRACK: ("Data",), TracksFrom.TAGS: ("async", "web"), TracksFrom.OFF: None}
    assert eligible(judged(**named)).fields["tracks"] == ("Data",), "the default is the track"


def test_rule_13_the_order_of_tags_is_ignored() -> None:
    settings = MappingSettings(tracks=TracksFrom.TAGS)
    one, other = judged(settings, tags=("a", "b")), judged(settings, tags=("b", "a"))
    assert eligible(one).fields == eligible(other).fields


def test_rule_13_times_are_sent_as_instants_and_as_text_in_the_events_zone() -> None:
    fields = eligible(judged(starts_at=at(21, 7, 15), ends_at=at(21, 8, 35))).fields
    assert fields["starts_at"] == "2027-07-21T07:15:00.000Z"
    assert fields["ends_at"] == "2027-07-21T08:35:00.000Z"
    assert fields["schedule"] == "09:15-10:35 Wednesday 21 July 2027"


def test_rule_18_every_missing_field_is_named() -> None:
    reason = blocked(judged(title="  ", starts_at=None, ends_at=None)).reason
    assert reason.code == "missing_fields"
    assert reason.sentence == "Required fields are missing: title, starts at, ends at."


def test_rule_18_missing_fields_are_named_besides_an_unreadable_time() -> None:
    reason = blocked(
        judged(title=None, starts_at=None, ends_at=None, unreadable_times=(("starts_at", "soon"),))
    ).reason
    assert "'soon'" in reason.sentence
    assert "title, ends at" in reason.detail


def test_rule_18_missing_fields_are_named_besides_times_in_the_wrong_order() -> None:
    reason = blocked(judged(title="", starts_at=at(21, 10), ends_at=at(21, 9))).reason
    assert reason.code == "ends_before_start"
    assert "title" in reason.detail


def test_rule_20_empty_fields_are_left_out() -> None:
    fields = eligible(judged(description=" \n", track="")).fields
    assert fields.keys() == {"title", "starts_at", "ends_at", "schedule"}


@pytest.mark.parametrize(
    "title",
    [
        "x" * 10_000,
        "🐍🔥 Keynote 👩🏽‍💻",
        "שלום עולם",
        "<b>Bold</b> &amp; <script>alert(1)</script>",
    ],
)
def test_a_title_is_sent_unchanged(title: str) -> None:
    fields = eligible(judged(title=title, description=title)).fields
    assert (fields["title"], fields["description"]) == (title, title)


def test_rule_26_a_repeated_row_counts_once() -> None:
    made = agenda(session("s", title="First"), session("s", title="Second"))
    assert eligible(sessions_of(made)["s"]).fields["title"] == "First"
    assert selected(made, SPEAKER) == {}


def test_rule_29_an_unreadable_row_is_blocked_and_the_others_sync() -> None:
    verdicts = sessions_of(agenda(Unreadable(session("odd").id, "Odd", "id is no text"), session("fine")))
    assert "id is no text" in blocked(verdicts["odd"]).reason.sentence
    eligible(verdicts["fine"])
