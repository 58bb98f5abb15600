"""Which records must be in Gleanin, with which fields: the rules once more, told in another way than the domain's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.domain.records.source_records import Exhibitor, ExhibitorContact, ParticipationRole, Person, Session
from core.domain.tenancy.event_mappings import ExhibitorName, MappingSettings, TracksFrom

PARIS = ZoneInfo("Europe/Paris")
Values = dict[str, object]


@dataclass(frozen=True)
class Wanted:
    """What the rules say of one source record, before anything is known of Gleanin."""

    kind: str
    source_id: str
    goes: bool
    fields: Values
    claims: str | None = None
    """The mailbox that a person asks for (rule 15), also one who lacks something else."""
    created_at: datetime | None = None
    on_sessions: frozenset[str] = frozenset()
    """The sessions that sync and that the person has a role on."""


def mailbox(email: object) -> str | None:
    return email.strip().lower() if isinstance(email, str) and email.strip() else None


def _present(values: Values) -> Values:
    trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in trimmed.items() if value not in (None, "", ())}


def _has(fields: Values, *names: str) -> bool:
    return all(name in fields for name in names)


def wanted_sessions(rows: Iterable[Session], settings: MappingSettings, now: datetime) -> Iterator[Wanted]:
    for row in rows:
        fields = _session_fields(row, settings)
        in_programme = row.status == "accepted" and not (
            row.is_abstract or row.is_composition_source or row.is_subsession
        )
        timely = bool(row.starts_at and row.ends_at and row.starts_at <= row.ends_at and row.ends_at > now)
        yield Wanted("session", row.id, in_programme and timely and _has(fields, "title"), fields)


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


def wanted_speakers(rows: Iterable[Session], settings: MappingSettings, now: datetime) -> Iterator[Wanted]:
    rows = list(rows)
    syncing = {each.source_id for each in wanted_sessions(rows, settings, now) if each.goes}
    roles = {ParticipationRole.SPEAKER}
    roles |= {ParticipationRole.CHAIRPERSON} if settings.chairpersons else set()
    roles |= {ParticipationRole.MODERATOR} if settings.moderators else set()
    for person in {part.person.id: part.person for row in rows for part in row.people}.values():
        on = {
            row.id
            for row in rows
            if row.id in syncing
            for part in row.people
            if part.person.id == person.id and part.role in roles
        }
        fields = _speaker_fields(person)
        whole = _has(fields, "first_name", "last_name", "email") and "@" in str(fields["email"])
        claims = mailbox(person.email) if on else None
        yield Wanted(
            "speaker",
            person.id,
            bool(on) and whole,
            fields,
            claims,
            person.created_at,
            frozenset(map(str, on)),
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
    is_one = (url or "").startswith("https://") and not (url or "").lower().endswith(".heic")
    return url if is_one else None


def wanted_contacts(rows: Iterable[Exhibitor], settings: MappingSettings) -> Iterator[Wanted]:
    for row in rows:
        sound = _has_sound_primary(row.contacts)
        if not row.contacts:
            yield Wanted("exhibitor_contact", row.id, goes=False, fields={})
        for contact in row.contacts:
            person = contact.person
            first, last = (person.first_name or "").strip(), (person.last_name or "").strip()
            own_name = (person.full_name or "").strip() or f"{first} {last}"
            sends_exhibitor = settings.exhibitor_name is ExhibitorName.EXHIBITOR
            name = row.name if sends_exhibitor else own_name
            fields = _present({"company_name": name, "email": person.email, "logo": _picture(row.logo)})
            whole = _has(fields, "company_name", "email") and "@" in str(fields["email"])
            claims = mailbox(person.email) if sound else None
            yield Wanted("exhibitor_contact", person.id, sound and whole, fields, claims, person.created_at)


def _has_sound_primary(contacts: tuple[ExhibitorContact, ...]) -> bool:
    """Tell whether the primary contact, of several the one longest in the role, has an e-mail (rule 17)."""
    far = datetime.max.replace(tzinfo=PARIS)
    primaries = sorted(
        (contact.in_role_since or far, contact.person.id, contact)
        for contact in contacts
        if contact.is_primary
    )
    return bool(primaries) and mailbox(primaries[0][2].person.email) is not None
