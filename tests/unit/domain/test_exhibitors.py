"""Which exhibitor contacts sync, and under which name (rules 15 to 18)."""

from itertools import permutations

import pytest

from core.domain.ids import SourceId
from core.domain.records import reasons
from core.domain.records.kinds import EXHIBITOR_CONTACT
from core.domain.records.source_records import Exhibitor, Unreadable, id_from_content
from core.domain.selection.candidates import Eligible
from core.domain.tenancy.event_mappings import ExhibitorName, MappingSettings
from tests.support.builders import (
    SETTINGS,
    Verdict,
    at,
    blocked,
    eligible,
    exhibitor,
    exhibitor_list,
    member,
    person,
    primary,
    selected,
)
from tests.support.systems import SYSTEMS


def judged(*rows: Exhibitor | Unreadable, settings: MappingSettings = SETTINGS) -> dict[str, Verdict]:
    return selected(exhibitor_list(*rows, settings=settings), EXHIBITOR_CONTACT)


def test_rule_17_the_contacts_name_is_sent_as_company_name_with_the_exhibitors_logo() -> None:
    fields = eligible(judged(exhibitor("acme", primary(person())))["ada"]).fields
    assert fields == {
        "company_name": "Ada Lovelace",
        "email": "ada@example.org",
        "logo": "https://img.example.org/acme.png",
    }


def test_rule_17_a_full_name_is_preferred_to_its_parts() -> None:
    ada = person(full_name="Countess Lovelace")
    assert (
        eligible(judged(exhibitor("acme", primary(ada)))["ada"]).fields["company_name"] == "Countess Lovelace"
    )


def test_rule_17_a_blank_full_name_is_replaced_by_its_parts() -> None:
    ada = person(full_name="  ")
    assert eligible(judged(exhibitor("acme", primary(ada)))["ada"]).fields["company_name"] == "Ada Lovelace"


def test_rule_17_a_setting_sends_the_exhibitors_name_instead() -> None:
    settings = MappingSettings(exhibitor_name=ExhibitorName.EXHIBITOR)
    verdicts = judged(exhibitor("acme", primary(person()), member(person("bob"))), settings=settings)
    assert {eligible(verdict).fields["company_name"] for verdict in verdicts.values()} == {"Acme Ltd"}


def test_rule_17_each_other_team_member_has_their_own_record() -> None:
    verdicts = judged(exhibitor("acme", member(person("bob")), primary(person()), member(person("cy"))))
    assert {who: eligible(verdict).fields["email"] for who, verdict in verdicts.items()} == {
        "ada": "ada@example.org",
        "bob": "bob@example.org",
        "cy": "cy@example.org",
    }


def test_rule_17_an_exhibitor_without_a_primary_contact_is_blocked_with_all_its_contacts() -> None:
    verdicts = judged(exhibitor("acme", member(person()), member(person("bob"))))
    assert {blocked(verdict).reason.code for verdict in verdicts.values()} == {"no_primary_contact"}
    assert "Acme Ltd" in blocked(verdicts["ada"]).reason.sentence


def test_rule_26_an_exhibitor_without_any_contact_is_reported_too() -> None:
    assert blocked(judged(exhibitor("acme"))["acme"]).reason.code == "no_primary_contact"


@pytest.mark.parametrize("email", [None, "", "  "])
def test_rule_17_an_exhibitor_whose_primary_contact_has_no_e_mail_is_blocked(email: str | None) -> None:
    verdicts = judged(exhibitor("acme", primary(person(email=email)), member(person("bob"))))
    assert {blocked(verdict).reason.code for verdict in verdicts.values()} == {"primary_without_email"}


def test_rule_17_the_primary_contact_longest_in_the_role_counts() -> None:
    without_email = person("old", email=None)
    verdicts = judged(
        exhibitor("acme", primary(person("new"), at(3)), primary(without_email, at(1)), primary(person("no")))
    )
    assert {blocked(verdict).reason.code for verdict in verdicts.values()} == {"primary_without_email"}
    assert without_email.label in blocked(verdicts["new"]).reason.sentence


def test_rule_17_a_later_primary_contact_without_e_mail_blocks_only_itself() -> None:
    verdicts = judged(
        exhibitor("acme", primary(person("old"), at(1)), primary(person("new", email=None), at(2)))
    )
    eligible(verdicts["old"])
    assert blocked(verdicts["new"]).reason.code == "missing_fields"


def test_rule_18_missing_fields_are_named_besides_a_missing_primary_contact() -> None:
    reason = blocked(judged(exhibitor("acme", member(person(email=None))))["ada"]).reason
    assert reason.code == "no_primary_contact"
    assert "e-mail" in reason.detail


def test_rule_18_every_missing_field_of_a_contact_is_named() -> None:
    incomplete = person("x", first_name=None, last_name=None, email=None)
    reason = blocked(judged(exhibitor("acme", primary(person()), member(incomplete)))["x"]).reason
    assert reason.sentence == "Required fields are missing: company name, e-mail."


def test_rule_15_a_contact_of_two_exhibitors_is_one_record_of_the_eligible_one() -> None:
    broken = exhibitor("a-broken", member(person()), name="Broken")
    whole = exhibitor("b-whole", primary(person()), name="Whole", logo="https://img.example.org/whole.png")
    for rows in ((broken, whole), (whole, broken)):
        assert eligible(judged(*rows)["ada"]).fields["logo"] == "https://img.example.org/whole.png"


