"""Makes events and sessions from the rows of Example."""

from gleanin_sync_example.fields import Row, read_row
from ports.plugins import (
    Participation,
    ParticipationRole,
    Person,
    Session,
    SourceEvent,
    SourceEventId,
    Unreadable,
)


def event_of(row: object) -> SourceEvent | Unreadable:
    return read_row(row, _event)


def session_of(row: object) -> Session | Unreadable:
    return read_row(row, _session)


def _event(row: Row) -> SourceEvent:
    return SourceEvent(SourceEventId(row.id()), row.text("name") or row.id(), row.text("timezone"))


def _session(row: Row) -> Session:
    return Session(
        id=row.id(),
        title=row.text("title"),
        description=row.text("abstract"),
        status="accepted" if row.text("state") == "confirmed" else row.text("state"),
        starts_at=row.time("start"),
        ends_at=row.time("end"),
        track=row.text("track"),
        tags=tuple(row.texts("tags")),
        people=tuple(
            Participation(_person(speaker), ParticipationRole.SPEAKER) for speaker in row.rows("speakers")
        ),
    )


def _person(row: Row) -> Person:
    return Person(
        id=row.id(),
        first_name=row.text("first_name"),
        last_name=row.text("last_name"),
        email=row.text("email"),
        job_title=row.text("position"),
        company_name=row.text("organization"),
        headshot=row.text("picture"),
        updated_at=row.time("updated"),
    )
