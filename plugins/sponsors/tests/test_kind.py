"""Sponsors, tested by the kit of gleanin-sync."""

from dataclasses import replace
from typing import Any

from gleanin_sync_sponsors import PLUGIN
from gleanin_sync_sponsors.sponsor import Sponsor
from gleanin_sync_testkit.kind import KindCapabilities, KindSuite
from plugins.sponsors.tests.samples import ACME, UMBRELLA, read


class TestSponsor(KindSuite):
    plugin = PLUGIN
    capabilities = KindCapabilities(has_settings=True, has_sandbox_rows=True)
    samples = {"sessionboard": [ACME, UMBRELLA]}
    other_values = {"logo": "https://img.example.org/another.png", "email": "another@example.org"}
    derived = ("groups",)
    setting_values = {"tier_field": ("tier",)}

    def rows(self) -> list[Sponsor]:
        return read(ACME, UMBRELLA)

    def record_ids(self, row: Sponsor) -> list[str]:
        return [contact.person.id for contact in row.contacts]

    def with_value(self, row: Sponsor, field: str, value: str | None) -> Sponsor:
        if field != "email":
            changed: dict[str, Any] = {"name" if field == "company_name" else field: value}
            return replace(row, **changed)
        first, *others = row.contacts
        return replace(row, contacts=(replace(first, person=replace(first.person, email=value)), *others))
