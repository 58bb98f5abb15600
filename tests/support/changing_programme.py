"""Conferences that are edited while they are synced, and the records that Gleanin must have in the end."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from entrypoints.sandbox.control_client import ControlClient

Json = dict[str, Any]
FIRST_ID = 101
SESSIONS = 5


def conference(event_id: int, sessions: int = SESSIONS) -> Json:
    """Build a saved event with people who speak in several sessions, and one exhibitor."""
    return {
        "event": {"id": event_id, "name": f"Conference {event_id}", "timezone": "Europe/Paris"},
        "sessions": [session(event_id, number) for number in range(sessions)],
        "exhibitors": [
            {
                "id": f"exhibitor-{event_id}",
                "name": f"Exhibitor {event_id}",
                "contacts": [
                    {
                        "id": f"contact-{event_id}",
                        "full_name": f"Contact {event_id}",
                        "email": f"contact{event_id}@example.org",
                        "is_primary": True,
                    }
                ],
            }
        ],
    }


def session(event_id: int, number: int) -> Json:
    return {
        "id": f"session-{event_id}-{number}",
        "title": f"Session {number}",
        "status": "accepted",
        "starts_at": f"2099-06-0{number % 9 + 1}T09:00:00Z",
        "ends_at": f"2099-06-0{number % 9 + 1}T10:00:00Z",
        "created_at": "2026-01-01T09:00:00Z",
        "updated_at": "2026-01-01T09:00:00Z",
        "is_abstract": False,
        "speakers": [_person(event_id, number), _person(event_id, number + 1)],
    }


def _person(event_id: int, number: int) -> Json:
    return {
        "id": f"person-{event_id}-{number}",
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "email": f"person{number}.{event_id}@example.org",
        "title": "Engineer",
        "created_at": "2026-01-01T09:00:00Z",
        "updated_at": "2026-01-01T09:00:00Z",
    }


@dataclass(slots=True)
class Editor:
    """Edits random events: another title, another job, or a new session with a new person."""

    control: ControlClient
    events: int
    dice: random.Random
    edits: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(SESSIONS))

    def edit(self) -> None:
        event_id = FIRST_ID + self.dice.randrange(self.events)
        number, stamp = self.dice.randrange(SESSIONS), self.edits
        match self.dice.randrange(4):
            case 0:
                new = session(event_id, next(self._numbers))
                now = datetime.now(UTC).isoformat()
                self.control.edit_event(event_id, sessions=[new | {"created_at": now, "updated_at": now}])
            case 1:
                person = {"id": f"person-{event_id}-{number}", "title": f"Engineer {stamp}"}
                self.control.edit_event(event_id, people=[person])
            case _:
                edited = {"id": f"session-{event_id}-{number}", "title": f"Session {number}, edit {stamp}"}
                self.control.edit_event(event_id, sessions=[edited])
        self.edits += 1


def differences(control: ControlClient, event_id: int, destination_id: str) -> list[str]:
    """Return how an event differs in the two systems: each record once, with its latest content and associations."""
    saved = control.event(event_id)
    sessions = {each["id"]: each for each in saved["sessions"]}
    people = {person["id"]: person for each in saved["sessions"] for person in each["speakers"]}
    sessions_per_person = Counter(person["id"] for each in saved["sessions"] for person in each["speakers"])
    contacts = [exhibitor["contacts"][0] for exhibitor in saved["exhibitors"]]
    expected = {
        "sessions": Counter(each["title"] for each in sessions.values()),
        "speakers": Counter(
            (person["email"], person["title"], sessions_per_person[person["id"]])
            for person in people.values()
        ),
        "exhibitors": Counter((contact["email"], contact["full_name"]) for contact in contacts),
    }
    found = {
        kind: [record["attributes"] for record in control.records(destination_id, kind)] for kind in expected
    }
    actual = {
        "sessions": Counter(each["title"] for each in found["sessions"]),
        "speakers": Counter(
            (speaker["email"], speaker["job_title"], len(speaker["session_ids"]))
            for speaker in found["speakers"]
        ),
        "exhibitors": Counter(
            (exhibitor["email"], exhibitor["company_name"]) for exhibitor in found["exhibitors"]
        ),
    }
    return [
        f"event {event_id}, {kind}: {difference} {sorted(records)}"
        for kind in expected
        for difference, records in (
            ("missing", expected[kind] - actual[kind]),
            ("too many", actual[kind] - expected[kind]),
        )
        if records
    ]
