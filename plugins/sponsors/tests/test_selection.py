"""Which contacts of sponsors are sent, with which fields (rules 14, 15, 17, 34 and 44)."""

from typing import Any

import pytest

from core.domain.selection.candidates import Candidate
from core.domain.tenancy.event_mappings import MappingSettings
from gleanin_sync_sponsors import PLUGIN
from gleanin_sync_sponsors.parsing import sponsors_of
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.kind.selected import Selected
from plugins.sponsors.tests.samples import ACME, UMBRELLA, Json, contact, sponsor, tier

EARLY, LATE = "2026-11-03T10:00:00Z", "2026-11-04T10:00:00Z"


class TestSponsorSelection(KindBase):
    plugin = PLUGIN

    def selected(self, *sent: Json, tier_field: str = "", excluded: frozenset[str] = frozenset()) -> Selected:
        """Select from objects as Sessionboard sends them."""
        rows = [row for one in sent for row in sponsors_of(one)]
        settings = MappingSettings(kinds={"sponsor": {"tier_field": tier_field}})
        selected = self.select(self.add(rows, settings=settings), excluded=excluded)
        self.check_candidates(selected)
        return selected

    def test_rule_44_a_contact_is_sent_with_the_name_and_the_logo_of_the_sponsor(self) -> None:
        assert self.selected(ACME).eligible("ada").fields == {
            "company_name": "Acme Ltd",
            "email": "ada@example.org",
            "logo": "https://img.example.org/acme.png",
            "groups": ("Sponsors",),
        }

    def test_rule_44_other_contacts_are_records_of_their_own(self) -> None:
        fields = self.selected(UMBRELLA).fields
        assert {key: (sent["company_name"], sent["email"]) for key, sent in fields.items()} == {
            "bob": ("Umbrella", "bob@example.org"),
            "cyd": ("Umbrella", "cyd@example.org"),
        }

    @pytest.mark.parametrize(
        ("value", "groups"),
        [
            ("Gold", ("Sponsors", "Gold")),
            (["Gold", "Media"], ("Sponsors", "Gold", "Media")),
            ("Sponsors", ("Sponsors",)),
            (" ", ("Sponsors",)),
        ],
    )
    def test_rule_44_the_tier_is_a_group_if_a_setting_names_its_field(
        self, value: Any, groups: tuple[str, ...]
    ) -> None:
        level = {**ACME, "custom_fields": [tier(value, "level")]}
        assert self.selected(level, tier_field="level").eligible("ada").fields["groups"] == groups
        assert self.selected(level).eligible("ada").fields["groups"] == ("Sponsors",)

    def test_a_field_that_no_sponsor_has_is_mentioned(self) -> None:
        eligible = self.selected(ACME, UMBRELLA, tier_field="teir").eligible("bob")
        assert eligible.notes == ("No tier was sent: no sponsor has a custom field 'teir'.",)
        without = {**UMBRELLA, "custom_fields": []}
        assert self.selected(ACME, without, tier_field="tier").eligible("bob").notes == ()

    @pytest.mark.parametrize("name", [None, "", " \u200b"])
    def test_rule_18_a_sponsor_without_a_name_is_named_by_its_id(self, name: Any) -> None:
        reason = self.selected({**ACME, "name": name}).blocked("ada")
        assert (reason.code, reason.sentence) == (
            "missing_fields",
            "Required field is missing: company name.",
        )
        assert reason.detail.endswith("The company name is that of the sponsor acme, which has none.")

    @pytest.mark.parametrize("contacts", [[], None, [contact("ada", is_primary=False)]])
    def test_rule_17_a_sponsor_without_a_primary_contact_is_blocked(self, contacts: Any) -> None:
        selected = self.selected({**ACME, "contacts": contacts}, UMBRELLA)
        reason = selected.blocked("ada" if contacts else "acme")
        assert reason.code == "no_primary_contact"
        assert reason.sentence == "The sponsor Acme Ltd has no primary contact."
        assert selected.fields.keys() == {"bob", "cyd"}

    @pytest.mark.parametrize("email", [None, "", "\u200b", 7.5])
    def test_rule_17_a_sponsor_whose_primary_contact_has_no_email_is_blocked(self, email: Any) -> None:
        contacts = [contact("ada", email=email), contact("eve", is_primary=False)]
        selected = self.selected({**ACME, "contacts": contacts})
        for source_id in ("ada", "eve"):
            reason = selected.blocked(source_id)
            assert reason.code == "primary_without_email"
            assert (
                reason.sentence == "The primary contact of the sponsor Acme Ltd, Ada Lovelace, has no e-mail."
            )

    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize("late", [LATE, None])
    def test_rule_17_of_several_primary_contacts_the_one_longest_in_the_role_counts(
        self, late: str | None, *, turned: bool
    ) -> None:
        contacts = [
            contact("ada", relationship_created_at=late, email=None),
            contact("eve", relationship_created_at=EARLY),
        ]
        selected = self.selected({**ACME, "contacts": contacts[::-1] if turned else contacts})
        assert selected.fields.keys() == {"eve"}
        assert selected.blocked("ada").code == "missing_fields", "the sponsor is represented"

    def test_rule_17_a_person_at_several_sponsors_is_sent_once_with_a_note(self) -> None:
        also = sponsor("wonka", "Wonka", [contact("zoe"), contact("ada", is_primary=False)])
        for rows in ((ACME, also), (also, ACME)):
            eligible = self.selected(*rows).eligible("ada")
            assert eligible.fields["company_name"] == "Acme Ltd", "where she is the primary contact"
            assert eligible.notes == ("Sent once, for Acme Ltd; this also covers Wonka.",)

    def test_a_person_is_sent_for_the_sponsor_that_can_be_synced(self) -> None:
        lonely = sponsor("aaa", "Lonely", [contact("ada", is_primary=False)])
        selected = self.selected(lonely, ACME)
        assert selected.eligible("ada").fields["company_name"] == "Acme Ltd"
        assert selected.blocked("aaa").code == "no_primary_contact", "its only contact is sent for another"

    def test_rule_17_a_person_is_sent_for_the_sponsor_that_has_a_name(self) -> None:
        nameless = {**ACME, "name": None}
        later = sponsor("zeta", "Zeta", [contact("zoe"), contact("ada", is_primary=False)])
        selected = self.selected(nameless, later)
        assert selected.eligible("ada").fields["company_name"] == "Zeta"

    def test_rule_14_of_several_copies_of_a_person_the_newest_counts(self) -> None:
        newer = contact("ada", email="new@example.org", contact_updated_at="2026-11-20T10:00:00Z")
        other = sponsor("wonka", "Wonka", [newer])
        for rows in ((ACME, other), (other, ACME)):
            assert self.selected(*rows).eligible("ada").fields["email"] == "new@example.org"

    def test_rule_26_a_sponsor_and_a_contact_with_one_id_are_two_records(self) -> None:
        empty = sponsor("ada", "Acme again", [])
        selected = self.selected(ACME, empty)
        assert "ada" in selected.fields
        assert selected.blocked("sponsor:ada").code == "no_primary_contact"

    def test_rule_34_an_unreadable_contact_is_one_blocked_record_and_nobody_counts_as_gone(self) -> None:
        selected = self.selected({**ACME, "contacts": [contact("ada"), contact("odd", id=None)]})
        assert selected.selection.incomplete
        assert "ada" in selected.fields
        blocked = [each for each in selected.candidates if each.record.label == "Odd Lovelace"]
        assert [_code(candidate) for candidate in blocked] == ["unreadable"]

    def test_rule_16_a_masked_email_is_reported_wherever_it_stands(self) -> None:
        masked = contact("eve", is_primary=False, email="e***@a***.com")
        selected = self.selected({**ACME, "contacts": [contact("ada"), masked]}, UMBRELLA)
        assert selected.rows.masked == "e***@a***.com"

    def test_rule_15_of_two_people_with_one_email_the_older_one_is_sent(self) -> None:
        older = contact("zoe", email="ADA@example.org", contact_created_at="2020-01-01T00:00:00Z")
        selected = self.selected(ACME, sponsor("wonka", "Wonka", [older]))
        assert selected.fields.keys() == {"zoe"}
        assert selected.blocked("ada").code == "same_email"
        others = self.selected(ACME, sponsor("wonka", "Wonka", [older]), excluded=frozenset({"zoe"}))
        assert others.fields.keys() >= {"ada"}, "who must not be written claims no e-mail"


def _code(candidate: Candidate) -> str:
    reason: Any = getattr(candidate.verdict, "reason", None)
    return str(reason.code)
