"""The plan for each candidate, given Gleanin's records and the synced records (rules 10 and 20 to 22)."""

import pytest

from core.domain.ids import ConnectionId, DestinationId, SourceId
from core.domain.planning.plan import Create, Planner
from core.domain.records import reasons
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.fields import Fields
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.records.synced_records import CreateIntent, fingerprint
from core.domain.selection.candidates import Blocked, Eligible, Skipped
from tests.support.builders import (
    EARLIER,
    HERE,
    SPEAKER_FIELDS,
    candidate,
    create,
    gleanin,
    no_write,
    ours,
    planned,
    sent_by,
    synced,
    update,
)
from tests.support.systems import SYSTEMS

IN_GLEANIN = [ours("g1", "ada", email="ada@example.org")]


def test_rule_21_a_new_record_is_created_with_its_filled_fields() -> None:
    step = create(planned(candidate(job_title="Analyst")))
    assert step.reason.code == "new"
    assert step.fields == {**SPEAKER_FIELDS, "job_title": "Analyst"}


def test_rule_21_an_unchanged_record_causes_no_write() -> None:
    step = no_write(planned(candidate(), synced(), gleanin(IN_GLEANIN)))
    assert (step.outcome, step.destination_id) == (Outcome.UNCHANGED, "g1")


def test_rule_21_only_changed_fields_are_sent_with_their_previous_values() -> None:
    old, new = "https://img.example.org/old.png", "https://img.example.org/new.png"
    step = update(planned(candidate(headshot=new), synced(headshot=old), gleanin(IN_GLEANIN)))
    assert [(one.field, one.old, one.new) for one in step.changes] == [("headshot", old, new)]
    assert step.reason.sentence == "Changed: headshot."
    assert step.fields == {**SPEAKER_FIELDS, "headshot": new}


def test_rule_21_the_fingerprint_does_not_depend_on_the_order_of_fields() -> None:
    backwards = dict(reversed(list(SPEAKER_FIELDS.items())))
    assert list(backwards) != list(SPEAKER_FIELDS)
    assert fingerprint(backwards) == fingerprint(SPEAKER_FIELDS)


@pytest.mark.parametrize(
    "other",
    [
        {**SPEAKER_FIELDS, "job_title": "x"},
        {**SPEAKER_FIELDS, "first_name": "ada"},
        {"first_name": "AdaLovelace"},
        {**SPEAKER_FIELDS, "sessions": ("g1",)},
        {**SPEAKER_FIELDS, "sessions": ("g1", "g2")},
        {**SPEAKER_FIELDS, "sessions": ("g1,g2",)},
        {},
    ],
)
def test_rule_21_the_fingerprint_changes_with_every_field(other: Fields) -> None:
    assert fingerprint(other) != fingerprint(SPEAKER_FIELDS)


def test_rule_20_a_field_that_was_emptied_is_cleared() -> None:
    step = planned(candidate(), synced(job_title="Analyst"), gleanin(IN_GLEANIN))
    assert sent_by(step) == {"job_title": None}
    assert "job_title" not in update(step).fields


def test_rule_21_switching_tracks_off_clears_the_tracks_and_sends_nothing_else() -> None:
    fields: Fields = {"title": "T", "starts_at": "a", "ends_at": "b"}
    known = synced("s", "g1", SESSION, **fields, tracks=("Data",))
    step = planned(candidate(None, "s", SESSION, **fields), known, gleanin(sessions=[ours("g1", "s")]))
    assert sent_by(step) == {"tracks": None}


def test_rule_22_a_session_no_longer_accepted_is_kept_with_the_advice_to_delete_it() -> None:
    gone = candidate(Skipped(reasons.not_accepted("declined")))
    step = no_write(planned(gone, synced(), gleanin(IN_GLEANIN)))
    assert (step.outcome, step.destination_id) == (Outcome.KEPT, "g1")
    assert step.reason.code == "not_accepted"
    assert reasons.delete_by_hand(SYSTEMS) in step.reason.detail


