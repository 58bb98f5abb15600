"""Kinds of records, as values: their names and words, their fields, where they come from, and when they are written.

A new kind is a new value here, a selector over a feed, and its schemas in the adapters; nothing else depends on a kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed, SourceRow


class Scope(StrEnum):
    """Which kinds a sync run covers."""

    AGENDA = "agenda"
    EXHIBITORS = "exhibitors"
    ALL = "all"

    def __or__(self, other: object) -> "Scope":
        """Return the scope that covers both."""
        return self if self == other else Scope.ALL


@dataclass(frozen=True, slots=True)
class RecordKind:
    name: str
    plural: str
    """As counts and messages call it: "84 sessions attempted"."""
    singular: str
    """Likewise: "1 session attempted"."""
    scope: Scope
    feed: Feed[SourceRow]
    """The source's rows that it is selected from."""
    required: tuple[str, ...]
    optional: tuple[str, ...]
    is_person: bool
    """People have an e-mail address, which may belong to one contact only, and share links."""
    phase: int
    """Lower phases are written first (rule 25)."""
    takes_associations: bool = False
    """People can be associated with such records (a speaker with sessions), by their ids in the destination."""
    share_text: str = ""
    """How a person of this kind announces taking part, before " at " and the event's name."""

    @property
    def fields(self) -> tuple[str, ...]:
        return self.required + self.optional

    def __reduce__(self) -> tuple[Callable[[str], "RecordKind"], tuple[str]]:
        """Return how to unpickle a kind: as the registered value itself."""
        return _named, (self.name,)

    def counted(self, number: int) -> str:
        return f"{number} {self.singular if number == 1 else self.plural}"

    def __str__(self) -> str:
        return self.name.replace("_", " ")


SESSION = RecordKind(
    name="session",
    plural="sessions",
    singular="session",
    scope=Scope.AGENDA,
    feed=SESSIONS,
    required=("title", "starts_at", "ends_at"),
    optional=("schedule", "description", "tracks"),
    is_person=False,
    phase=1,
    takes_associations=True,
)
SPEAKER = RecordKind(
    name="speaker",
    plural="speakers",
    singular="speaker",
    scope=Scope.AGENDA,
    feed=SESSIONS,
    required=("first_name", "last_name", "email"),
    optional=("name", "job_title", "company_name", "headshot", "sessions"),
    is_person=True,
    phase=2,
    share_text="I am speaking",
)
EXHIBITOR_CONTACT = RecordKind(
    name="exhibitor_contact",
    plural="exhibitors",
    singular="exhibitor",
    scope=Scope.EXHIBITORS,
    feed=EXHIBITORS,
    required=("company_name", "email"),
    optional=("logo",),
    is_person=True,
    phase=2,
    share_text="Meet us",
)

KINDS = (SESSION, SPEAKER, EXHIBITOR_CONTACT)
KINDS_BY_NAME = {kind.name: kind for kind in KINDS}


def _named(name: str) -> RecordKind:
    return KINDS_BY_NAME[name]


PEOPLE = tuple(kind for kind in KINDS if kind.is_person)


def kinds_in(scope: Scope) -> tuple[RecordKind, ...]:
    """Return the kinds that a run of this scope covers, in the order of writing (rule 25)."""
    chosen = (kind for kind in KINDS if scope in (Scope.ALL, kind.scope))
    return tuple(sorted(chosen, key=lambda kind: kind.phase))


def feeds_in(scope: Scope) -> tuple[Feed[SourceRow], ...]:
    """List the feeds that a run of this scope reads."""
    return tuple(dict.fromkeys(kind.feed for kind in kinds_in(scope)))
