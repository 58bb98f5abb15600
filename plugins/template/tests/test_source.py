"""Example, tested by the kit of gleanin-sync."""

from datetime import datetime
from typing import Any

from gleanin_sync_example import PLUGIN
from gleanin_sync_testkit.source import (
    ALL_FIELDS,
    EXHIBITOR_FIELDS,
    Answer,
    Json,
    Request,
    SourceCapabilities,
    SourceStandIn,
    SourceSuite,
)
from ports.plugins import Participation, Session, SourceEvent


class ExampleStandIn(SourceStandIn):
    """Example's API, as its documentation describes it."""

    url = "https://example.org/api"
    token = "example-token-123"
    page_size = 50
    rows_at = ("results",)
    total_at = ("count",)
    next_at = ("next",)

    def write_event(self, event: SourceEvent) -> Json:
        return {"id": event.id, "name": event.name, "timezone": event.time_zone}

    def write_session(self, session: Session) -> Json:
        return {
            "id": session.id,
            "title": session.title,
            "abstract": session.description,
            "state": "confirmed" if session.status == "accepted" else session.status,
            "start": _text(session.starts_at),
            "end": _text(session.ends_at),
            "track": session.track,
            "tags": [*session.tags],
            "speakers": [_speaker(part) for part in session.people],
        }

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Token {self.token}":
            return Answer({"detail": "Invalid token."}, status=401)
        match request.path.removeprefix("/api/").split("/"):
            case ["events"]:
                return self._page([event.json for event in self.events.values()], request)
            case ["events", event_id, "sessions"] if event_id in self.events:
                return self._page(self.events[event_id].rows("sessions"), request)
        return Answer({"detail": "Not found."}, status=404)

    def _page(self, rows: list[Any], request: Request) -> Answer:
        page, size = int(request.query.get("page", 1)), int(request.query.get("page_size", 25))
        further = f"https://example.org{request.path}?page_size={size}&page={page + 1}"
        return Answer(
            {
                "count": len(rows),
                "next": further if page * size < len(rows) else None,
                "results": rows[(page - 1) * size : page * size],
            }
        )


class TestExample(SourceSuite):
    plugin = PLUGIN
    capabilities = SourceCapabilities(
        fields=ALL_FIELDS
        - EXHIBITOR_FIELDS
        - {"is_abstract", "is_composition_source", "is_subsession", "full_name", "role", "created_at"},
        has_exhibitors=False,
        tells_totals=True,
        has_linked_pages=True,
    )

    def stand_in(self) -> SourceStandIn:
        return ExampleStandIn()


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _speaker(part: Participation) -> Json:
    person = part.person
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "position": person.job_title,
        "organization": person.company_name,
        "picture": person.headshot,
        "updated": _text(person.updated_at),
    }