def test_rule_22_an_unrecorded_record_in_gleanin_is_kept() -> None:
    gone = candidate(Skipped(reasons.not_accepted("declined")))
    assert no_write(planned(gone, None, gleanin(IN_GLEANIN))).outcome is Outcome.KEPT


def test_rule_12_a_passed_session_is_skipped_and_stays_as_sent() -> None:
    step = no_write(
        planned(candidate(Skipped(reasons.PASSED, has_left=False)), synced(), gleanin(IN_GLEANIN))
    )
    assert (step.outcome, step.destination_id) == (Outcome.SKIPPED, "g1")
    assert step.reason.detail == reasons.stays_as_sent(SYSTEMS)


def test_rule_12_a_record_never_sent_is_skipped() -> None:
    step = no_write(planned(candidate(Skipped(reasons.not_accepted("declined")))))
    assert (step.outcome, step.destination_id, step.reason.detail) == (Outcome.SKIPPED, None, "")


def test_rule_22_a_record_deleted_in_gleanin_needs_no_advice() -> None:
    step = no_write(planned(candidate(Skipped(reasons.not_accepted("declined"))), synced(), gleanin()))
    assert step.outcome is Outcome.SKIPPED


def test_rule_22_a_record_deleted_in_sessionboard_is_kept() -> None:
    planner = Planner(SPEAKER, gleanin(IN_GLEANIN), SYSTEMS, frozenset())
    unseen = {SourceId("ada"): DestinationId("g1"), SourceId("bob"): DestinationId("deleted-by-hand")}
    (step,) = planner.leftovers(unseen, {SourceId("ada"): synced()})
    kept = no_write(step)
    assert (kept.outcome, kept.record.source_id, kept.destination_id) == (Outcome.KEPT, "ada", "g1")
    assert reasons.delete_by_hand(SYSTEMS) in kept.reason.detail
    assert kept.record.email == "ada@example.org"


def test_rule_10_leftovers_of_an_ended_connection_are_not_reported_again() -> None:
    planner = Planner(SPEAKER, gleanin(IN_GLEANIN), SYSTEMS, frozenset({SourceId("ada")}))
    assert list(planner.leftovers({SourceId("ada"): DestinationId("g1")}, {SourceId("ada"): synced()})) == []


def test_rule_22_a_record_unrecorded_because_of_a_crash_is_kept() -> None:
    planner = Planner(SPEAKER, gleanin(IN_GLEANIN), SYSTEMS, frozenset())
    (step,) = planner.leftovers({SourceId("ada"): DestinationId("g1")}, {})
    assert (no_write(step).outcome, no_write(step).record.label) == (Outcome.KEPT, "ada")


def test_rule_22_there_is_no_advice_to_delete_what_may_be_in_an_unreadable_row() -> None:
    planner = Planner(SPEAKER, gleanin(IN_GLEANIN), SYSTEMS, frozenset(), incomplete=True)
    (step,) = planner.leftovers({SourceId("ada"): DestinationId("g1")}, {SourceId("ada"): synced()})
    assert no_write(step).outcome is Outcome.KEPT
    assert reasons.delete_by_hand(SYSTEMS) not in step.reason.detail


def test_rule_21_an_unconfirmed_change_is_sent_again_completely() -> None:
    unconfirmed = synced(job_title="Old").unconfirmed({"company_name": "Analytical Engines"})
    step = update(planned(candidate(job_title="Old"), unconfirmed, gleanin(IN_GLEANIN)))
    assert step.reason == reasons.UNCONFIRMED
    assert sent_by(step)["job_title"] == "Old"
    assert sent_by(step)["company_name"] is None, "rule 20: it may have been sent"
    assert "headshot" not in sent_by(step), "rule 20: it never was"


