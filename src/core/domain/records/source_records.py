"""Source records: sessions, their people, exhibitors and their contacts, as in the source.

They normalize every text (rule 18), so that this holds for any source.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.domain.email import clean_email
from core.domain.ids import SourceEventId, SourceId
from core.domain.text import normalize_line, normalize_rich_text, normalize_url

_WITHOUT_ID = "no-id:"


def id_from_content(digest: str) -> SourceId:
    """Return an id for a row without one, so that it can be reported; it cannot be synced."""
    return SourceId(_WITHOUT_ID + digest)


def is_id(source_id: SourceId) -> bool:
    return not source_id.startswith(_WITHOUT_ID)


@dataclass(frozen=True, slots=True)
class SourceEvent:
    id: SourceEventId
    name: str
    time_zone: str | None

    def __post_init__(self) -> None:
        _normalize(self, _EVENT_TEXTS)
        if not self.name:
            object.__setattr__(self, "name", self.id)


class ParticipationRole(StrEnum):
    """The role of a person in a session; a custom role counts as its category (rule 14)."""

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
    updated_at: datetime | None = field(default=None, repr=False)
    """Which of several copies counts (rule 14). Rows are compared by their repr, and this alone is no change: writing a
    share link into the person's record moves it (rule 38)."""

    def __post_init__(self) -> None:
        _normalize(self, _PERSON_TEXTS)

    @property
    def whole_name(self) -> str:
        return self.full_name or " ".join(filter(None, (self.first_name, self.last_name)))

    @property
    def label(self) -> str:
        return self.whole_name or self.email or self.id


@dataclass(frozen=True, slots=True)
class Participation:
    person: Person
    role: ParticipationRole
    is_accepted: bool | None = None
    """Whether the person has accepted the role (rule 35); None if the source does not tell."""


@dataclass(frozen=True, slots=True)
class Session:
    id: SourceId
    title: str | None = None
    description: str | None = None
    status: str | None = None
    """The status category; a custom status counts as its category, not its name (rule 12)."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    unreadable_times: tuple[tuple[str, str], ...] = ()
    """(field, text) of each time that is not an instant, for example because it has no UTC offset."""
    is_abstract: bool = False
    is_composition_source: bool = False
    is_subsession: bool = False
    is_confirmed: bool | None = None
    """Whether its people have confirmed that it takes place (rule 35); None if the source does not tell."""
    track: str | None = None
    tags: tuple[str, ...] = ()
    people: tuple[Participation, ...] = ()

    def __post_init__(self) -> None:
        for instant in (self.starts_at, self.ends_at):
            if instant is not None and instant.tzinfo is None:
                message = f"a session's time needs an offset: {instant}"
                raise ValueError(message)
        _normalize(self, _SESSION_TEXTS)
        if self.unreadable_times:
            times = tuple((name, normalize_line(text) or "") for name, text in self.unreadable_times)
            object.__setattr__(self, "unreadable_times", times)
        if self.tags:
            tags = tuple(filter(None, map(normalize_line, self.tags)))
            object.__setattr__(self, "tags", tags)

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

    def __post_init__(self) -> None:
        _normalize(self, _EXHIBITOR_TEXTS)

    @property
    def label(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that cannot be read as a record: it is reported, and the others continue (rule 29)."""

    id: SourceId
    label: str
    problem: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", normalize_line(self.label) or self.id)
        object.__setattr__(self, "problem", normalize_line(self.problem) or "")


_Texts = Mapping[str, Callable[[str | None], str | None]]
_EVENT_TEXTS: _Texts = dict.fromkeys(("name", "time_zone"), normalize_line)
_PERSON_TEXTS: _Texts = {
    **dict.fromkeys(("first_name", "last_name", "full_name", "job_title", "company_name"), normalize_line),
    "email": clean_email,
    "headshot": normalize_url,
}
_SESSION_TEXTS: _Texts = {
    **dict.fromkeys(("title", "status", "track"), normalize_line),
    "description": normalize_rich_text,
}
_EXHIBITOR_TEXTS: _Texts = {"name": normalize_line, "logo": normalize_url}


def _normalize(record: object, texts: _Texts) -> None:
    """Normalize a record's texts during its construction."""
    for name, normalize in texts.items():
        text = getattr(record, name)
        if text is not None and (normal := normalize(text)) is not text:
            object.__setattr__(record, name, normal)
