"""Source records: a session, a person on it, an exhibitor and its contacts, as Sessionboard has them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.identifiers import SessionboardEventId, SourceId

_WITHOUT_ID = "no-id:"


def id_from_content(digest: str) -> SourceId:
    """Name a row that came without an id, so that it can be reported; it cannot be synced."""
    return SourceId(_WITHOUT_ID + digest)


def is_id(source_id: SourceId) -> bool:
    return not source_id.startswith(_WITHOUT_ID)


@dataclass(frozen=True, slots=True)
class SourceEvent:
    id: SessionboardEventId
    name: str
    time_zone: str | None


class Role(StrEnum):
    """What somebody does in a session; a custom role counts as the category it belongs to (rule 14)."""

    SPEAKER = "speaker"
    CHAIRPERSON = "chairperson"
    MODERATOR = "moderator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    id: SourceId
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    email: str | None = None
    job_title: str | None = None
    company_name: str | None = None
    headshot: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def whole_name(self) -> str:
        names = (name.strip() for name in (self.first_name, self.last_name) if name)
        return (self.full_name or "").strip() or " ".join(name for name in names if name)

    @property
    def label(self) -> str:
        return self.whole_name or self.email or self.id


@dataclass(frozen=True, slots=True)
class Participation:
    person: Person
    role: Role


@dataclass(frozen=True, slots=True)
class Session:
    id: SourceId
    title: str | None = None
    description: str | None = None
    status: str | None = None
    """The category: of a custom status, the one it belongs to, never its name (rule 12)."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    unreadable_times: tuple[tuple[str, str], ...] = ()
    """(field, text) of each time that is no instant, for example because it has no offset."""
    is_abstract: bool = False
    is_composition_source: bool = False
    is_subsession: bool = False
    track: str | None = None
    tags: tuple[str, ...] = ()
    people: tuple[Participation, ...] = ()

    def __post_init__(self) -> None:
        for instant in (self.starts_at, self.ends_at):
            if instant is not None and instant.tzinfo is None:
                message = f"a session's time needs an offset: {instant}"
                raise ValueError(message)

    @property
    def label(self) -> str:
        return self.title or self.id


@dataclass(frozen=True, slots=True)
class ExhibitorContact:
    person: Person
    is_primary: bool = False
    in_role_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exhibitor:
    id: SourceId
    name: str | None = None
    logo: str | None = None
    contacts: tuple[ExhibitorContact, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is no record: it is reported, and the others go on (rule 29)."""

    id: SourceId
    label: str
    problem: str
