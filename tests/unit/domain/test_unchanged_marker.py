"""Unchanged markers: which runs make one, and how long it is valid (rules 12, 21 and 24)."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import MappingId, RunId, SourceId
from core.domain.records import reasons
from core.domain.records.digests import digest_of
from core.domain.records.kinds import KINDS, SESSION, SPEAKER, RecordKind
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome, RecordRef, count
from core.domain.runs.schedule import INTERVAL, SPREAD
from core.domain.runs.unchanged_marker import (
    OVERLAP,
    READ_ALL_EVERY,
    OutcomesDigest,
    RowDigests,
    UnchangedMarker,
    is_settled,
)
from tests.support.builders import NOW, agenda, at, session, sessions_of, skipped
from tests.support.systems import SYSTEMS

MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def a_marker(next_transition_at: timedelta | None = None, many: str = "") -> UnchangedMarker:
    next_at = None if next_transition_at is None else NOW + next_transition_at
    return UnchangedMarker(MappingId("m1"), RunId("r1"), NOW, next_at, "digest", many)


def test_changes_count_from_before_the_reading() -> None:
    assert a_marker().changes_since == NOW - OVERLAP
    assert timedelta(minutes=10) <= OVERLAP < READ_ALL_EVERY


def test_data_read_every_time_stays_valid_until_it_differs() -> None:
    marker = a_marker()
    assert marker.is_valid_at(NOW)
    assert marker.is_valid_at(NOW + 100 * READ_ALL_EVERY)


def test_many_sessions_are_read_again_after_some_hours() -> None:
    """The next check may be as late as its interval allows: the marker may have expired by then."""
    marker, latest = a_marker(many="0a"), READ_ALL_EVERY - INTERVAL * (1 + SPREAD)
    assert marker.allows_skip(NOW, INTERVAL)
    assert marker.allows_skip(NOW + latest, INTERVAL)
    assert not marker.allows_skip(NOW + latest + MOMENT, INTERVAL)
    again = marker.read_again(NOW + latest + MOMENT)
    assert again.allows_skip(NOW + 2 * latest, INTERVAL)
    assert (again.run_id, again.digest, again.many) == (marker.run_id, "digest", "0a")


def test_few_sessions_are_read_every_time() -> None:
    assert not a_marker().allows_skip(NOW, INTERVAL)


def test_rule_12_a_marker_expires_when_the_next_session_passes() -> None:
    marker = a_marker(HOUR)
    assert marker.is_valid_at(NOW + HOUR - MOMENT)
    assert not marker.is_valid_at(NOW + HOUR)


def test_rule_12_reading_again_does_not_delay_the_expiry() -> None:
    assert not a_marker(HOUR).read_again(NOW + HOUR - MOMENT).is_valid_at(NOW + HOUR)


def test_a_marker_is_invalid_if_the_clock_was_set_back() -> None:
    assert not a_marker().is_valid_at(NOW - MOMENT)
    assert not a_marker().is_valid_at(NOW - 30 * READ_ALL_EVERY)


def test_a_marker_compares_instants_in_any_zone() -> None:
    there = timezone(timedelta(hours=9))
    assert a_marker(HOUR).is_valid_at(NOW.astimezone(there))
    assert not a_marker(HOUR).is_valid_at((NOW + HOUR).astimezone(there))


@pytest.mark.parametrize("outcome", [Outcome.UNCHANGED, Outcome.KEPT, Outcome.SKIPPED, Outcome.BLOCKED])
def test_rule_21_a_run_without_writes_makes_a_marker(outcome: Outcome) -> None:
    assert is_settled(count([(kind, outcome) for kind in KINDS]))


@pytest.mark.parametrize("outcome", [Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED])
@pytest.mark.parametrize("kind", [*KINDS], ids=str)
def test_a_run_with_a_written_or_failed_record_makes_no_marker(kind: RecordKind, outcome: Outcome) -> None:
    rest = [(kind, Outcome.UNCHANGED) for kind in KINDS]
    assert is_settled(count(rest))
    assert not is_settled(count([*rest, (kind, outcome)]))


def test_an_empty_programme_makes_a_marker() -> None:
    assert is_settled(Counts())
    assert is_settled(count([(SESSION, Outcome.SKIPPED), (SPEAKER, Outcome.KEPT)]))


def test_rows_are_compared_by_content_in_any_order() -> None:
    one, other, odd = RowDigests(), RowDigests(), RowDigests()
    for digests, names in ((one, "ab"), (other, "ba"), (odd, "ac")):
        for name in names:
            digests.add(SourceId(name), {"title": name})
    assert one.all == other.all != odd.all
    other.add(SourceId("a"), {"title": "a"})
    assert one.all == other.all, "a row that came twice, as pages may overlap"
    other.add(SourceId("a"), {"title": "A"})
    assert one.all != other.all


def test_many_rows_are_not_stored() -> None:
    few, many = RowDigests(2), RowDigests(2)
    for digests, names in ((few, "abb"), (many, "abbc")):
        for name in names:
            digests.add(SourceId(name), name)
    assert (few.are_many, len(few.all)) == (False, 2)
    assert (many.are_many, len(many.all)) == (True, 0)


def test_outcomes_without_writes_are_compared_in_any_order() -> None:
    recorded = [
        RecordOutcome(RecordRef(SESSION, SourceId(name), name), Outcome.UNCHANGED, reasons.new(SYSTEMS))
        for name in "abc"
    ]
    one, other = OutcomesDigest(), OutcomesDigest()
    for digest, outcomes in ((one, recorded), (other, reversed(recorded))):
        for outcome in outcomes:
            digest.add(outcome)
    assert one.text == other.text != OutcomesDigest().text
    written = OutcomesDigest()
    for each in (*recorded, replace(recorded[0], outcome=Outcome.UPDATED)):
        written.add(each)
    assert not written.text


TEXTS = st.text(st.characters(codec=None, exclude_categories=()))


@given(st.lists(TEXTS), st.lists(TEXTS))
def test_digests_differ_exactly_where_the_contents_differ(one: list[str], other: list[str]) -> None:
    assert (digest_of(one) == digest_of(other)) is (one == other)
    assert digest_of(one) == digest_of([*one])


def test_a_digest_depends_on_the_order() -> None:
    assert digest_of("ab") != digest_of("ba")
    assert digest_of(["ab", "c"]) != digest_of(["a", "bc"])
    assert digest_of(["a", ""]) != digest_of(["a"])
    assert digest_of([]) != digest_of([None])
    assert digest_of([1]) != digest_of(["1"])
    assert digest_of([1, 2]) != digest_of([12])


@pytest.mark.parametrize("odd", ["\ud800", "a\udfffb", "\x00", "', '", "\U0010ffff"])
def test_text_that_cannot_be_encoded_has_a_digest(odd: str) -> None:
    assert digest_of([odd]) != digest_of([""])
    assert digest_of([odd]) != digest_of([odd, odd])
    assert digest_of([odd]).isascii()


def test_a_digest_is_short_for_any_content() -> None:
    assert len(digest_of(["x" * 10_000] * 100)) == len(digest_of([])) <= 64


def test_rule_12_the_next_transition_is_the_end_of_the_first_future_session() -> None:
    made = agenda(
        session("passed", starts_at=at(19, 9), ends_at=at(19, 10)),
        session("later", ends_at=at(22, 18)),
        session("next", ends_at=at(21, 10)),
        session("last", ends_at=at(23, 18)),
    )
    assert made.next_transition_at == at(21, 10)
    in_time = agenda(session("next", ends_at=at(21, 10)), now=at(21, 10) - MOMENT)
    assert "next" in sessions_of(in_time)
    assert in_time.next_transition_at == at(21, 10)


def test_rule_12_at_the_next_transition_the_session_has_passed() -> None:
    made = agenda(session("next", ends_at=at(21, 10)), now=at(21, 10))
    assert skipped(sessions_of(made)["next"]).reason.code == "passed"
    assert made.next_transition_at is None, "and time changes nothing for it any more"


def test_sessions_without_an_end_or_passed_cause_no_transition() -> None:
    assert agenda().next_transition_at is None
    assert agenda(session("open", ends_at=None)).next_transition_at is None
    assert agenda(session("passed", starts_at=at(19), ends_at=NOW)).next_transition_at is None
    both = agenda(session("open", ends_at=None), session("next", ends_at=at(21, 10)))
    assert both.next_transition_at == at(21, 10)


def test_the_first_row_of_a_repeated_session_counts() -> None:
    made = agenda(session("twice", ends_at=at(22, 18)), session("twice", ends_at=at(21, 10)))
    assert made.next_transition_at == at(22, 18)
