"""Outcomes, their sums, and the messages that report them (rules 26 to 28)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.records import reasons
from core.domain.records.kinds import (
    AGENDA,
    ALL,
    EXHIBITOR_CONTACT,
    EXHIBITORS,
    KINDS,
    SESSION,
    SPEAKER,
    RecordKind,
    Scope,
)
from core.domain.records.outcomes import Causes, Counts, Outcome, Tally, count
from core.domain.runs.messages import closing_message, started
from tests.support.systems import SYSTEMS

OUTCOMES = st.lists(st.tuples(st.sampled_from([*KINDS]), st.sampled_from(Outcome)))


def several(kind: RecordKind, **numbers: int) -> list[tuple[RecordKind, Outcome]]:
    return [(kind, Outcome(name)) for name, number in numbers.items() for _ in range(number)]


@given(OUTCOMES)
def test_rule_26_the_sums_balance(outcomes: list[tuple[RecordKind, Outcome]]) -> None:
    counts = count(outcomes)
    assert counts.read == len(outcomes)
    for kind in KINDS:
        tally = counts.of(kind)
        assert tally.read == sum(1 for of_kind, _ in outcomes if of_kind is kind)
        assert tally.read == tally.attempted + sum(
            tally[outcome] for outcome in (Outcome.KEPT, Outcome.SKIPPED)
        )
        assert tally.attempted == tally.succeeded + tally[Outcome.BLOCKED] + tally[Outcome.FAILED]


@pytest.mark.parametrize(
    ("outcome", "attempted", "succeeded"),
    [
        ("created", 1, 1),
        ("updated", 1, 1),
        ("unchanged", 1, 1),
        ("blocked", 1, 0),
        ("failed", 1, 0),
        ("kept", 0, 0),
        ("skipped", 0, 0),
    ],
)
def test_rule_27_what_counts_as_attempted_and_as_succeeded(
    outcome: str, attempted: int, succeeded: int
) -> None:
    tally = Tally({Outcome(outcome): 1})
    assert (tally.attempted, tally.succeeded) == (attempted, succeeded)


@given(OUTCOMES)
def test_rule_27_a_run_has_problems_exactly_when_something_was_blocked_or_failed(
    outcomes: list[tuple[RecordKind, Outcome]],
) -> None:
    trouble = any(outcome in {Outcome.BLOCKED, Outcome.FAILED} for _, outcome in outcomes)
    counts = count(outcomes)
    assert counts.all_succeeded is not trouble
    assert ("with problems" in closing_message(counts, ALL, SYSTEMS)) is trouble


def test_rule_28_the_opening_message_is_word_for_word() -> None:
    assert started(SYSTEMS) == "Sync to Gleanin has started."


def test_rule_28_a_run_without_problems_reports_the_counts() -> None:
    counts = count(
        [*several(SESSION, created=80, unchanged=4, skipped=9), *several(SPEAKER, updated=87, kept=2)]
    )
    message = closing_message(counts, AGENDA, SYSTEMS, "help@example.org")
    assert message.startswith("Sync to Gleanin is complete.")
    assert "84 sessions" in message
    assert "87 speakers" in message
    assert "help@example.org" not in message


def test_rule_28_a_run_with_problems_reports_attempted_and_synced_word_for_word() -> None:
    counts = count(
        [
            *several(SESSION, created=80, blocked=3, failed=1, kept=5),
            *several(SPEAKER, unchanged=85, blocked=2),
        ]
    )
    assert closing_message(counts, AGENDA, SYSTEMS, causes={(SESSION, "missing_fields"): 3}) == (
        "Sync to Gleanin finished with problems: 84 sessions attempted, 80 synced; "
        "87 speakers attempted, 85 synced. Check that your sessions have all the required fields."
    )


@pytest.mark.parametrize(
    ("causes", "kinds"),
    [
        ({(SPEAKER, "missing_fields"): 1}, "speakers"),
        ({(SPEAKER, "missing_fields"): 2, (SESSION, "missing_fields"): 1}, "sessions and speakers"),
        (
            {(kind, "missing_fields"): 1 for kind in KINDS},
            "sessions, speakers and exhibitors",
        ),
        ({(EXHIBITOR_CONTACT, "primary_without_email"): 1}, "exhibitors"),
    ],
)
def test_rule_28_the_advice_names_the_kinds_concerned(causes: Causes, kinds: str) -> None:
    counts = count([*several(SPEAKER, blocked=9)])
    message = closing_message(counts, ALL, SYSTEMS, causes=causes)
    assert f" Check that your {kinds} have all the required fields." in message


def test_rule_28_there_is_no_advice_for_other_causes() -> None:
    counts = count([*several(SESSION, skipped=84), *several(SPEAKER, failed=1)])
    message = closing_message(counts, AGENDA, SYSTEMS, causes={(SPEAKER, "rejected"): 1})
    assert "Check" not in message


def test_rule_10_the_closing_message_counts_records_of_ended_connections() -> None:
    causes = {(SESSION, "ended_connection"): 84, (SPEAKER, "ended_connection"): 1}
    for outcomes in (several(SPEAKER, created=1), several(SPEAKER, blocked=1)):
        message = closing_message(count(outcomes), AGENDA, SYSTEMS, causes=causes)
        assert " 84 sessions and 1 speaker were not synced again: sent before" in message
    alone = closing_message(Counts(), AGENDA, SYSTEMS, causes={(SPEAKER, "ended_connection"): 1})
    assert alone.startswith("Sync to Gleanin is complete.")
    assert " 1 speaker was not synced again: " in alone


def test_rule_28_the_support_contact_is_named_if_set() -> None:
    counts = count(several(SESSION, failed=1))
    assert closing_message(counts, AGENDA, SYSTEMS, "help@example.org").endswith("contact help@example.org.")


def test_rule_28_a_message_names_only_the_kinds_in_scope() -> None:
    assert "sessions" not in closing_message(Counts(), EXHIBITORS, SYSTEMS)
    assert "exhibitors" not in closing_message(Counts(), AGENDA, SYSTEMS)
    assert all(kind.plural in closing_message(Counts(), ALL, SYSTEMS) for kind in KINDS)


def test_rule_25_sessions_are_written_before_the_people_who_speak_in_them() -> None:
    assert KINDS.in_scope(AGENDA) == (SESSION, SPEAKER)
    assert KINDS.in_scope(EXHIBITORS) == (EXHIBITOR_CONTACT,)
    assert KINDS.in_scope(ALL)[0] is SESSION
    assert set(KINDS.in_scope(ALL)) == set(KINDS)


@given(st.sampled_from(KINDS.scopes), st.sampled_from(KINDS.scopes))
def test_rule_23_the_union_of_two_scopes_covers_both(one: Scope, other: Scope) -> None:
    assert set(KINDS.in_scope(one | other)) == {*KINDS.in_scope(one), *KINDS.in_scope(other)}


def test_rules_13_14_and_17_required_fields_of_each_kind() -> None:
    assert {kind.name: set(kind.required) for kind in KINDS} == {
        "session": {"title", "starts_at", "ends_at"},
        "speaker": {"first_name", "last_name", "email"},
        "exhibitor_contact": {"company_name", "email"},
    }


def test_rule_26_a_reason_collects_its_notes() -> None:
    reason = reasons.missing(["last_name"], SYSTEMS).with_note("", "First.", "Second.")
    assert reason.sentence == "Required field is missing: last name."
    assert reason.detail.endswith("sync again. First. Second.")
    assert reasons.new(SYSTEMS).with_note() == reasons.new(SYSTEMS)


def test_rule_28_one_is_singular() -> None:
    done = count(
        [*several(SESSION, created=1), *several(SPEAKER, created=2), *several(EXHIBITOR_CONTACT, created=1)]
    )
    assert closing_message(done, ALL, SYSTEMS).endswith("Synced: 1 session, 2 speakers, 1 exhibitor.")
    message = closing_message(count(several(SESSION, blocked=1)), AGENDA, SYSTEMS)
    assert "1 session attempted, 0 synced; 0 speakers attempted, 0 synced." in message
