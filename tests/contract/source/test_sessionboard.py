"""Sessionboard as a source."""

from datetime import datetime
from typing import Any, ClassVar

from adapters.sessionboard.plugin import PLUGIN
from core.domain.instants import instant_text
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    Person,
    Session,
    SourceEvent,
)
from gleanin_sync_testkit.source import Answer, Json, Request, SourceCapabilities, SourceStandIn, SourceSuite


def text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


class SessionboardStandIn(SourceStandIn):
    """Sessionboard's searches, as its documentation describes them."""

    token: ClassVar[str] = "sb-token-0123456789"
    rows_at = ("results",)
    total_at = ("pagination", "totalResults")

    def write_event(self, event: SourceEvent) -> Json:
        return {"id": int(event.id), "name": event.name, "timezone": event.time_zone}

    def write_session(self, session: Session) -> Json:
        return {
            "id": session.id,
            "title": session.title,
            "description": session.description,
            "status": session.status,
            "starts_at": text(session.starts_at),
            "ends_at": text(session.ends_at),
            "is_abstract": session.is_abstract,
            "composition_status": {"role": "source"} if session.is_composition_source else {},
            "parent_session_friendly_id": 7 if session.is_subsession else None,
            "track": {"id": 1, "name": session.track} if session.track else {},
            "tags": [{"name": tag} for tag in session.tags],
            "participants": [self._participant(part) for part in session.people],
            "updated_at": instant_text(self.changes[session.id]),
        }

    def write_exhibitor(self, exhibitor: Exhibitor) -> Json:
        return {
            "id": exhibitor.id,
            "name": exhibitor.name,
            "logo_image_url": exhibitor.logo,
            "contacts": [self._contact(contact) for contact in exhibitor.contacts],
        }

    def write_person(self, person: Person) -> Json:
        """Return a row of the change feed of people: it repeats what the sessions say about them."""
        return {"id": person.id, "updated_at": instant_text(self.changes[person.id])}

    def answer(self, request: Request) -> Answer:
        if request.headers.get("x-access-token") != self.token:
            return Answer({"error": "Unauthorized"}, status=401)
        match [request.method, *request.path.strip("/").split("/")]:
            case ["GET", "v1", "events"]:
                return self._page([event.json for event in self.events.values()], request)
            case ["POST", "v1", "event", event_id, ("sessions" | "exhibitors" | "speakers" as name)] if (
                event_id in self.events
            ):
                rows = self.events[event_id].rows("people" if name == "speakers" else name)
                return self._page([row for row in rows if _is_wanted(row, request.json)], request)
        return Answer({"error": "NotFound"}, status=404)

    def _page(self, rows: list[Any], request: Request) -> Answer:
        page, size = int(request.query["page"]), int(request.query["pageSize"])
        pagination = {
            "currentPage": page,
            "pageSize": size,
            "totalPages": -(-len(rows) // size),
            "totalResults": len(rows),
        }
        return Answer({"results": rows[(page - 1) * size : page * size], "pagination": pagination})

    def _participant(self, part: Participation) -> Json:
        return {**_person(part.person), "participant_role": {"name": "Hero", "core_role": part.role}}

    def _contact(self, contact: ExhibitorContact) -> Json:
        return {
            **_person(contact.person),
            "is_primary": contact.is_primary,
            "relationship_created_at": text(contact.in_role_since),
        }


class TestSessionboard(SourceSuite):
    plugin = PLUGIN
    capabilities = SourceCapabilities(tells_totals=True, has_change_feed=True, searches_by_post=True)

    def stand_in(self) -> SourceStandIn:
        return SessionboardStandIn()


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "full_name": person.full_name,
        "email": person.email,
        "title": person.job_title,
        "company_name": person.company_name,
        "photo_url": person.headshot,
        "created_at": text(person.created_at),
        "updated_at": text(person.updated_at),
    }


def _is_wanted(row: Any, body: Any) -> bool:
    """Check whether a row was changed after the requested time, if one is requested."""
    after = ((body or {}).get("filters", {}).get("updatedAt") or {}).get("after")
    return after is None or datetime.fromisoformat(row["updated_at"]) > datetime.fromisoformat(after)