def test_rule_32_an_eligible_record_deleted_by_hand_is_created_again() -> None:
    step = create(planned(candidate(), synced(), gleanin()))
    assert step.reason == reasons.gone_from_destination(SYSTEMS)


def test_rule_32_an_unrecorded_create_is_found_by_its_external_id_and_updated() -> None:
    side = gleanin([ours("g1", "ada", sessions=("s9", "deleted"))], [DestinationRecord(DestinationId("s9"))])
    step = planned(candidate(sessions=("s1",)), None, side)
    assert update(step).reason.code == "found_again"
    assert sent_by(step) == {**SPEAKER_FIELDS, "sessions": ("s1", "s9")}


def test_rule_20_in_a_record_found_again_only_fields_of_its_create_are_cleared() -> None:
    intent = CreateIntent(SPEAKER, SourceId("ada"), HERE, ("first_name", "job_title", "sessions"))
    planner = Planner(
        SPEAKER, gleanin([ours("g1", "ada")]), SYSTEMS, frozenset(), intents={SourceId("ada"): intent}
    )
    step = update(*planner.plan([candidate()], {}))
    assert sent_by(step) == {**SPEAKER_FIELDS, "job_title": None}


def test_rule_22_a_record_found_again_loses_no_associations() -> None:
    step = planned(candidate(), None, gleanin([ours("g1", "ada", sessions=("s9",))]))
    assert "sessions" not in sent_by(step)


def test_rule_32_a_deleted_id_is_replaced_by_the_one_found_by_external_id() -> None:
    step = update(planned(candidate(), synced(destination_id="old"), gleanin([ours("new", "ada")])))
    assert (step.destination_id, step.reason.code) == ("new", "found_again")


def test_rule_10_a_record_sent_under_an_ended_connection_is_skipped() -> None:
    side = gleanin([ours("g1", "ada", EARLIER)])
    assert side.created_before(SPEAKER) == {"ada": "g1"}
    assert side.created_here(SPEAKER, SourceId("ada")) is None
    step = no_write(planned(candidate(), None, side, excluded=side.created_before(SPEAKER).keys()))
    assert (step.outcome, step.reason) == (Outcome.SKIPPED, reasons.ended_connection(SYSTEMS))
    assert step.destination_id == "g1", "somebody must find it there to edit it by hand"


def test_rule_10_it_is_skipped_also_after_it_was_deleted_in_gleanin() -> None:
    assert no_write(planned(candidate(), None, gleanin(), excluded={"ada"})).outcome is Outcome.SKIPPED


def test_rule_10_takes_precedence_over_a_missing_field() -> None:
    lacking = candidate(Blocked(reasons.missing(["last_name"], SYSTEMS)))
    step = no_write(planned(lacking, None, gleanin(), excluded={"ada"}))
    assert (step.outcome, step.reason) == (Outcome.SKIPPED, reasons.ended_connection(SYSTEMS))


def test_rule_10_an_ended_connection_gives_no_advice_to_delete() -> None:
    gone = candidate(Skipped(reasons.not_accepted("declined")))
    step = no_write(planned(gone, None, gleanin([ours("g1", "ada", EARLIER)]), excluded={"ada"}))
    assert (step.outcome, step.destination_id) == (Outcome.SKIPPED, "g1")


def test_rule_10_records_found_by_this_connection_have_no_advice_to_delete() -> None:
    gone = candidate(Skipped(reasons.not_accepted("declined")))
    step = no_write(planned(gone, None, gleanin(IN_GLEANIN), excluded={"ada"}))
    assert step.outcome is Outcome.SKIPPED
    assert reasons.delete_by_hand(SYSTEMS) not in step.reason.detail


def test_rule_10_the_same_source_id_under_another_kind_is_another_record() -> None:
    side = gleanin(others={EXHIBITOR_CONTACT: [ours("x1", "ada")]})
    create(planned(candidate(), None, side))


