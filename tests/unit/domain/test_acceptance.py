"""Roles and sessions that people have not accepted (rule 35)."""

import pytest

from core.domain.records import reasons
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Participation, ParticipationRole
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
    session,
    sessions_of,
    skipped,
    speakers_of,
    synced,
)
from tests.support.systems import SYSTEMS

ADA = person("ada")
ANYWAY = MappingSettings(only_accepted_roles=False)
DECLINED = reasons.role_not_accepted(SYSTEMS)


@pytest.mark.parametrize("is_accepted", [True, None])
def test_rule_35_an_accepted_role_syncs_and_so_does_one_of_which_the_source_tells_nothing(
    is_accepted: bool | None,
) -> None:
    assert eligible(speakers_of(agenda(session("s", on(ADA, is_accepted=is_accepted))))["ada"]).notes == ()


@pytest.mark.parametrize("role", [role for role in ParticipationRole if role != "unknown"])
def test_rule_35_a_person_who_has_not_accepted_the_role_is_skipped(role: ParticipationRole) -> None:
    made = agenda(session("s", on(ADA, role, is_accepted=False), on(person("bob"))))
    verdict = skipped(speakers_of(made)["ada"])
    assert (verdict.reason, verdict.has_left) == (DECLINED, True)
    eligible(speakers_of(made)["bob"])
    eligible(sessions_of(made)["s"])


def test_rule_35_a_person_goes_for_another_role_and_is_linked_to_its_session_only() -> None:
    made = agenda(session("s1", on(ADA, is_accepted=False)), session("s2", on(ADA, is_accepted=True)))
    verdict = eligible(speakers_of(made)["ada"])
    assert verdict.fields["sessions"] == ("g-s2",)
    assert verdict.notes == (reasons.roles_not_accepted(["Talk s1"]),)


@pytest.mark.parametrize(
    "roles",
    [
        (on(ADA, is_accepted=False), on(ADA, ParticipationRole.MODERATOR, is_accepted=True)),
        (on(ADA, is_accepted=True), on(ADA, ParticipationRole.MODERATOR, is_accepted=False)),
    ],
)
def test_rule_35_one_accepted_role_in_a_session_is_enough(roles: tuple[Participation, ...]) -> None:
    verdict = eligible(speakers_of(agenda(session("s", *roles)))["ada"])
    assert (verdict.fields["sessions"], verdict.notes) == (("g-s",), ())


def test_rule_35_an_accepted_role_that_is_switched_off_does_not_count() -> None:
    roles = on(ADA, is_accepted=False), on(ADA, ParticipationRole.MODERATOR, is_accepted=True)
    made = agenda(session("s", *roles), settings=MappingSettings(moderators=False))
    assert skipped(speakers_of(made)["ada"]).reason == DECLINED


def test_rule_35_a_session_that_is_not_confirmed_is_skipped_with_its_people() -> None:
    made = agenda(session("s", on(ADA), is_confirmed=False))
    assert skipped(sessions_of(made)["s"]).reason == reasons.not_confirmed(SYSTEMS)
    verdict = skipped(speakers_of(made)["ada"])
    assert (verdict.reason, verdict.has_left) == (DECLINED, True)


@pytest.mark.parametrize("is_confirmed", [True, None])
def test_rule_35_a_confirmed_session_syncs_and_so_does_one_of_which_the_source_tells_nothing(
    is_confirmed: bool | None,
) -> None:
    made = agenda(session("s", on(ADA), is_confirmed=is_confirmed))
    eligible(sessions_of(made)["s"])
    eligible(speakers_of(made)["ada"])


def test_rule_35_with_the_setting_off_everybody_on_an_accepted_session_goes() -> None:
    made = agenda(session("s", on(ADA, is_accepted=False), is_confirmed=False), settings=ANYWAY)
    eligible(sessions_of(made)["s"])
    assert eligible(speakers_of(made)["ada"]).fields["sessions"] == ("g-s",)


@pytest.mark.parametrize("settings", [MappingSettings(), ANYWAY])
def test_rule_12_a_declined_session_is_not_synced_whatever_its_people_say(settings: MappingSettings) -> None:
    made = agenda(
        session("s", on(ADA, is_accepted=True), status="declined", is_confirmed=True), settings=settings
    )
    assert skipped(sessions_of(made)["s"]).reason == reasons.not_accepted("declined")
    assert skipped(speakers_of(made)["ada"]).reason == reasons.NO_SYNCING_SESSION


def test_rule_12_a_session_that_has_passed_says_so_before_it_says_that_it_is_not_confirmed() -> None:
    made = agenda(session("s", on(ADA), starts_at=at(1, 9), ends_at=at(1, 10), is_confirmed=False))
    assert skipped(sessions_of(made)["s"]).reason == reasons.PASSED
    assert skipped(speakers_of(made)["ada"]).reason == reasons.SESSIONS_PASSED


def test_rule_35_a_session_that_is_not_confirmed_need_not_be_complete() -> None:
    assert (
        skipped(sessions_of(agenda(session("s", title=None, is_confirmed=False)))["s"]).reason.code
        == "not_confirmed"
    )


def test_rule_22_a_person_who_was_sent_and_accepts_no_role_any_more_is_kept_and_the_outcome_says_so() -> None:
    made = agenda(session("s", on(ADA, is_accepted=False)))
    step = no_write(planned(candidate(speakers_of(made)["ada"]), synced(), gleanin([ours("g1", "ada")])))
    assert step.outcome is Outcome.KEPT
    assert step.reason == DECLINED.with_note(reasons.delete_by_hand(SYSTEMS))


def test_rule_15_a_person_who_has_not_accepted_a_role_claims_no_e_mail() -> None:
    old = person("zoe", email="x@example.org", created_at=at(1))
    young = person("ann", email="x@example.org", created_at=at(2))
    made = agenda(session("s", on(old, is_accepted=False), on(young)))
    eligible(speakers_of(made)["ann"])
    blocked(speakers_of(agenda(session("s", on(old), on(young))))["ann"])
