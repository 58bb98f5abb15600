"""Sessionboard's JSON objects, and their conversion to source records.

Sessionboard declares no key as required, and only a row's id is required here. These models reject a value of
the wrong type: `parsing` then repairs it or reports the row.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, SourceEventId, SourceId
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
    SourceEvent,
)

# PostgreSQL cannot store NUL, and UTF-8 has no lone surrogates (pydantic rejects those by itself).
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Id = Annotated[
    str, StringConstraints(pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", max_length=MAX_EXTERNAL_ID_LENGTH)
]


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class EventRow(Wire):
    id: Id
    name: Text | None = None
    timezone: Text | None = None


class NamedRow(Wire):
    """A track or a tag; an unassigned one is `{}` or null."""

    name: Text | None = None


class RoleRow(Wire):
    core_role: Text | None = None


class PersonRow(Wire):
    id: Id
    first_name: Text | None = None
    last_name: Text | None = None
    full_name: Text | None = None
    email: Text | None = None
    title: Text | None = None
    company_name: Text | None = None
    photo_url: Text | None = None
    created_at: Text | None = None
    updated_at: Text | None = None
    participant_role: RoleRow | None = None


class ContactRow(PersonRow):
    is_primary: bool | None = None
    contact_created_at: Text | None = None
    contact_updated_at: Text | None = None
    relationship_created_at: Text | None = None


class CustomStatus(Wire):
    status: Text | None = None
    """The category. Its `name` is the organizers' choice, and is ignored (rule 12)."""


class Composition(Wire):
    role: Text | None = None


class SessionRow(Wire):
    id: Id
    title: Text | None = None
    description: Text | None = None
    status: Text | None = None
    custom_status: CustomStatus | None = None
    starts_at: Text | None = None
    ends_at: Text | None = None
    is_abstract: bool | None = None
    composition_status: Composition | None = None
    # Only their presence matters, not their type.
    parent_session_friendly_id: Any = None
    parent_session_friendly_id_raw: Any = None
    track: NamedRow | None = None
    tags: list[NamedRow | None] | None = None
    participants: list[PersonRow | None] | None = None
    speakers: list[PersonRow | None] | None = None
    chairpersons: list[PersonRow | None] | None = None
    moderators: list[PersonRow | None] | None = None
    subsessions: "list[SessionRow | None] | None" = None


class ExhibitorRow(Wire):
    id: Id
    name: Text | None = None
    logo_image_url: Text | None = None
    contacts: list[ContactRow | None] | None = None


class Pagination(Wire):
    """The totals of a list; some generated pages spell them with underscores."""

    total_pages: int | None = Field(default=None, validation_alias=AliasChoices("totalPages", "total_pages"))
    total_results: int | None = Field(
        default=None, validation_alias=AliasChoices("totalResults", "total_results")
    )


def to_event(row: EventRow) -> Iterator[SourceEvent]:
    yield SourceEvent(SourceEventId(row.id), row.name or row.id, row.timezone)


def to_sessions(row: SessionRow, *, inside_another: bool = False) -> Iterator[Session]:
    """Yield the session and its subsessions as separate records."""
    unreadable: list[tuple[str, str]] = []
    starts_at, ends_at = to_instant(row.starts_at), to_instant(row.ends_at)
    for field, text, instant in (
        ("starts_at", row.starts_at, starts_at),
        ("ends_at", row.ends_at, ends_at),
    ):
        if instant is None and text and not text.isspace():
            unreadable.append((field, text))
    custom = row.custom_status.status if row.custom_status else None
    composition = row.composition_status.role if row.composition_status else None
    parents = (row.parent_session_friendly_id, row.parent_session_friendly_id_raw)
    yield Session(
        id=SourceId(row.id),
        title=row.title,
        description=row.description,
        status=custom or row.status,
        starts_at=starts_at,
        ends_at=ends_at,
        unreadable_times=tuple(unreadable),
        is_abstract=bool(row.is_abstract),
        is_composition_source=composition == "source",
        is_subsession=inside_another or any(parent not in (None, "") for parent in parents),
        track=row.track.name if row.track else None,
        tags=tuple(tag.name for tag in row.tags or () if tag and tag.name),
        people=tuple(_people(row)),
    )
    for nested in row.subsessions or ():
        if nested:
            yield from to_sessions(nested, inside_another=True)


def to_exhibitor(row: ExhibitorRow) -> Iterator[Exhibitor]:
    contacts = (
        ExhibitorContact(
            person=to_person(contact, contact.contact_created_at, contact.contact_updated_at),
            is_primary=bool(contact.is_primary),
            in_role_since=to_instant(contact.relationship_created_at),
        )
        for contact in row.contacts or ()
        if contact
    )
    yield Exhibitor(SourceId(row.id), row.name, row.logo_image_url, tuple(contacts))


def to_person(row: PersonRow, created_at: str | None = None, updated_at: str | None = None) -> Person:
    return Person(
        id=SourceId(row.id),
        first_name=row.first_name,
        last_name=row.last_name,
        full_name=row.full_name,
        email=row.email,
        job_title=row.title,
        company_name=row.company_name,
        headshot=row.photo_url,
        created_at=to_instant(created_at or row.created_at),
        updated_at=to_instant(updated_at or row.updated_at),
    )


def to_instant(text: str | None) -> datetime | None:
    """Parse a time with an offset; None for any other, because a guess could be wrong."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip().upper())
        if instant.tzinfo is None:
            return None
        if instant.tzinfo is not UTC:
            instant = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if _FIRST <= instant <= _LAST else None


# These times exist in every zone.
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_ROLES = {role.value: role for role in ParticipationRole}


def _people(row: SessionRow) -> Iterator[Participation]:
    """Yield the people in a session; the API does not tell whether they have accepted their roles (rule 35)."""
    participants = [person for person in row.participants or () if person]
    for person in participants:
        core_role = person.participant_role.core_role if person.participant_role else None
        yield Participation(to_person(person), _ROLES.get(core_role or "", ParticipationRole.UNKNOWN))
    if participants:
        return
    for people, role in (
        (row.speakers, ParticipationRole.SPEAKER),
        (row.chairpersons, ParticipationRole.CHAIRPERSON),
        (row.moderators, ParticipationRole.MODERATOR),
    ):
        yield from (Participation(to_person(person), role) for person in people or () if person)