def test_rule_18_a_blocked_record_in_gleanin_is_not_updated() -> None:
    lacking = candidate(Blocked(reasons.missing(["last_name"], SYSTEMS)))
    step = no_write(planned(lacking, synced(), gleanin(IN_GLEANIN)))
    assert (step.outcome, step.destination_id) == (Outcome.BLOCKED, "g1")


def test_rule_22_associations_only_grow() -> None:
    known = synced(sessions=("s1", "s2"))
    side = gleanin(IN_GLEANIN, sessions=[ours(source_id, source_id) for source_id in ("s1", "s2", "s3")])
    assert sent_by(planned(candidate(sessions=("s3",)), known, side)) == {"sessions": ("s1", "s2", "s3")}


def test_rule_22_a_speaker_detached_from_a_session_causes_no_write() -> None:
    known = synced(sessions=("s1", "s2"))
    step = no_write(planned(candidate(sessions=("s2",)), known, gleanin(IN_GLEANIN)))
    assert step.outcome is Outcome.UNCHANGED


def test_rule_22_existing_associations_are_kept_when_the_list_is_sent() -> None:
    side = gleanin(
        [ours("g1", "ada", sessions=("by-hand", "s1"))],
        sessions=[ours("s1", "s1"), ours("s2", "s2"), ours("by-hand", "x")],
    )
    step = planned(candidate(sessions=("s1", "s2")), synced(sessions=("s1",)), side)
    assert sent_by(step) == {"sessions": ("by-hand", "s1", "s2")}


def test_rule_22_a_person_missing_from_a_lagging_list_keeps_associations() -> None:
    known = synced(sessions=("listed", "unlisted"))
    step = planned(candidate(sessions=("own",)), known, gleanin(sessions=[ours("listed", "s1")]))
    assert isinstance(step, Create)
    assert step.fields["sessions"] == ("listed", "own"), "Gleanin refuses ties to what was deleted"
    restored = {change.field: change.new for change in step.restores}
    assert restored["sessions"] == ("listed", "own", "unlisted"), "if it is there, nothing was deleted"


def test_rule_22_a_change_of_another_field_does_not_send_associations() -> None:
    side = gleanin([ours("g1", "ada", sessions=("by-hand", "s1"))])
    step = planned(candidate(sessions=("s1",), job_title="New"), synced(sessions=("s1",)), side)
    assert sent_by(step) == {"job_title": "New"}


def test_rule_22_associations_with_sessions_deleted_in_gleanin_are_not_sent_again() -> None:
    side = gleanin(IN_GLEANIN, sessions=[ours("s2", "s2")])
    step = planned(candidate(sessions=("s2",)), synced(sessions=("dead",)), side)
    assert sent_by(step) == {"sessions": ("s2",)}


def test_rule_22_a_session_deleted_in_gleanin_alone_causes_no_write() -> None:
    step = planned(candidate(), synced(sessions=("dead",)), gleanin(IN_GLEANIN))
    assert no_write(step).outcome is Outcome.UNCHANGED


def test_rule_14_the_notes_of_a_verdict_reach_the_outcome_of_an_unchanged_record() -> None:
    noted = candidate(Eligible(SPEAKER_FIELDS, ("a note",))).with_note("another")
    for known, side in ((None, gleanin()), (synced(), gleanin(IN_GLEANIN))):
        assert planned(noted, known, side).reason.detail == "another a note"


def test_the_connection_in_an_external_id_decides_which_records_are_ours() -> None:
    side = gleanin([ours("g1", "ada", HERE), ours("g2", "bob", ConnectionId("x"))])
    assert side.all_created_here(SPEAKER) == {"ada": "g1"}
    assert side.created_before(SPEAKER) == {"bob": "g2"}


def test_a_record_on_two_pages_of_gleanin_counts_once() -> None:
    side = gleanin([*IN_GLEANIN, *IN_GLEANIN])
    assert len(list(side.contacts_with("ADA@example.org"))) == 1
