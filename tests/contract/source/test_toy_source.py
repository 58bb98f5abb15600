"""The source of a toy box, which is a package of its own."""

from typing import Any

from core.domain.records.source_records import Session, SourceEvent
from gleanin_sync_testkit.source import (
    Answer,
    Json,
    Request,
    SourceCapabilities,
    SourceStandIn,
    SourceSuite,
)
from tests.plugins.toy_source.toy_source import PLUGIN


class ToyStandIn(SourceStandIn):
    """The toy box."""

    url = "https://toys.example.org/box"
    token = "toy-token-0123"
    page_size = 2
    rows_at = ("rows",)
    next_at = ("next",)

    def write_event(self, event: SourceEvent) -> Json:
        return {"id": event.id, "name": event.name, "zone": event.time_zone}

    def write_session(self, session: Session) -> Json:
        return {
            "id": session.id,
            "title": session.title,
            "starts_at": session.starts_at.isoformat() if session.starts_at else None,
            "ends_at": session.ends_at.isoformat() if session.ends_at else None,
            "people": [
                {
                    "id": part.person.id,
                    "first_name": part.person.first_name,
                    "last_name": part.person.last_name,
                    "email": part.person.email,
                }
                for part in session.people
            ],
        }

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Token {self.token}":
            return Answer({"error": "Who are you?"}, status=401)
        match request.path.removeprefix("/box/").split("/"):
            case ["events"]:
                return self._page([event.json for event in self.events.values()], request)
            case ["events", event_id, name] if event_id in self.events:
                return self._page(self.events[event_id].rows(name), request)
        return Answer({"error": "There is no such toy."}, status=404)

    def _page(self, rows: list[Any], request: Request) -> Answer:
        start, size = int(request.query.get("start", 0)), int(request.query.get("size", 100))
        further = f"https://toys.example.org{request.path}?size={size}&start={start + size}"
        return Answer(
            {"rows": rows[start : start + size], "next": further if start + size < len(rows) else None}
        )


class TestToySource(SourceSuite):
    plugin = PLUGIN
    capabilities = SourceCapabilities(
        fields=frozenset(("title", "starts_at", "ends_at", "first_name", "last_name", "email")),
        has_exhibitors=False,
        has_linked_pages=True,
        reads_other_feeds=True,
    )

    def stand_in(self) -> SourceStandIn:
        return ToyStandIn()
