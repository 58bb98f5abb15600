"""A stand-in for a pretalx server: what pretalx 2025.2 answers, for the parts of its API that are read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from gleanin_sync_testkit.source import Answer, Json, Request, SourceStandIn, StoredEvent
from ports.plugins import Access, Person, Session, SourceEvent, SourceRow, Token

PAGE_NOT_FOUND = b"<!doctype html><title>404</title><h1>Not found</h1>"
EXPANDABLE = ("speakers", "track", "tags", "slots")
QUESTIONS: Sequence[Json] = (
    {"id": 7, "question": {"en": "T-shirt size"}, "target": "speaker", "variant": "choices"},
    {"id": 8, "question": {"de": "Beruf", "en": "Job title"}, "target": "speaker", "variant": "string"},
    {"id": 9, "question": {"de": "Firma", "en": "Company"}, "target": "speaker", "variant": "string"},
    {"id": 10, "question": {"en": "Company"}, "target": "submission", "variant": "string"},
)
JOB_TITLE, COMPANY = 8, 9


class PretalxStandIn(SourceStandIn):
    __slots__ = ()
    url: ClassVar[str] = "https://pretalx.example.org"
    page_size: ClassVar[int] = 50
    rows_at: ClassVar[tuple[str, ...]] = ("results",)
    total_at: ClassVar[tuple[str, ...]] = ("count",)

    def make_id(self, number: int) -> str:
        return f"C{number}"

    def access(self) -> Access:
        return Access(
            self.url, Token(self.token), fields={"job_title_question": "Job title", "company_question": "9"}
        )

    def write_event(self, event: SourceEvent) -> Json:
        return {
            "name": {"en": event.name},
            "slug": event.id,
            "is_public": True,
            "date_from": "2027-07-01",
            "date_to": "2027-07-03",
            "timezone": event.time_zone,
            "locale": "en",
            "locales": ["en", "de"],
        }

    def write_session(self, session: Session) -> Json:
        return {
            "code": session.id,
            "title": session.title,
            "speakers": [_speaker(part.person) for part in session.people],
            "submission_type": 1,
            "track": session.track and {"id": 1, "name": {"en": session.track}, "description": {}},
            "tags": [{"id": at, "tag": tag, "is_public": False} for at, tag in enumerate(session.tags, 1)],
            "state": "confirmed" if session.status == "accepted" else session.status,
            "abstract": session.description,
            "description": "More about it.",
            "duration": 30,
            "slots": [] if session.starts_at is None and session.ends_at is None else [_slot(session)],
            "answers": [],
            "resources": [],
        }

    def expected(self, row: SourceRow) -> Any:
        if not isinstance(row, Session):
            return row
        people = tuple(
            replace(part, person=replace(part.person, full_name=part.person.whole_name))
            for part in row.people
        )
        description = row.description or "More about it."
        is_confirmed = True if row.status == "accepted" else None
        return replace(row, people=people, description=description, is_confirmed=is_confirmed)

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Token {self.token}":
            return Answer({"detail": "Invalid token."}, status=401)
        if request.headers.get("pretalx-version") != "v1":
            return Answer({"detail": "API version not supported."}, status=400)
        return self._found(request)

    def _found(self, request: Request) -> Answer:
        match request.path.strip("/").split("/"):
            case ["api", "events"]:
                return Answer([_without_locales(event.json) for event in self.events.values()])
            case ["api", "events", slug] if event := self.events.get(slug):
                return Answer(event.json)
            case ["api", "events", slug, "submissions"] if event := self.events.get(slug):
                return self._page(request, _submissions(event, request.query.get("expand", "")))
            case ["api", "events", slug, "questions"] if slug in self.events:
                return self._page(request, QUESTIONS)
            case ["api", "events", slug, name] if (event := self.events.get(slug)) and name in event.lists:
                return self._page(request, event.rows(name))
        return Answer(body=PAGE_NOT_FOUND, status=404, headers={"content-type": "text/html; charset=utf-8"})

    def _page(self, request: Request, rows: Sequence[Json]) -> Answer:
        number, size = int(request.query.get("page", "1")), int(request.query.get("page_size", "50"))
        if number > max(1, math.ceil(len(rows) / size)):
            return Answer({"detail": "Invalid page."}, status=404)
        query = urlencode({**request.query, "page": number + 1})
        # As behind a proxy that does not tell pretalx its scheme.
        link = f"http://pretalx.example.org{request.path}?{query}"
        has_next = number * size < len(rows)
        return Answer(
            {
                "count": len(rows),
                "next": link if has_next else None,
                "previous": None,
                "results": rows[(number - 1) * size : number * size],
            }
        )


def _speaker(person: Person) -> Json:
    answers = ((7, "L"), (JOB_TITLE, person.job_title), (COMPANY, person.company_name))
    return {
        "code": person.id,
        "name": person.whole_name,
        "biography": "Born.",
        "submissions": [],
        "avatar_url": person.headshot or "",
        "answers": [{"id": 1, "question": at, "answer": answer} for at, answer in answers if answer],
        "email": person.email,
        "timezone": "Europe/Paris",
        "locale": "en",
    }


def _slot(session: Session) -> Json:
    starts_at, ends_at = session.starts_at, session.ends_at
    return {
        "id": 1,
        "room": {"id": 1, "name": {"en": "Hall"}},
        "start": starts_at and starts_at.isoformat(),
        "end": ends_at and ends_at.isoformat(),
        "duration": 30,
    }


def _submissions(event: StoredEvent, expand: str) -> Sequence[Json]:
    return [_collapsed(row, expand.split(",")) for row in event.rows("sessions")]


def _collapsed(row: Json, expand: Sequence[str]) -> Json:
    """Return a submission with ids for what is not expanded."""
    if not isinstance(row, dict):
        return row
    collapsed = {name: _ids(row[name]) for name in EXPANDABLE if name in row and name not in expand}
    speakers = row.get("speakers")
    if "speakers" in expand and "speakers.answers" not in expand and isinstance(speakers, list):
        collapsed["speakers"] = [
            {**speaker, "answers": _ids(speaker.get("answers"))} if isinstance(speaker, dict) else speaker
            for speaker in speakers
        ]
    return {**row, **collapsed}


def _ids(value: Json) -> Json:
    if isinstance(value, list):
        return [_ids(item) for item in value]
    return value.get("id", value.get("code")) if isinstance(value, dict) else value


def _without_locales(event: Json) -> Json:
    """Return an event as it is in the list of events."""
    return {key: event[key] for key in event if "locale" not in key} if isinstance(event, Mapping) else event
