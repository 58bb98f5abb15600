"""Which people sync as speakers (rules 14 to 16, 18 and 20)."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from core.domain.email import is_masked
from core.domain.records import reasons
from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.records.pictures import is_heic
from core.domain.records.source_records import ParticipationRole, Person
from core.domain.tenancy.event_mappings import MappingSettings
from tests.support.builders import (
    agenda,
    at,
    blocked,
    candidate,
    eligible,
    gleanin,
    no_write,
    on,
    ours,
    person,
    planned,
    selected,
    session,
    skipped,
    speakers_of,
    synced,
)
from tests.support.systems import SYSTEMS

OLD = datetime(2020, 1, 1, tzinfo=UTC)
YOUNG = datetime(2026, 1, 1, tzinfo=UTC)


def test_rule_14_people_on_sessions_that_sync_are_speakers_with_their_sessions() -> None:
    ada = person("ada")
    made = agenda(session("s1", on(ada)), session("s2", on(ada)), session("s3", on(ada), status="declined"))
    assert eligible(speakers_of(made)["ada"]).fields["sessions"] == ("g-s1", "g-s2")


@pytest.mark.parametrize(
    "role", [ParticipationRole.SPEAKER, ParticipationRole.CHAIRPERSON, ParticipationRole.MODERATOR]
)
def test_rule_14_all_three_roles_sync_by_default(role: ParticipationRole) -> None:
    eligible(speakers_of(agenda(session("s", on(person(), role))))["ada"])


@pytest.mark.parametrize(
    ("role", "settings"),
    [
        (ParticipationRole.CHAIRPERSON, MappingSettings(chairpersons=False)),
        (ParticipationRole.MODERATOR, MappingSettings(moderators=False)),
    ],
)
def test_rule_14_a_role_that_is_switched_off_is_skipped_but_not_its_speakers(
    role: ParticipationRole, settings: MappingSettings
) -> None:
    verdicts = speakers_of(
        agenda(session("s", on(person("eve"), role), on(person("ada"))), settings=settings)
    )
    assert f"{role}s" in skipped(verdicts["eve"]).reason.sentence
    eligible(verdicts["ada"])


def test_rule_14_a_chairperson_who_speaks_elsewhere_is_associated_with_the_talk_only() -> None:
    ada = person("ada")
    made = agenda(
        session("s1", on(ada, ParticipationRole.CHAIRPERSON)),
        session("s2", on(ada)),
        settings=MappingSettings(chairpersons=False),
    )
    assert eligible(speakers_of(made)["ada"]).fields["sessions"] == ("g-s2",)


def test_rule_14_a_role_without_a_category_is_skipped_with_advice() -> None:
    verdict = skipped(speakers_of(agenda(session("s", on(person(), ParticipationRole.UNKNOWN))))["ada"])
    assert verdict.reason == reasons.role_without_category(SYSTEMS)


@pytest.mark.parametrize("status", ["declined", "pending", None])
def test_rule_14_people_whose_sessions_are_not_accepted_are_skipped(status: str | None) -> None:
    verdict = skipped(speakers_of(agenda(session("s", on(person()), status=status)))["ada"])
    assert verdict.reason == reasons.NO_SYNCING_SESSION
    assert verdict.has_left


def test_rule_14_people_whose_sessions_have_passed_are_skipped_and_have_not_left() -> None:
    made = agenda(session("s", on(person()), starts_at=at(1, 9), ends_at=at(1, 10)))
    verdict = skipped(speakers_of(made)["ada"])
    assert verdict.reason == reasons.SESSIONS_PASSED
    assert not verdict.has_left


def test_rule_22_there_is_no_advice_to_delete_a_speaker_whose_session_lost_a_field() -> None:
    made = agenda(session("s", on(person()), ends_at=None))
    verdict = speakers_of(made)["ada"]
    step = planned(candidate(verdict), synced(), gleanin([ours("g1", "ada")]))
    assert getattr(step, "outcome", None) is not Outcome.KEPT
    assert reasons.delete_by_hand(SYSTEMS) not in step.reason.detail


def test_rule_22_there_is_no_advice_to_delete_a_speaker_who_moderates_later() -> None:
    ada = person("ada")
    made = agenda(
        session("s1", on(ada), starts_at=at(1, 9), ends_at=at(1, 10)),
        session("s2", on(ada, ParticipationRole.MODERATOR)),
        settings=MappingSettings(moderators=False),
    )
    step = no_write(planned(candidate(speakers_of(made)["ada"]), synced(), gleanin([ours("g1", "ada")])))
    assert step.outcome is Outcome.SKIPPED
    assert reasons.delete_by_hand(SYSTEMS) not in step.reason.detail


def test_rule_14_a_heic_headshot_is_left_out_and_the_outcome_says_so() -> None:
    made = agenda(session("s", on(person(headshot="https://img.example.org/ada.heic"))))
    verdict = eligible(speakers_of(made)["ada"])
    assert "headshot" not in verdict.fields
    assert reasons.HEIC_LEFT_OUT in verdict.notes


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://img.example.org/a.HEIC", True),
        ("https://img.example.org/a.heic?w=200&h=200", True),
        ("https://img.example.org/a.HeIc#top", True),
        (" https://img.example.org/a.heic ", True),
        ("https://[broken/a.heic", True),
        ("https://img.example.org/a.jpg", False),
        ("https://img.example.org/a.heic.jpg", False),
        ("https://img.example.org/a.jpg?from=a.heic", False),
        ("https://img.heic/a.jpg", False),
    ],
)
def test_rule_14_a_heic_picture_is_recognized_by_its_path(url: str, *, is_one: bool) -> None:
    assert is_heic(url) is is_one


def test_rule_14_optional_fields_are_sent_if_filled() -> None:
    ada = person(job_title="Analyst", company_name="Engines", headshot="https://img.example.org/ada.jpg")
    fields = eligible(speakers_of(agenda(session("s", on(ada))))["ada"]).fields
    assert fields == {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "job_title": "Analyst",
        "company_name": "Engines",
        "headshot": "https://img.example.org/ada.jpg",
        "sessions": ("g-s",),
    }


def test_rule_18_every_missing_field_of_a_person_is_named() -> None:
    made = agenda(session("s", on(person(first_name=None, last_name=" ", email=""))))
    sentence = blocked(speakers_of(made)["ada"]).reason.sentence
    assert sentence == "Required fields are missing: first name, last name, e-mail."


ONE_NAME = MappingSettings(one_name_is_enough=True)


@pytest.mark.parametrize("absent", [None, "", " "])
def test_rule_14_with_one_name_is_enough_a_last_name_may_be_absent_and_is_not_sent(
    absent: str | None,
) -> None:
    plato = person("plato", first_name="Plato", last_name=absent)
    verdicts = speakers_of(agenda(session("s", on(plato)), settings=ONE_NAME))
    assert eligible(verdicts["plato"]).fields == {
        "first_name": "Plato",
        "name": "Plato",
        "email": "plato@example.org",
        "sessions": ("g-s",),
    }


def test_rule_14_one_name_is_enough_sends_a_last_name_that_there_is() -> None:
    fields = eligible(speakers_of(agenda(session("s", on(person())), settings=ONE_NAME))["ada"]).fields
    assert (fields["last_name"], fields["name"]) == ("Lovelace", "Ada Lovelace")


def test_rule_14_one_name_is_enough_waives_no_other_field() -> None:
    nobody = person(first_name=" ", last_name=None, email=None)
    reason = blocked(speakers_of(agenda(session("s", on(nobody)), settings=ONE_NAME))["ada"]).reason
    assert reason.sentence == "Required fields are missing: first name, e-mail."


@pytest.mark.parametrize("email", ["ada", "ada@", "@example.org", "a b@example.org", "a@b@example.org"])
def test_rule_18_an_invalid_e_mail_blocks_and_is_quoted(email: str) -> None:
    verdict = blocked(speakers_of(agenda(session("s", on(person(email=email)))))["ada"])
    assert verdict.reason.code == "not_an_address"
    assert email in verdict.reason.sentence


def test_rule_15_a_person_on_many_sessions_is_one_speaker_by_the_newest_copy() -> None:
    copies = [
        person(job_title=title, updated_at=updated)
        for title, updated in (("Old", at(1)), ("New", at(3)), ("Middle", at(2)))
    ]
    made = agenda(*(session(f"s{n}", on(copy)) for n, copy in enumerate(copies)))
    verdicts = speakers_of(made)
    assert verdicts.keys() == {"ada"}
    assert eligible(verdicts["ada"]).fields["job_title"] == "New"
    assert eligible(verdicts["ada"]).fields["sessions"] == ("g-s0", "g-s1", "g-s2")


def test_rule_15_a_copy_without_a_date_does_not_replace_one() -> None:
    made = agenda(
        session("s1", on(person(job_title="First", updated_at=at(1)))),
        session("s2", on(person(job_title="Second"))),
    )
    assert eligible(speakers_of(made)["ada"]).fields["job_title"] == "First"


COPIES = [
    person(job_title="Undated", company_name="Engines", headshot="https://img.example.org/u.png"),
    person(job_title="Old", company_name="Engines", updated_at=at(1)),
    person(job_title="Bare", updated_at=at(2)),
    person(job_title="Full", company_name="Engines", updated_at=at(2)),
]


@pytest.mark.parametrize(
    ("copies", "counts"),
    [
        (COPIES, "Full"),
        (COPIES[:3], "Bare"),
        (COPIES[:2], "Old"),
        ([person(job_title="Newer", updated_at=at(3)), COPIES[3]], "Newer"),
        ([person(job_title="B", updated_at=at(2)), person(job_title="A", updated_at=at(2))], "B"),
        ([person(job_title="B"), person(job_title="A")], "B"),
    ],
)
def test_rule_14_the_newest_then_most_complete_copy_counts_in_any_order(
    copies: list[Person], counts: str
) -> None:
    for order in permutations(copies):
        made = agenda(*(session(f"s{number}", on(copy)) for number, copy in enumerate(order)))
        assert eligible(speakers_of(made)["ada"]).fields["job_title"] == counts


def test_rule_15_a_person_in_two_roles_on_one_session_is_associated_once() -> None:
    made = agenda(session("s", on(person()), on(person(), ParticipationRole.MODERATOR)))
    assert eligible(speakers_of(made)["ada"]).fields["sessions"] == ("g-s",)


def test_rule_15_of_two_people_with_one_e_mail_the_older_syncs_and_both_are_named() -> None:
    young = person("ann", email="Shared@Example.org", created_at=YOUNG)
    old = person("zoe", email=" shared@example.ORG", created_at=OLD)
    verdicts = speakers_of(agenda(session("s", on(young), on(old))))
    eligible(verdicts["zoe"])
    reason = blocked(verdicts["ann"]).reason
    assert reason.code == "same_email"
    assert old.label in reason.sentence
    assert young.label in reason.sentence


def test_rule_15_a_person_without_a_date_counts_as_newer() -> None:
    dated = person("zoe", email="x@example.org", created_at=YOUNG)
    undated = person("ann", email="x@example.org")
    verdicts = speakers_of(agenda(session("s", on(undated), on(dated))))
    eligible(verdicts["zoe"])
    blocked(verdicts["ann"])


def test_rule_15_a_newer_person_already_in_gleanin_keeps_the_e_mail() -> None:
    young = person("ann", email="x@example.org", created_at=YOUNG)
    old = person("zoe", email="X@example.org", created_at=OLD)
    made = agenda(session("s", on(young), on(old)))
    verdicts = speakers_of(made, in_gleanin={"x@example.org": "ann"})
    eligible(verdicts["ann"])
    blocked(verdicts["zoe"])


def test_rule_15_of_three_people_with_one_e_mail_one_syncs() -> None:
    people = [person(name, email="x@example.org") for name in ("ann", "bea", "cat")]
    verdicts = speakers_of(agenda(session("s", *map(on, people))))
    eligible(verdicts["ann"])
    assert [blocked(verdicts[name]).reason.code for name in ("bea", "cat")] == ["same_email"] * 2


def test_rule_15_a_person_who_does_not_sync_claims_no_e_mail() -> None:
    old = person("zoe", email="x@example.org", created_at=OLD)
    young = person("ann", email="x@example.org", created_at=YOUNG)
    made = agenda(session("s1", on(old), status="declined"), session("s2", on(young)))
    eligible(speakers_of(made)["ann"])


def test_rule_15_people_without_an_e_mail_do_not_conflict() -> None:
    made = agenda(session("s", on(person("ann", email=" ")), on(person("zoe", email=" "))))
    assert {blocked(verdict).reason.code for verdict in speakers_of(made).values()} == {"missing_fields"}


def test_rule_18_missing_fields_are_named_besides_a_shared_e_mail() -> None:
    old = person("zoe", email="x@example.org", created_at=OLD)
    young = person("ann", email="x@example.org", created_at=YOUNG, last_name=None)
    reason = blocked(speakers_of(agenda(session("s", on(old), on(young))))["ann"]).reason
    assert old.label in reason.sentence
    assert "last name" in reason.detail


@pytest.mark.parametrize("email", ["j***@a***.com", "**@example.org", "j***n@example.org"])
def test_rule_16_a_masked_e_mail_is_recognized_anywhere(email: str) -> None:
    made = agenda(
        session("s1", on(person())), session("s2", on(person("joe", email=email)), status="declined")
    )
    assert made.masked == email


@pytest.mark.parametrize("email", [None, "", "ada@example.org", "a*b@example.org"])
def test_rule_16_a_plain_e_mail_is_not_masked(email: str | None) -> None:
    assert not is_masked(email)


def test_rule_10_a_session_names_people_of_ended_connections() -> None:
    made = agenda(session("s", on(person("ada")), on(person("bob"))), session("t", on(person("bob"))))
    verdicts = selected(made, SESSION, excluded=["ada"])
    assert eligible(verdicts["s"]).notes == (reasons.associations_left_out(["Ada Lovelace"]),)
    assert eligible(verdicts["t"]).notes == ()


def test_rule_29_a_session_not_in_gleanin_is_left_out_of_associations_and_named() -> None:
    made = agenda(session("s1", on(person())), session("s2", on(person())))
    (verdict,) = selected(made, SPEAKER, associations={"s1": "g-s1"}).values()
    assert eligible(verdict).fields["sessions"] == ("g-s1",)
    assert eligible(verdict).notes == (reasons.sessions_left_out(["Talk s2"], SYSTEMS),)


@pytest.mark.parametrize("name", ["x" * 10_000, "🧑‍🚀", "محمد", "<b>Ada</b>", "O'Brien; DROP TABLE"])
def test_a_name_is_sent_unchanged(name: str) -> None:
    fields = eligible(speakers_of(agenda(session("s", on(person(first_name=name)))))["ada"]).fields
    assert (fields["first_name"], fields["name"]) == (name, f"{name} Lovelace")
