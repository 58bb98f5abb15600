"""Builders of rows: everything has a default, and a test sets what it is about."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.domain.ids import SourceId
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
)

NOW = datetime(2027, 5, 1, 9, tzinfo=UTC)
"""Where the product's clock starts."""


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """Return an instant in the month in which the sessions take place."""
    return datetime(2027, 7, day, hour, minute, tzinfo=UTC)


def person(person_id: str = "ada", **named: Any) -> Person:
    """Build a person with all required fields; the e-mail is derived from the id."""
    complete = Person(
        SourceId(person_id),
        person_id.title(),
        "Lovelace",
        email=f"{person_id}@example.org",
        job_title="Analyst",
        company_name="Engines Ltd",
    )
    return replace(complete, **named)


def session(session_id: str = "opening", *speakers: Person, **named: Any) -> Session:
    """Build a session that syncs, with these speakers."""
    complete = Session(
        SourceId(session_id),
        title=f"Talk {session_id}",
        description="About engines.",
        status="accepted",
        starts_at=at(21, 9),
        ends_at=at(21, 10),
        people=tuple(Participation(speaker, ParticipationRole.SPEAKER) for speaker in speakers),
    )
    return replace(complete, **named)


def exhibitor(exhibitor_id: str = "acme", *contacts: Person, **named: Any) -> Exhibitor:
    """Build an exhibitor; the first of the contacts is the primary one."""
    complete = Exhibitor(
        SourceId(exhibitor_id),
        "Acme Ltd",
        "https://img.example.org/acme.png",
        tuple(ExhibitorContact(contact, is_primary=not at_) for at_, contact in enumerate(contacts)),
    )
    return replace(complete, **named)
