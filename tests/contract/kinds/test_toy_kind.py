"""The toy kind, with readers, schemas and a page of its own."""

from dataclasses import replace
from typing import Any

from core.domain.records.source_records import Person
from gleanin_sync_testkit.kind import KindCapabilities, KindSuite
from tests.plugins.toy_kind.toy_kind import PLUGIN

ROW = {"id": "h1", "name": "Ada Lovelace", "email": "ada@example.org", "shift": "Morning"}
ROWS = [ROW, {"id": "h2", "name": "Grace Hopper", "email": "grace@example.org"}]


class TestToyKind(KindSuite):
    plugin = PLUGIN
    capabilities = KindCapabilities(has_settings=True, has_sandbox_rows=True)
    samples = {"toys": ROWS, "sessionboard": ROWS}

    def rows(self) -> list[Person]:
        helpers = self.plugin.readers["toys"]
        return [
            person
            for number, name in enumerate(("Ada Lovelace", "Grace Hopper", "Joan Clarke"))
            for person in helpers.parse(
                {**ROW, "id": f"h{number}", "name": name, "email": f"h{number}@example.org"}
            )
            if isinstance(person, Person)
        ]

    def with_value(self, row: Person, field: str, value: str | None) -> Person:
        changed: dict[str, Any] = {"full_name" if field == "name" else field: value}
        return replace(row, **changed)
