"""Sessions, as a kind of records."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.plugins.kinds import SESSION_PLUGIN
from core.domain.records.source_records import Session
from gleanin_sync_testkit.kind import KindCapabilities, KindSuite
from gleanin_sync_testkit.programmes import person, session


class TestSession(KindSuite):
    plugin = SESSION_PLUGIN
    capabilities = KindCapabilities(are_people=False, has_readers=False, has_schemas=False, has_page=False)
    other_values = {"starts_at": "2027-07-21T08:30:00+00:00", "ends_at": "2027-07-21T11:30:00+00:00"}
    derived = ("schedule",)

    def rows(self) -> list[Session]:
        return [
            session("opening", person("ada"), track="Data"),
            session("closing", person("ada"), person("bob")),
            session("alone"),
        ]

    def with_value(self, row: Session, field: str, value: str | None) -> Session:
        if field in ("starts_at", "ends_at"):
            at = (
                datetime.fromisoformat(value) if value and value.strip().isascii() and value.strip() else None
            )
            changed: dict[str, Any] = {field: at}
        else:
            changed = {"track" if field == "tracks" else field: value}
        return replace(row, **changed)
