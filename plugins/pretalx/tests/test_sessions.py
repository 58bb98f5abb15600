"""Submissions become sessions, each as often as it takes place."""

from datetime import datetime
from typing import Any

import pytest

from gleanin_sync_pretalx.questions import Questions
from gleanin_sync_pretalx.sessions import SubmissionParser
from plugins.pretalx.tests.rows import slot, speaker, submission
from ports.plugins import ParticipationRole, Session, Unreadable

MONDAY, TUESDAY, SUNDAY = (f"2027-07-{day:02}T09:00:00+02:00" for day in (5, 6, 4))


def sessions_of(row: object, language: str | None = "en") -> list[Session]:
    rows = SubmissionParser(language, Questions())(row)
    assert all(isinstance(session, Session) for session in rows), rows
    return [session for session in rows if isinstance(session, Session)]


def session_of(row: object, language: str | None = "en") -> Session:
    (session,) = sessions_of(row, language)
    return session


def problem_of(row: object) -> tuple[str, str]:
    """Return the id and the problem of an unreadable row."""
    (unreadable,) = SubmissionParser("en", Questions())(row)
    assert isinstance(unreadable, Unreadable)
    return unreadable.id, unreadable.problem


def starts(row: object) -> dict[str, str]:
    return {session.id: session.starts_at.isoformat() for session in sessions_of(row) if session.starts_at}


def test_a_confirmed_submission_is_an_accepted_session() -> None:
    session = session_of(submission())
    assert (session.id, session.title) == ("ABCDEF", "Engines")
    assert (session.status, session.is_confirmed) == ("accepted", True)
    assert session.starts_at == datetime.fromisoformat("2027-07-01T09:00:00+02:00")
    assert session.ends_at == datetime.fromisoformat("2027-07-01T09:30:00+02:00")
    (participation,) = session.people
    assert (participation.person.id, participation.role) == ("SPEAKR", ParticipationRole.SPEAKER)


@pytest.mark.parametrize(
    "state", ["submitted", "rejected", "canceled", "withdrawn", "draft", "deleted", "new state"]
)
def test_other_states_are_told_as_they_are(state: str) -> None:
    session = session_of(submission(state=state))
    assert (session.status, session.is_confirmed) == (state, None)


def test_rule_35_an_accepted_submission_is_not_confirmed() -> None:
    session = session_of(submission(state="accepted"))
    assert (session.status, session.is_confirmed) == ("accepted", False)


@pytest.mark.parametrize(
    ("abstract", "description", "expected"),
    [("Short.", "Long.", "Short."), ("", "Long.", "Long."), (None, "Long.", "Long."), (None, None, None)],
)
def test_the_abstract_describes_a_session(abstract: object, description: object, expected: object) -> None:
    assert session_of(submission(abstract=abstract, description=description)).description == expected


def test_markdown_stays_as_it_was_written() -> None:
    assert session_of(submission(abstract="# Hi\n\n* <b>one</b>")).description == "# Hi\n\n* <b>one</b>"


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ({"en": "Data", "de": "Daten"}, "de", "Daten"),
        ({"en": "Data", "de": "Daten"}, "fr", "Data"),
        ({"en": " ", "de": "Daten"}, "en", "Daten"),
        ({"en": "Data", "de": "Daten"}, "de-formal", "Daten"),
        ({"en": "Data", "de-formal": "Daten"}, "de", "Daten"),
        ({"en": "Data", "de": "Daten", "de-formal": "Die Daten"}, "de-formal", "Die Daten"),
        ({"en": "Data", "den": "Daten"}, "de", "Data"),
        ({"en": None, "de": "Daten"}, "en", "Daten"),
        ("Data", "de", "Data"),
        ({}, "en", None),
        (7, "en", None),
    ],
)
def test_the_track_is_in_the_events_language_or_in_any(name: object, language: str, expected: object) -> None:
    row = submission(track={"id": 1, "name": name}, tags=[{"id": 1, "tag": name}])
    session = session_of(row, language)
    assert (session.track, session.tags) == (expected, (expected,) if expected else ())


def test_an_event_without_tracks_has_sessions_without_one() -> None:
    row = submission()
    del row["track"], row["tags"]
    session = session_of(row)
    assert (session.track, session.tags) == (None, ())


def test_each_slot_is_a_session() -> None:
    row = submission(slots=[slot(MONDAY), slot(TUESDAY)])
    assert starts(row) == {"ABCDEF": MONDAY, "ABCDEF-2": TUESDAY}
    first, second = sessions_of(row)
    assert first.people == second.people
    assert first.title == second.title


