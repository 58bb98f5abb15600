"""Example rows that a source can have: each field that it does not claim is left out."""

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from core.domain.ids import SourceEventId, SourceId
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
    SourceEvent,
)
from gleanin_sync_testkit.source.capabilities import ALL_FIELDS, SourceCapabilities
from gleanin_sync_testkit.source.stand_in import SourceStandIn

R = TypeVar("R")
UNKNOWN = 990_000
"""The number of an id that nothing has."""
_PEOPLE, _EXHIBITORS, _EVENTS = 500_000, 700_000, 900_000
"""Added to the numbers of each, so that no two ids are equal."""


@dataclass(frozen=True, slots=True)
class Examples:
    stand_in: SourceStandIn
    capabilities: SourceCapabilities

    def event(self, number: int = 1, name: str = "PyConf") -> SourceEvent:
        zone = self.stand_in.time_zone if self.capabilities.tells_time_zone else None
        return SourceEvent(SourceEventId(self.stand_in.make_id(_EVENTS + number)), name, zone)

    def session_id(self, number: int) -> SourceId:
        return SourceId(self.stand_in.make_id(number))

    def person(self, number: int = 1, **named: Any) -> Person:
        values: dict[str, Any] = {
            "first_name": f"Ada {number}",
            "last_name": "Lovelace",
            "email": f"ada.{number}@example.org",
            "job_title": "Analyst",
            "company_name": "Engines & Söhne",
            "headshot": f"https://img.example.org/{number}.png",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            "updated_at": datetime(2026, 2, 1, tzinfo=UTC),
            **named,
        }
        return self._only(Person(SourceId(self.stand_in.make_id(_PEOPLE + number)), **values))

    def session(self, number: int, *people: Person, **named: Any) -> Session:
        """Build a session on an hour of its own, with these people as speakers."""
        starts_at = datetime(2027, 7, 1, 9, tzinfo=UTC) + timedelta(hours=number % 500)
        values: dict[str, Any] = {
            "title": f"Talk {number}",
            "description": "<p>About engines.</p>",
            "status": "accepted",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=1),
            "track": "Data",
            "tags": ("Beginners", "Web & more"),
            "people": tuple(Participation(person, ParticipationRole.SPEAKER) for person in people),
            **named,
        }
        return self._only(Session(self.session_id(number), **values))

    def sessions(self, count: int, start: int = 1) -> list[Session]:
        """Build sessions of one person, who is on all of them."""
        ada = self.person(1)
        return [self.session(number, ada) for number in range(start, start + count)]

    def exhibitor(self, number: int, *contacts: Person, **named: Any) -> Exhibitor:
        """Build an exhibitor; the first of the contacts is the primary one."""
        values: dict[str, Any] = {
            "name": f"Acme {number}",
            "logo": f"https://img.example.org/logo-{number}.png",
            "contacts": tuple(
                self._only(
                    ExhibitorContact(
                        contact, is_primary=not at, in_role_since=datetime(2026, 3, 1, tzinfo=UTC)
                    )
                )
                for at, contact in enumerate(contacts)
            ),
            **named,
        }
        return self._only(Exhibitor(SourceId(self.stand_in.make_id(_EXHIBITORS + number)), **values))

    def exhibitors(self, count: int) -> list[Exhibitor]:
        return [self.exhibitor(number, self.person(100 + number)) for number in range(1, count + 1)]

    def varied_sessions(self) -> list[Session]:
        """Build sessions that differ in everything that a source may tell."""
        ada, bob, twin = self.person(1), self.person(2), self.person(3, email="ada.1@example.org")
        masked = self.person(4, email="j***@a***.org")
        signed = self.person(5, headshot="https://img.example.org/a%20b.png?Expires=1&Signature=a%2Fb%2Bc%3D")
        bare = self.person(6, job_title=None, company_name=None, headshot=None)
        zone = ZoneInfo(self.stand_in.time_zone)
        return [
            self.session(1, ada, bob),
            self.session(2, twin, masked, ada),
            self.session(3, signed, bare),
            self.session(4, description=None, track=None, tags=()),
            self.session(
                5, bob, title="Größe — “日本” & <b>ß</b> 🔥", description="<p>a</p>\n<ul><li>b</li></ul>"
            ),
            self.session(6, ada, starts_at=None, ends_at=None),
            # The last hours of summer time and the first of winter time.
            *(
                self.session(7 + at, ada, starts_at=starts, ends_at=starts + timedelta(minutes=50))
                for at, starts in enumerate(self._hours_around_a_change(zone))
            ),
            self.session(20, ada, status="declined"),
            self.session(21, ada, is_abstract=True),
            self.session(22, ada, is_subsession=True),
            self.session(23, ada, is_composition_source=True),
            self.session(24, *(self.person(number) for number in range(10, 22))),
            self._with_roles(25),
        ]

    def _with_roles(self, number: int) -> Session:
        roles = (ParticipationRole.MODERATOR, ParticipationRole.CHAIRPERSON, ParticipationRole.SPEAKER)
        if "role" not in self.capabilities.fields:
            return self.session(number)
        people = tuple(Participation(self.person(30 + at), role) for at, role in enumerate(roles))
        return self.session(number, people=people)

    def _hours_around_a_change(self, zone: ZoneInfo) -> list[datetime]:
        """Return instants around the end of summer time; those that a local time cannot tell apart only with offsets."""
        first = datetime(2027, 10, 30, 21, tzinfo=UTC)
        hours = [first + timedelta(hours=number) for number in range(8)]
        if self.capabilities.has_offsets:
            return [
                hour.astimezone(timezone(hour.astimezone(zone).utcoffset() or timedelta())) for hour in hours
            ]
        local = [hour.astimezone(zone).replace(tzinfo=None, fold=0) for hour in hours]
        return [hour for hour, time in zip(hours, local, strict=True) if local.count(time) == 1]

    def _only(self, record: R) -> R:
        """Return a record without the fields that the source does not have."""
        left_out = ALL_FIELDS - self.capabilities.fields - {"status"}
        defaults: dict[str, Any] = {}
        for field in dataclasses.fields(record):  # type: ignore[arg-type]
            if field.name in left_out:
                defaults[field.name] = None if field.default is dataclasses.MISSING else field.default
        if isinstance(record, Session) and "status" not in self.capabilities.fields:
            defaults["status"] = "accepted"
        return dataclasses.replace(record, **defaults)  # type: ignore[type-var]