def test_rule_15_the_role_as_primary_contact_comes_first_in_any_order_of_rows() -> None:
    as_member = exhibitor("a", primary(person("bob")), member(person()), logo="https://img.example.org/a.png")
    as_primary = exhibitor("b", primary(person()), logo="https://img.example.org/b.png")
    for rows in ((as_member, as_primary), (as_primary, as_member)):
        assert eligible(judged(*rows)["ada"]).fields["logo"] == "https://img.example.org/b.png"


def test_rule_14_the_newest_copy_of_a_contact_counts_at_any_exhibitor() -> None:
    copies = [
        person(first_name="Undated", job_title="Analyst", company_name="Engines"),
        person(first_name="Old", updated_at=at(1)),
        person(first_name="Bare", updated_at=at(2)),
        person(first_name="Full", job_title="Analyst", updated_at=at(2)),
    ]
    for order in permutations(copies):
        one, *others = (exhibitor(f"e{number}", primary(copy)) for number, copy in enumerate(order))
        assert eligible(judged(one, *others)["ada"]).fields["company_name"] == "Full Lovelace"


def test_rule_17_a_primary_contact_has_the_e_mail_of_its_newest_copy() -> None:
    stale, fresh = person(email=None, updated_at=at(1)), person(email="new@example.org", updated_at=at(2))
    acme, umbrella = (
        exhibitor("acme", primary(stale), member(person("bob"))),
        exhibitor("umbrella", member(fresh)),
    )
    for rows in ((acme, umbrella), (umbrella, acme)):
        verdicts = judged(*rows)
        assert eligible(verdicts["ada"]).fields["email"] == "new@example.org"
        eligible(verdicts["bob"])


def test_rule_26_the_contacts_of_a_repeated_exhibitor_are_merged() -> None:
    one, other = (
        exhibitor("acme", member(person("bob"))),
        exhibitor("acme", primary(person()), member(person("bob"))),
    )
    for rows in ((one, other), (other, one)):
        verdicts = judged(*rows)
        assert verdicts.keys() == {"ada", "bob"}
        assert {type(verdict) for verdict in verdicts.values()} == {Eligible}


def test_rule_15_two_contacts_with_one_e_mail_do_not_both_sync() -> None:
    old, young = (
        person(name, email="X@example.org", created_at=at(day)) for name, day in (("z", 1), ("a", 2))
    )
    verdicts = judged(exhibitor("acme", primary(old)), exhibitor("umbrella", primary(young)))
    eligible(verdicts["z"])
    assert blocked(verdicts["a"]).reason.code == "same_email"


def test_rule_15_a_contact_already_in_gleanin_keeps_the_e_mail() -> None:
    old, young = (
        person(name, email="x@example.org", created_at=at(day)) for name, day in (("z", 1), ("a", 2))
    )
    made = exhibitor_list(exhibitor("acme", primary(old), member(young)))
    verdicts = selected(made, EXHIBITOR_CONTACT, in_gleanin={"x@example.org": "a"})
    eligible(verdicts["a"])
    blocked(verdicts["z"])


def test_rule_15_a_contact_of_a_blocked_exhibitor_claims_no_e_mail() -> None:
    old, young = (
        person(name, email="x@example.org", created_at=at(day)) for name, day in (("z", 1), ("a", 2))
    )
    verdicts = judged(exhibitor("broken", member(old)), exhibitor("whole", primary(young)))
    eligible(verdicts["a"])
    assert blocked(verdicts["z"]).reason.code == "no_primary_contact"


def test_rule_16_a_masked_e_mail_of_a_contact_is_recognized() -> None:
    made = exhibitor_list(exhibitor("acme", primary(person()), member(person("joe", email="j***@a***.com"))))
    assert made.masked == "j***@a***.com"


def test_rule_26_every_row_and_contact_gets_one_verdict_and_the_size_is_their_number() -> None:
    made = exhibitor_list(
        exhibitor("acme", primary(person()), member(person("bob"))),
        exhibitor("acme", primary(person()), member(person("bob"))),
        exhibitor("other", primary(person("bob"))),
        exhibitor("empty"),
        Unreadable(SourceId("odd"), "Odd", "no object"),
    )
    assert selected(made, EXHIBITOR_CONTACT).keys() == {"ada", "bob", "empty", "odd"}


def test_rule_26_an_exhibitor_without_contacts_is_not_confused_with_a_contact_of_the_same_id() -> None:
    verdicts = judged(exhibitor("7"), exhibitor("8", primary(person("7"))))
    assert "no primary contact" in blocked(verdicts["exhibitor:7"]).reason.sentence
    assert eligible(verdicts["7"]).fields["email"] == "7@example.org"


def test_rule_26_an_exhibitor_whose_contacts_all_stand_for_others_is_reported() -> None:
    eve = person("eve")
    verdicts = judged(
        exhibitor("a", primary(eve), name="A"),
        exhibitor("b", member(eve), name="B"),
        exhibitor("c", primary(eve), name="C"),
    )
    assert verdicts.keys() == {"eve", "b"}
    assert "The exhibitor B has no primary contact." in blocked(verdicts["b"]).reason.sentence
    assert eligible(verdicts["eve"]).notes == (reasons.also_at("A", ["B", "C"]),)


def test_rule_32_a_contact_without_an_id_is_never_sent() -> None:
    nameless = person(id_from_content("0f"))
    assert blocked(judged(exhibitor("a", primary(nameless)))[nameless.id]).reason == reasons.no_id(SYSTEMS)
