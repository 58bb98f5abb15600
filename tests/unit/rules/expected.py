"""The records that must be in Gleanin and their fields: the rules, written independently of the domain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.domain.records.source_records import Exhibitor, ExhibitorContact, ParticipationRole, Person, Session
from core.domain.tenancy.event_mappings import ExhibitorName, MappingSettings, TracksFrom

PARIS = ZoneInfo("Europe/Paris")
Values = dict[str, object]


@dataclass(frozen=True)
class ExpectedRecord:
    """What the rules say about a source record, whatever is in Gleanin."""

    kind: str
    source_id: str
    is_eligible: bool
    fields: Values
    claimed_mailbox: str | None = None
    """The mailbox of a person (rule 15), also where another required field is missing."""
    created_at: datetime | None = None
    session_ids: frozenset[str] = frozenset()
    """The sessions that sync and on which the person has a role."""


def mailbox(email: object) -> str | None:
    return email.strip().lower() if isinstance(email, str) and email.strip() else None


def _present(values: Values) -> Values:
    trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in trimmed.items() if value not in (None, "", ())}


def _has(fields: Values, *names: str) -> bool:
    return all(name in fields for name in names)


def expected_sessions(
    rows: Iterable[Session], settings: MappingSettings, now: datetime
) -> Iterator[ExpectedRecord]:
    for row in rows:
        fields = _session_fields(row, settings)
        in_programme = row.status == "accepted" and not (
            row.is_abstract or row.is_composition_source or row.is_subsession
        )
        is_held_back = settings.only_accepted_roles and row.is_confirmed is False
        is_upcoming = bool(
            row.starts_at and row.ends_at and row.starts_at <= row.ends_at and row.ends_at > now
        )
        yield ExpectedRecord(
            "session",
            row.id,
            in_programme and not is_held_back and is_upcoming and _has(fields, "title"),
            fields,
        )


def _session_fields(row: Session, settings: MappingSettings) -> Values:
    tags = tuple(sorted({tag.strip() for tag in row.tags} - {""}))
    track = (row.track or "").strip()
    tracks = {TracksFrom.TAGS: tags, TracksFrom.TRACK: (track,) if track else (), TracksFrom.OFF: ()}
    return _present(
        {
            "title": row.title,
            "description": row.description,
            "tracks": tracks[settings.tracks],
            "starts_at": row.starts_at and f"{row.starts_at:%Y-%m-%dT%H:%M:%S.000Z}",
            "ends_at": row.ends_at and f"{row.ends_at:%Y-%m-%dT%H:%M:%S.000Z}",
            "schedule": row.starts_at and row.ends_at and _schedule(row.starts_at, row.ends_at),
        }
    )


def _schedule(starts: datetime, ends: datetime) -> str:
    start, end = starts.astimezone(PARIS), ends.astimezone(PARIS)
    first, last = (f"{at:%A} {at.day} {at:%B %Y}" for at in (start, end))
    if first == last:
        return f"{start:%H:%M}-{end:%H:%M} {first}"
    return f"{start:%H:%M} {first} - {end:%H:%M} {last}"


def expected_speakers(
    rows: Iterable[Session], settings: MappingSettings, now: datetime
) -> Iterator[ExpectedRecord]:
    rows = list(rows)
    syncing = {session.source_id for session in expected_sessions(rows, settings, now) if session.is_eligible}
    roles = {ParticipationRole.SPEAKER}
    roles |= {ParticipationRole.CHAIRPERSON} if settings.chairpersons else set()
    roles |= {ParticipationRole.MODERATOR} if settings.moderators else set()
    people = {part.person.id: part.person for row in rows for part in row.people}
    for person in people.values():
        session_ids = {
            row.id
            for row in rows
            if row.id in syncing
            for part in row.people
            if part.person.id == person.id and part.role in roles
            if not (settings.only_accepted_roles and part.is_accepted is False)
        }
        fields = _speaker_fields(person)
        names = ("first_name",) if settings.one_name_is_enough else ("first_name", "last_name")
        is_complete = _has(fields, *names, "email") and "@" in str(fields["email"])
        claimed = mailbox(person.email) if session_ids else None
        yield ExpectedRecord(
            "speaker",
            person.id,
            bool(session_ids) and is_complete,
            fields,
            claimed,
            person.created_at,
            frozenset(map(str, session_ids)),
        )


def _speaker_fields(person: Person) -> Values:
    names = ((person.first_name or "").strip(), (person.last_name or "").strip())
    return _present(
        {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "name": " ".join(names),
            "email": person.email,
            "job_title": person.job_title,
            "company_name": person.company_name,
            "headshot": _picture(person.headshot),
        }
    )


def _picture(url: str | None) -> str | None:
    is_sent = (url or "").startswith("https://") and not (url or "").lower().endswith(".heic")
    return url if is_sent else None


def expected_contacts(rows: Iterable[Exhibitor], settings: MappingSettings) -> Iterator[ExpectedRecord]:
    for row in rows:
        has_primary = _has_primary_with_email(row.contacts)
        if not row.contacts:
            yield ExpectedRecord("exhibitor_contact", row.id, is_eligible=False, fields={})
        for contact in row.contacts:
            person = contact.person
            first, last = (person.first_name or "").strip(), (person.last_name or "").strip()
            person_name = (person.full_name or "").strip() or f"{first} {last}"
            sends_exhibitor = settings.exhibitor_name is ExhibitorName.EXHIBITOR
            name = row.name if sends_exhibitor else person_name
            fields = _present({"company_name": name, "email": person.email, "logo": _picture(row.logo)})
            is_complete = _has(fields, "company_name", "email") and "@" in str(fields["email"])
            claimed = mailbox(person.email) if has_primary else None
            yield ExpectedRecord(
                "exhibitor_contact",
                person.id,
                has_primary and is_complete,
                fields,
                claimed,
                person.created_at,
            )


def _has_primary_with_email(contacts: tuple[ExhibitorContact, ...]) -> bool:
    """Return whether the primary contact, of several the one longest in the role, has an e-mail (rule 17)."""
    far = datetime.max.replace(tzinfo=PARIS)
    primaries = sorted(
        (contact.in_role_since or far, contact.person.id, contact)
        for contact in contacts
        if contact.is_primary
    )
    return bool(primaries) and mailbox(primaries[0][2].person.email) is not None