def test_the_first_session_keeps_its_id_when_a_slot_is_added() -> None:
    before = starts(submission(slots=[slot(MONDAY)]))
    after = starts(submission(slots=[slot(MONDAY), slot(TUESDAY)]))
    assert before.items() <= after.items()


def test_the_order_of_slots_in_the_answer_does_not_matter() -> None:
    slots = [slot(MONDAY, number=4), slot(TUESDAY, number=3)]
    assert starts(submission(slots=slots)) == starts(submission(slots=slots[::-1]))


def test_a_release_that_numbers_the_slots_anew_changes_no_id() -> None:
    before = starts(
        submission(slots=[slot(MONDAY, number=3), slot(TUESDAY, number=4), slot(SUNDAY, number=9)])
    )
    after = starts(
        submission(slots=[slot(SUNDAY, number=10), slot(MONDAY, number=11), slot(TUESDAY, number=12)])
    )
    assert before == after == {"ABCDEF": SUNDAY, "ABCDEF-2": MONDAY, "ABCDEF-3": TUESDAY}


def test_a_rescheduled_slot_leaves_no_session_behind() -> None:
    moved = starts(submission(slots=[slot(SUNDAY), slot(TUESDAY)]))
    assert moved == {"ABCDEF": SUNDAY, "ABCDEF-2": TUESDAY}


def test_slots_without_a_time_are_not_counted_beside_others() -> None:
    assert starts(submission(slots=[slot(None), slot(MONDAY)])) == {"ABCDEF": MONDAY}


@pytest.mark.parametrize("slots", [[], None, [slot(None)], [slot(None), slot(None)]])
def test_an_unscheduled_submission_is_one_session_without_times(slots: object) -> None:
    session = session_of(submission(slots=slots))
    assert (session.id, session.starts_at, session.ends_at, session.unreadable_times) == (
        "ABCDEF",
        None,
        None,
        (),
    )


@pytest.mark.parametrize(
    ("start", "quoted"),
    [
        ("2027-07-01T09:00:00", "2027-07-01T09:00:00"),
        ("tomorrow", "tomorrow"),
        (7, "7"),
        ({"at": 7}, '{"at": 7}'),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("a\x00b", '"a\\u0000b"'),
    ],
)
def test_what_is_no_instant_is_told(start: Any, quoted: str) -> None:
    session = session_of(submission(slots=[{"start": start, "end": MONDAY}]))
    assert session.starts_at is None
    assert session.unreadable_times == (("starts_at", quoted),)


def test_a_long_text_instead_of_a_time_is_cut() -> None:
    session = session_of(submission(slots=[{"start": "x" * 1000, "end": MONDAY}]))
    assert session.unreadable_times == (("starts_at", "x" * 80),)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"title": 7}, "The title is a number instead of text."),
        ({"state": None}, "It has no state."),
        ({"state": ["confirmed"]}, "The state is a list instead of text."),
        ({"speakers": ["SPEAKR"]}, "One of the speakers is text instead of an object."),
        ({"speakers": {"code": "SPEAKR"}}, "The speakers are an object instead of a list."),
        ({"speakers": [speaker(code=None)]}, "One of its speakers has no code."),
        ({"speakers": [speaker(), {}]}, "One of its speakers has no code."),
        ({"track": 1}, "The track is a number instead of an object."),
        ({"tags": [1]}, "One of the tags is a number instead of an object."),
        ({"slots": [15]}, "One of the slots is a number instead of an object."),
    ],
)
def test_what_decides_about_a_session_must_be_readable(changes: dict[str, Any], problem: str) -> None:
    assert problem_of(submission(**changes)) == ("ABCDEF", problem)


@pytest.mark.parametrize("code", [None, "", " ", 7, "x" * 300, "a\x00b", "\ud800"])
def test_a_row_without_a_code_has_the_same_id_each_time(code: Any) -> None:
    first, problem = problem_of(submission(code=code))
    assert problem == "It has no code."
    assert first == problem_of(submission(code=code))[0]
    assert first != problem_of(submission(code=code, title="Other"))[0]


def test_an_unreadable_row_is_named_by_its_title() -> None:
    (row,) = SubmissionParser("en", Questions())(submission(speakers=7, title="Engines\x00" * 100))
    assert isinstance(row, Unreadable)
    assert row.label.startswith("EnginesEngines")
    assert len(row.label) <= 200
