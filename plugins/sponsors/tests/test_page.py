"""The page of sponsors: a line for each contact, the primary one first."""

from gleanin_sync_sponsors import PLUGIN
from plugins.sponsors.tests.samples import ACME, UMBRELLA, contact, read, sponsor


def table(*rows: dict[str, object], tier_field: str = "tier") -> list[list[str]]:
    return [
        [
            line.label,
            *(column.text(line, *([tier_field] if column.setting else ())) for column in PLUGIN.columns),
        ]
        for row in read(*rows)
        for line in PLUGIN.lines(row)
    ]


def test_the_columns_are_company_tier_and_role() -> None:
    assert [column.heading for column in PLUGIN.columns] == ["Company", "Tier", "Role"]
    assert table(ACME, UMBRELLA) == [
        ["Ada Lovelace", "Acme Ltd", "Gold", "Primary"],
        ["Bob Lovelace", "Umbrella", "Silver", "Primary"],
        ["Cyd Lovelace", "Umbrella", "Silver", "Team member"],
    ]


def test_the_tier_is_that_of_the_field_that_the_setting_names() -> None:
    assert table(ACME, tier_field="") == [["Ada Lovelace", "Acme Ltd", "", "Primary"]]
    assert table(ACME, tier_field="level") == [["Ada Lovelace", "Acme Ltd", "", "Primary"]]


def test_the_primary_contact_is_first_and_a_repeated_one_is_shown_once() -> None:
    contacts = [contact("eve", is_primary=False), contact("ada"), contact("eve", is_primary=False)]
    assert [row[0] for row in table(sponsor("acme", "Acme", contacts))] == ["Ada Lovelace", "Eve Lovelace"]


def test_a_sponsor_without_contacts_has_a_line() -> None:
    assert table(sponsor("acme", "Acme", [])) == [["Acme", "Acme", "Gold", "No contacts"]]
