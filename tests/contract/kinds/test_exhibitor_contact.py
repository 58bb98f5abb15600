"""Exhibitor contacts, as a kind of records."""

from dataclasses import replace
from typing import Any

from adapters.plugins.kinds import EXHIBITOR_CONTACT_PLUGIN
from core.domain.records.source_records import Exhibitor
from gleanin_sync_testkit.kind import KindCapabilities, KindSuite
from gleanin_sync_testkit.programmes import exhibitor, person


class TestExhibitorContact(KindSuite):
    plugin = EXHIBITOR_CONTACT_PLUGIN
    capabilities = KindCapabilities(has_readers=False, has_schemas=False, has_page=False)
    other_values = {"logo": "https://img.example.org/another.png", "email": "another@example.org"}

    def rows(self) -> list[Exhibitor]:
        return [
            exhibitor("acme", person("ada")),
            exhibitor("umbrella", person("bob"), person("cyd")),
        ]

    def record_ids(self, row: Exhibitor) -> list[str]:
        return [contact.person.id for contact in row.contacts]

    def with_value(self, row: Exhibitor, field: str, value: str | None) -> Exhibitor:
        if field == "logo":
            return replace(row, logo=value)
        first, *others = row.contacts
        names: dict[str, Any] = {"first_name": None, "last_name": None, "full_name": value}
        changed = replace(first.person, **({"email": value} if field == "email" else names))
        return replace(row, contacts=(replace(first, person=changed), *others))
