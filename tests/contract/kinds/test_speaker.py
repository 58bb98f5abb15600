"""Speakers, as a kind of records."""

from dataclasses import replace
from typing import Any

from adapters.plugins.kinds import SPEAKER_PLUGIN
from core.domain.records.source_records import Session
from gleanin_sync_testkit.kind import KindCapabilities, KindSuite
from gleanin_sync_testkit.programmes import person, session


class TestSpeaker(KindSuite):
    plugin = SPEAKER_PLUGIN
    capabilities = KindCapabilities(has_readers=False, has_schemas=False, has_page=False)
    other_values = {"headshot": "https://img.example.org/another.png", "email": "another@example.org"}
    derived = ("name", "sessions")

    def rows(self) -> list[Session]:
        ada = person("ada", headshot="https://img.example.org/ada.png")
        return [session("opening", ada), session("closing", person("bob"), person("cyd"))]

    def record_ids(self, row: Session) -> list[str]:
        return [participation.person.id for participation in row.people]

    def with_value(self, row: Session, field: str, value: str | None) -> Session:
        first, *others = row.people
        values: dict[str, Any] = {field: value}
        changed = replace(first, person=replace(first.person, **values))
        return replace(row, people=(changed, *others))
