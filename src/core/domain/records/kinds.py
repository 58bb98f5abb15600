"""Kinds of records, as values: their names and words, their fields, where they come from, and when they are written.

A new kind is a value that is registered, a selector over its feed, how a source reads the feed and a destination
writes the kind, and the page of its scope.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from core.domain.errors import InvalidInput
from core.domain.records import feeds
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.kind_settings import KindSetting
from core.domain.records.source_records import Unreadable


class Scope(str):
    """Which kinds a sync run covers: all of them, or those that name this scope."""

    __slots__ = ()

    def __or__(self, other: object) -> "Scope":
        """Return the scope that covers both."""
        return self if self == other else ALL


ALL = Scope("all")
AGENDA = Scope("agenda")
EXHIBITORS = Scope("exhibitors")

LAST_PHASE = 2


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
    destination_group: str = ""
    """Kinds with the same group are one type of record in every destination, so they share its contacts (rule 44). By
    default a kind shares with none."""
    share_text: str = "I am taking part"
    """How a person of this kind announces taking part, before " at " and the event's name."""
    about: str = ""
    """Which of the source's records these are, in sentences for the documentation; empty for none."""
    portal_heading: str = "Share Your Attendance"
    """Of a person's portal page."""
    portal_text: str = ""
    """A sentence below the heading; empty for none."""
    settings: tuple[KindSetting, ...] = ()
    """What an admin can choose for each mapping."""

    @property
    def group(self) -> str:
        return self.destination_group or self.name

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
    scope=AGENDA,
    feed=feeds.SESSIONS,
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
    scope=AGENDA,
    feed=feeds.SESSIONS,
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
    scope=EXHIBITORS,
    feed=feeds.EXHIBITORS,
    required=("company_name", "email"),
    optional=("logo",),
    is_person=True,
    phase=2,
    share_text="Meet us",
)


class KindRegistry:
    """The kinds that are known, in the order in which they were registered."""

    def __init__(self, *kinds: RecordKind) -> None:
        self._kinds: dict[str, RecordKind] = {}
        for kind in kinds:
            self.register(kind)

    def register(self, kind: RecordKind) -> None:
        """Add a kind.

        Raises:
            ValueError: another kind has its name or its plural.
        """
        self.check(kind)
        self._kinds[kind.name] = kind

    def check(self, kind: RecordKind) -> None:
        """Check whether a kind can be added.

        Raises:
            ValueError: another kind has its name or its plural, or it shares a group with a different sort of kind.
        """
        others = (other for other in self if other is not kind)
        if any(kind.name == other.name or kind.plural == other.plural for other in others):
            message = f"there is another kind {kind.name!r} or {kind.plural!r}"
            raise ValueError(message)
        for other in self:
            if other.group == kind.group and _traits(other) != _traits(kind):
                message = f"{kind.name!r} cannot share the destination type of {other.name!r}: they are of different sorts"
                raise ValueError(message)

    def unregister(self, kind: RecordKind) -> None:
        """Remove a kind; what is stored of it can still be read."""
        del self._kinds[kind.name]

    def __iter__(self) -> Iterator[RecordKind]:
        return iter(self._kinds.values())

    def __len__(self) -> int:
        return len(self._kinds)

    def named(self, name: str) -> RecordKind:
        """Return the kind of a stored name; one that only has this name if the kind is not installed any more."""
        return self._kinds.get(name) or _uninstalled(name)

    def with_plural(self, plural: str) -> RecordKind:
        """Return the kind of a stored plural, likewise."""
        return next((kind for kind in self if kind.plural == plural), None) or _uninstalled(plural)

    def sharing(self, group: str) -> tuple[RecordKind, ...]:
        """Return the kinds that are one type of record in a destination."""
        return tuple(kind for kind in self if kind.group == group)

    @property
    def people(self) -> tuple[RecordKind, ...]:
        return tuple(kind for kind in self if kind.is_person)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """List the scopes that the kinds name, and the one that covers all of them."""
        return (*dict.fromkeys(kind.scope for kind in self), ALL)

    def scope_named(self, name: str) -> Scope:
        """Return a scope that can be synced.

        Raises:
            InvalidInput: no kind has it.
        """
        if name not in self.scopes:
            raise InvalidInput(f"There is no scope {name!r:.60}. Use one of: {', '.join(self.scopes)}.")
        return Scope(name)

    def in_scope(self, scope: Scope) -> tuple[RecordKind, ...]:
        """Return the kinds that a run of this scope covers, in the order of writing (rule 25)."""
        chosen = (kind for kind in self if scope in (ALL, kind.scope))
        return tuple(sorted(chosen, key=lambda kind: kind.phase))

    def feeds_in(self, scope: Scope) -> tuple[Feed[SourceRow], ...]:
        """List the feeds that a run of this scope reads."""
        return tuple(dict.fromkeys(kind.feed for kind in self.in_scope(scope)))


@cache
def _uninstalled(name: str) -> RecordKind:
    words = name.replace("_", " ")
    return RecordKind(
        name=name,
        plural=words,
        singular=words,
        scope=Scope(name),
        feed=Feed(name, Unreadable),
        required=(),
        optional=(),
        is_person=False,
        phase=LAST_PHASE,
    )


KINDS = KindRegistry(SESSION, SPEAKER, EXHIBITOR_CONTACT)


def _traits(kind: RecordKind) -> tuple[bool, bool]:
    return kind.is_person, kind.takes_associations


def _named(name: str) -> RecordKind:
    return KINDS.named(name)
