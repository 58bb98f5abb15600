"""Sponsors are read from Sessionboard's objects, in which anything can be missing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gleanin_sync_sponsors.parsing import sponsors_of
from gleanin_sync_sponsors.sponsor import Sponsor
from plugins.sponsors.tests.samples import ACME, contact, read, sponsor, tier
from ports.plugins import Unreadable


def test_a_sponsor_has_its_name_its_logo_its_contacts_and_its_custom_fields() -> None:
    (acme,) = read(ACME)
    assert (acme.id, acme.name, acme.logo) == ("acme", "Acme Ltd", "https://img.example.org/acme.png")
    assert acme.custom_fields == (("tier", ("Gold",)),)
    (ada,) = acme.contacts
    assert (ada.person.id, ada.person.email, ada.is_primary) == ("ada", "ada@example.org", True)


def test_the_dates_of_a_contact_are_those_of_the_person_and_of_the_role() -> None:
    (ada,) = read(ACME)[0].contacts
    assert ada.person.created_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert ada.person.updated_at == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert ada.in_role_since == datetime(2026, 11, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("date", [None, "", "soon", 7, "2026-11-03T10:00:00", "9999-12-31T23:59:59Z"])
def test_a_date_that_is_no_instant_is_left_out(date: Any) -> None:
    (acme,) = read(sponsor("acme", "Acme", [contact("ada", relationship_created_at=date)]))
    assert acme.contacts[0].in_role_since is None


@pytest.mark.parametrize("contacts", [None, [], [None], [{}, None]])
def test_contacts_may_be_null(contacts: Any) -> None:
    assert read({**ACME, "contacts": contacts})[0].contacts == ()


def test_contacts_may_be_missing() -> None:
    without = {key: value for key, value in ACME.items() if key != "contacts"}
    assert read(without)[0].contacts == ()


@pytest.mark.parametrize("contacts", ["nobody", {"id": "ada"}, 7, True])
def test_contacts_that_are_no_list_make_the_sponsor_unreadable(contacts: Any) -> None:
    with pytest.raises(TypeError, match="contacts are no list"):
        [*sponsors_of({**ACME, "contacts": contacts})]


@pytest.mark.parametrize("sponsor_id", [None, "", "  ", True, {}, "x" * 256, "a\x00b"])
def test_a_sponsor_needs_an_id(sponsor_id: Any) -> None:
    with pytest.raises(ValueError, match="no valid id"):
        [*sponsors_of({**ACME, "id": sponsor_id})]


@pytest.mark.parametrize("contact_id", [None, "", True, {}, "x" * 256])
def test_a_contact_without_an_id_is_reported_alone(contact_id: Any) -> None:
    odd = contact("odd", id=contact_id)
    found = [*sponsors_of({**ACME, "contacts": [contact("ada"), odd]})]
    (unreadable,) = [row for row in found if isinstance(row, Unreadable)]
    (acme,) = [row for row in found if isinstance(row, Sponsor)]
    assert [each.person.id for each in acme.contacts] == ["ada"]
    assert (unreadable.label, unreadable.problem) == (
        "Odd Lovelace",
        "A contact of the sponsor Acme Ltd has no valid id.",
    )
    assert next(iter(sponsors_of({**ACME, "contacts": [odd]}))) == unreadable, "its id stays the same"


def test_a_contact_that_is_no_object_is_reported_alone() -> None:
    unreadable, acme = sponsors_of({**ACME, "contacts": ["ada"]})
    assert isinstance(unreadable, Unreadable)
    assert unreadable.label == "A contact of Acme Ltd"
    assert acme.id == "acme"


def test_ids_may_be_numbers() -> None:
    (acme,) = read(sponsor("acme", "Acme", [contact("ada", id=7)], id=12))
    assert (acme.id, acme.contacts[0].person.id) == ("12", "7")


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("Gold", ("Gold",)),
        (3, ("3",)),
        ("<p>Gold &amp; <b>Media</b></p>", ("Gold & Media",)),
        ("Gold &amp; Media", ("Gold & Media",)),
        ("<p><br></p>", ()),
        ("\u200b ", ()),
        (None, ()),
        ({"name": "Gold"}, ()),
        (["Gold", None, "Media"], ("Gold", "Media")),
    ],
)
def test_the_value_of_a_custom_field_is_plain_text(value: Any, values: tuple[str, ...]) -> None:
    (acme,) = read({**ACME, "custom_fields": [tier(value)]})
    assert acme.values_of("tier") == values
    assert acme.has_field("tier")


@pytest.mark.parametrize(
    "fields", [None, {"tier": "Gold"}, "Gold", [None, "Gold", {}, {"internal_name": 7.5}]]
)
def test_custom_fields_of_another_form_are_none(fields: Any) -> None:
    assert read({**ACME, "custom_fields": fields})[0].custom_fields == ()


def test_a_custom_field_is_found_by_its_internal_name_only() -> None:
    (acme,) = read({**ACME, "custom_fields": [{**tier("Gold", "level_2"), "id": "tier", "name": "tier"}]})
    assert (acme.values_of("tier"), acme.values_of("level_2")) == ((), ("Gold",))
