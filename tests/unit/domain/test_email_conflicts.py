"""E-mail conflicts: each e-mail belongs to one contact in Gleanin (rules 15 and 19)."""

import pytest

from core.domain.planning.plan import Create, NoWrite, Step, Update
from core.domain.records import reasons
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER, RecordKind
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Person, id_from_content
from core.domain.selection.source_snapshot import SourceSnapshot
from tests.support.builders import (
    EARLIER,
    agenda,
    at,
    blocked,
    candidate,
    create,
    eligible,
    exhibitor,
    exhibitor_list,
    foreign,
    gleanin,
    no_write,
    on,
    ours,
    person,
    planned,
    primary,
    programme,
    sent_by,
    session,
    speakers_of,
    synced,
)
from tests.support.random_programmes import SyncModel
from tests.support.systems import SYSTEMS


@pytest.mark.parametrize(
    "external_id", [None, "", "crm:17", "sessionboard:", "sessionboard::x", "SESSIONBOARD:a:b"]
)
@pytest.mark.parametrize("kind", [SPEAKER, EXHIBITOR_CONTACT])
def test_rule_19_a_foreign_contact_of_any_kind_blocks(kind: RecordKind, external_id: str | None) -> None:
    index = gleanin(others={kind: [foreign("x1", "ADA@Example.org", external_id)]})
    step = no_write(planned(candidate(), None, index))
    assert step.outcome is Outcome.BLOCKED
    assert step.reason.code == "foreign_contact"
    assert "Delete or disconnect that contact in Gleanin" in step.reason.detail


def test_rule_19_our_contact_of_another_kind_does_not_block() -> None:
    index = gleanin(others={EXHIBITOR_CONTACT: [ours("x1", "someone", email="ada@example.org")]})
    create(planned(candidate(), None, index))


def test_rule_19_changing_to_the_e_mail_of_a_foreign_contact_is_blocked() -> None:
    index = gleanin([ours("g1", "ada", email="old@example.org"), foreign("x1", "ada@example.org")])
    step = no_write(planned(candidate(), synced(email="old@example.org"), index))
    assert (step.outcome, step.destination_id) == (Outcome.BLOCKED, "g1")


def test_rule_19_a_change_of_case_does_not_change_the_mailbox() -> None:
    index = gleanin([ours("g1", "ada", email="ada@example.org"), foreign("x1", "ada@example.org")])
    assert sent_by(planned(candidate(), synced(email="ADA@example.org"), index)) == {
        "email": "ada@example.org"
    }


def test_rule_19_a_contact_that_we_created_is_ours_without_its_external_id() -> None:
    index = gleanin([foreign("g1", "ada@example.org")])
    step = planned(candidate(), synced(email="old@example.org"), index)
    assert sent_by(step) == {"email": "ada@example.org"}


def test_rule_19_a_deleted_person_whose_e_mail_another_contact_has_is_blocked() -> None:
    step = no_write(planned(candidate(), synced(), gleanin([foreign("x1", "ada@example.org")])))
    assert step.reason.code == "foreign_contact"


def test_rule_15_the_e_mail_of_a_kept_person_is_not_free() -> None:
    index = gleanin([ours("g2", "bob", email="ada@example.org")])
    step = no_write(planned(candidate(), None, index))
    assert (step.outcome, step.reason.code) == (Outcome.BLOCKED, "email_of_kept")


def _speakers(*people: Person) -> SourceSnapshot:
    return programme(agenda(session("s", *map(on, people))))


def _steps(model: SyncModel, *people: Person) -> dict[str, Step]:
    return {
        step.record.source_id: step for step in model.sync(_speakers(*people)) if step.record.kind is SPEAKER
    }


def test_rule_15_two_synced_people_can_swap_e_mails() -> None:
    model = SyncModel()
    model.sync(_speakers(person("ada"), person("bob")))
    steps = _steps(model, person("ada", email="bob@example.org"), person("bob", email="ada@example.org"))
    assert {person_id: type(step) for person_id, step in steps.items()} == {"ada": Update, "bob": Update}
    assert model.mailboxes(SPEAKER) == {"ada": "bob@example.org", "bob": "ada@example.org"}


def test_rule_15_a_released_e_mail_can_go_to_a_new_person() -> None:
    model = SyncModel()
    model.sync(_speakers(person("ada")))
    steps = _steps(model, person("ada", email="new@example.org"), person("eve", email="ada@example.org"))
    assert {person_id: type(step) for person_id, step in steps.items()} == {"ada": Update, "eve": Create}


def test_rule_15_an_e_mail_change_blocked_by_a_foreign_contact_releases_no_e_mail() -> None:
    model = SyncModel()
    model.sync(_speakers(person("ada"), person("bob")))
    model.put(SPEAKER, foreign("x1", "new@example.org"))
    steps = _steps(model, person("ada", email="bob@example.org"), person("bob", email="new@example.org"))
    assert {person_id: type(step) for person_id, step in steps.items()} == {"ada": NoWrite, "bob": NoWrite}
    assert steps["bob"].reason.code == "foreign_contact"
    assert steps["ada"].reason.code == "email_of_kept"


def test_rule_15_an_e_mail_change_blocked_by_a_conflict_releases_no_e_mail() -> None:
    model = SyncModel()
    model.sync(_speakers(person("ada"), person("bob")))
    steps = _steps(
        model, person("ada", email="bob@example.org"), person("eve", email="ada@example.org"), person("bob")
    )
    assert steps["ada"].reason.code == "same_email"
    assert steps["eve"].reason.code == "email_of_kept"
    assert model.mailboxes(SPEAKER) == {"ada": "ada@example.org", "bob": "bob@example.org"}


def test_rule_15_an_e_mail_change_blocked_by_a_new_person_releases_no_e_mail() -> None:
    model = SyncModel()
    model.sync(_speakers(person("zoe")))
    steps = _steps(
        model,
        person("ann", email="new@example.org", created_at=at(1)),
        person("zoe", email="new@example.org", created_at=at(2)),
        person("eve", email="zoe@example.org"),
    )
    assert type(steps["ann"]) is Create
    assert steps["zoe"].reason.code == "same_email"
    assert steps["eve"].reason.code == "email_of_kept"


def test_rule_15_being_an_exhibitor_contact_gives_no_priority_as_a_speaker() -> None:
    model = SyncModel()
    old, young = (
        person(name, email="x@example.org", created_at=at(day)) for name, day in (("zoe", 1), ("ann", 2))
    )
    model.sync(programme(exhibitors_part=exhibitor_list(exhibitor("acme", primary(young)))))
    steps = _steps(model, old, young)
    assert type(steps["zoe"]) is Create
    assert steps["ann"].reason.code == "same_email"


def test_rule_10_a_person_of_an_ended_connection_releases_no_e_mail() -> None:
    model = SyncModel()
    model.put(SPEAKER, ours("g1", "ada", EARLIER, email="ada@example.org"))
    steps = _steps(model, person("ada", email="new@example.org"), person("eve", email="ada@example.org"))
    assert steps["ada"].reason == reasons.ended_connection(SYSTEMS)
    assert steps["eve"].reason.code == "email_of_kept"


def test_rule_15_a_row_without_an_id_claims_no_e_mail() -> None:
    nameless = person(id_from_content("0f"), email="ada@example.org")
    made = agenda(session("s", on(nameless), on(person("zoe", email="ada@example.org"))))
    verdicts = speakers_of(made)
    eligible(verdicts["zoe"])
    assert blocked(verdicts[nameless.id]).reason == reasons.no_id(SYSTEMS)
