"""Time zones must agree over the event's days (rule 7)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.errors import TimeZoneUnconfirmed
from core.domain.ids import DestinationEventId, SourceEventId
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.source_records import SourceEvent
from core.domain.runs.stop_reasons import StopCause, StopReason, check_time_zones
from core.domain.tenancy.event_mappings import zone_to_confirm
from core.domain.tenancy.time_zones import days_between, gmt_offset, gmt_offsets, schedule_text, zone_named
from tests.support.builders import NOW, PARIS, agenda, at, mapping, session
from tests.support.systems import SYSTEMS

ZONES = (
    "Europe/Paris",
    "Europe/London",
    "Africa/Casablanca",
    "America/New_York",
    "America/Bogota",
    "America/Phoenix",
    "America/Denver",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=1000)).map(lambda later: at(1) - timedelta(500) + later)


def judged(
    ours: str | None, theirs: str | None, *instants: datetime, confirmed: str | None = None
) -> StopReason | None:
    return check_time_zones(
        SourceEvent(SourceEventId("sb1"), "PyConf", ours),
        DestinationEvent(DestinationEventId("gl1"), "PyConf", theirs),
        mapping(confirmed_time_zone=confirmed),
        set(instants),
        NOW,
    )


def stopped(stop: StopReason | None) -> str:
    assert stop is not None
    assert (stop.code, stop.by) == ("time_zones", StopCause.RULE)
    return stop.sentence


def test_rule_07_equal_zones_allow_the_sync() -> None:
    assert judged("Europe/Paris", "Europe/Paris", at(21)) is None


def test_rule_07_zones_are_compared_by_offset_not_by_name() -> None:
    assert judged("Europe/Paris", "Europe/Berlin", at(21)) is None


def test_rule_07_a_mismatch_names_both_zones_with_their_offsets_and_the_day() -> None:
    sentence = stopped(judged("Europe/Paris", "America/New_York", at(21)))
    for part in ("Europe/Paris (GMT+02:00)", "America/New_York (GMT-04:00)", "2027-07-21"):
        assert part in sentence


def test_rule_07_zones_that_differ_only_outside_the_event_agree() -> None:
    winter, summer = datetime(2027, 1, 10, 9, tzinfo=UTC), at(21)
    assert judged("America/Denver", "America/Phoenix", winter) is None
    assert "2027-07-21" in stopped(judged("America/Denver", "America/Phoenix", summer))


def test_rule_07_a_mismatch_on_a_day_between_two_sessions_counts() -> None:
    # Morocco goes back an hour for Ramadan, in 2024 from 10 March to 14 April; Nigeria never does.
    zones = ("Africa/Casablanca", "Africa/Lagos")
    before, after = datetime(2024, 3, 1, 9, tzinfo=UTC), datetime(2024, 4, 20, 9, tzinfo=UTC)
    assert judged(*zones, before) is None
    assert judged(*zones, after) is None
    assert "2024-03-10" in stopped(judged(*zones, before, after))


def test_rule_07_without_any_times_zones_that_never_agree_are_a_mismatch() -> None:
    assert "The time zones differ" in stopped(judged("Europe/Paris", "America/New_York"))


def test_rule_07_without_any_times_zones_that_sometimes_agree_are_no_mismatch() -> None:
    assert judged("Europe/London", "Africa/Abidjan") is None


@pytest.mark.parametrize("theirs", [None, "", "Eastern Time (US & Canada)", "../etc/passwd"])
def test_rule_07_without_gleanins_zone_an_admin_must_have_confirmed_it(
    theirs: str | None,
) -> None:
    assert "confirm" in stopped(judged("Europe/Paris", theirs, at(21)))
    assert judged("Europe/Paris", theirs, at(21), confirmed="Europe/Paris") is None


def test_rule_07_an_unknown_zone_of_gleanin_is_quoted_when_a_run_stops() -> None:
    sentence = stopped(judged("Europe/Paris", "Mars/Olympus", at(21)))
    assert 'Gleanin reports "Mars/Olympus", which is not a known time zone.' in sentence
    assert "Europe/Paris (GMT+02:00 now" in sentence
    assert "Gleanin says" not in stopped(judged("Europe/Paris", None, at(21)))
    assert len(stopped(judged("Europe/Paris", "x" * 10_000, at(21)))) < 400


def test_rule_07_an_unknown_zone_of_gleanin_is_quoted_when_events_are_mapped() -> None:
    source = SourceEvent(SourceEventId("sb1"), "PyConf", "Europe/Paris")
    for theirs, message in (
        ("Mars/Olympus", 'Gleanin reports "Mars/Olympus" for this event, which is not a known time zone.'),
        (None, "Gleanin does not report a time zone for this event."),
    ):
        event = DestinationEvent(DestinationEventId("gl1"), "PyConf", theirs)
        with pytest.raises(TimeZoneUnconfirmed) as refused:
            zone_to_confirm(source, event, SYSTEMS, NOW, confirmed=False)
        assert message in str(refused.value)
        assert refused.value.zone == "Europe/Paris"
        assert zone_to_confirm(source, event, SYSTEMS, NOW, confirmed=True) == "Europe/Paris"


def test_rule_07_a_confirmation_of_another_zone_does_not_count() -> None:
    assert "Europe/Paris (GMT+02:00 now, GMT+01:00 in winter)" in stopped(
        judged("Europe/Paris", None, at(21), confirmed="Europe/London")
    )


def test_rule_07_a_confirmation_does_not_override_a_known_mismatch() -> None:
    stopped(judged("Europe/Paris", "America/New_York", at(21), confirmed="Europe/Paris"))


@pytest.mark.parametrize(
    "ours", [None, "", "Europe/Atlantis", "/etc/localtime", "America", "\x00", "x" * 10_000]
)
def test_rule_07_a_zone_that_does_not_exist_in_sessionboard_stops_the_run(ours: str | None) -> None:
    assert "Set it in Sessionboard." in stopped(judged(ours, "Europe/Paris", at(21)))


def test_rule_07_only_sessions_that_sync_are_compared() -> None:
    made = agenda(
        session("syncs"),
        session("declined", status="declined", starts_at=at(1), ends_at=at(30)),
        session("blocked", title=None, starts_at=at(22), ends_at=at(25)),
    )
    assert made.instants == {at(21, 9), at(21, 10)}


@given(st.sampled_from(ZONES), st.sampled_from(ZONES), st.lists(INSTANTS, min_size=1, max_size=4))
def test_rule_07_the_result_equals_a_comparison_of_every_day(
    ours: str, theirs: str, instants: list[datetime]
) -> None:
    near = [when for when in instants if abs(when - instants[0]) < timedelta(days=150)]
    noon = min(near).replace(hour=12, minute=0, second=0, microsecond=0)
    noons = [noon + timedelta(days=day) for day in range(1, (max(near).date() - noon.date()).days)]
    differ = any(
        when.astimezone(ZoneInfo(ours)).utcoffset() != when.astimezone(ZoneInfo(theirs)).utcoffset()
        for when in (*near, *noons)
    )
    assert (judged(ours, theirs, *near) is not None) == differ


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=300)))
def test_rule_07_no_day_of_the_event_is_left_out(first: datetime, length: timedelta) -> None:
    days = {when.date() for when in days_between({first, first + length})}
    assert days == {first.date() + timedelta(days=day) for day in range(len(days))}
    assert max(days) == (first + length).date()


def test_rule_07_a_session_centuries_away_is_compared_quickly() -> None:
    far = datetime(9000, 1, 1, tzinfo=UTC)
    assert far in days_between({at(21), far})
    assert len(days_between({at(21), far})) < 400


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Kolkata", "GMT+05:30"),
        ("America/St_Johns", "GMT-02:30"),
        ("UTC", "GMT+00:00"),
        ("Pacific/Kiritimati", "GMT+14:00"),
    ],
)
def test_rule_07_an_offset_is_shown_relative_to_gmt(zone: str, shown: str) -> None:
    assert gmt_offset(ZoneInfo(zone), NOW) == shown


def test_rule_07_an_admin_is_shown_both_offsets_of_a_zone_that_has_two() -> None:
    assert gmt_offsets(PARIS, NOW) == "GMT+02:00 now, GMT+01:00 in winter"
    assert gmt_offsets(ZoneInfo("Asia/Kolkata"), NOW) == "GMT+05:30"


def test_a_schedule_across_midnight_names_both_days() -> None:
    text = schedule_text(at(21, 21), at(21, 23), PARIS)
    assert text == "23:00 Wednesday 21 July 2027 - 01:00 Thursday 22 July 2027"


def test_rule_13_a_session_in_the_repeated_hour_shows_both_offsets() -> None:
    def shown(start: tuple[int, int, int], end: tuple[int, int, int]) -> str:
        starts, ends = (datetime(2027, 10, *when, tzinfo=UTC) for when in (start, end))
        return schedule_text(starts, ends, PARIS)

    assert shown((31, 0, 30), (31, 1, 15)) == "02:30 (GMT+02:00)-02:15 (GMT+01:00) Sunday 31 October 2027"
    assert shown((31, 0, 15), (31, 1, 45)) == "02:15 (GMT+02:00)-02:45 (GMT+01:00) Sunday 31 October 2027"
    assert shown((30, 22, 0), (31, 1, 0)) == "00:00 (GMT+02:00)-02:00 (GMT+01:00) Sunday 31 October 2027"
    assert shown((31, 0, 0), (31, 2, 30)) == "02:00 (GMT+02:00)-03:30 (GMT+01:00) Sunday 31 October 2027"
    assert shown((30, 21, 0), (31, 1, 30)) == (
        "23:00 (GMT+02:00) Saturday 30 October 2027 - 02:30 (GMT+01:00) Sunday 31 October 2027"
    )


def test_rule_13_a_session_across_a_clock_change_is_shown_as_usual() -> None:
    autumn, spring = (datetime(2027, month, day, tzinfo=UTC) for month, day in ((10, 31), (3, 28)))
    hour = timedelta(hours=1)
    assert schedule_text(autumn - hour, autumn + 3 * hour, PARIS) == "01:00-04:00 Sunday 31 October 2027"
    assert schedule_text(spring, spring + 2 * hour, PARIS) == "01:00-04:00 Sunday 28 March 2027"
    assert schedule_text(autumn, autumn + hour / 2, PARIS) == "02:00-02:30 Sunday 31 October 2027"


def test_rule_13_a_schedule_that_would_end_before_it_starts_shows_both_offsets() -> None:
    # In Havana clocks go back from 01:00 to 00:00.
    starts = datetime(2027, 11, 7, 4, 30, tzinfo=UTC)
    text = schedule_text(starts, starts + timedelta(minutes=45), ZoneInfo("America/Havana"))
    assert text == "00:30 (GMT-04:00)-00:15 (GMT-05:00) Sunday 7 November 2027"


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(hours=30)), st.sampled_from(ZONES))
def test_rule_13_a_schedule_never_runs_backwards(starts: datetime, length: timedelta, zone: str) -> None:
    start, end = (when.astimezone(ZoneInfo(zone)) for when in (starts, starts + length))
    if end.replace(tzinfo=None, fold=0) < start.replace(tzinfo=None, fold=0):
        assert schedule_text(starts, starts + length, ZoneInfo(zone)).count("GMT") == 2


def test_an_empty_zone_name_is_no_zone() -> None:
    assert zone_named("") is None
