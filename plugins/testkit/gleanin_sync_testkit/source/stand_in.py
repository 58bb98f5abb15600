"""The base of an author's stand-in for his system: what it contains, and how it answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from core.domain.records.feeds import SourceRow
from core.domain.records.source_records import Exhibitor, Participation, Person, Session, SourceEvent
from gleanin_sync_testkit.programmes import NOW
from gleanin_sync_testkit.wire import Answer, Request
from ports.plugins import Access, Token

Json = Any
R = TypeVar("R", bound=SourceRow)
SESSIONS, EXHIBITORS, PEOPLE = "sessions", "exhibitors", "people"
"""The names of the lists of an event; `PEOPLE` is used only if `write_person` returns rows."""


@dataclass(slots=True)
class StoredEvent:
    """An event of the stand-in, as it is on the wire."""

    json: Json
    lists: dict[str, list[Json]] = field(default_factory=dict)
    """The rows of each list, by its name."""
    known: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    """Where each row is in its list, and what it was written from; by list and id."""

    def rows(self, name: str) -> list[Json]:
        return self.lists.setdefault(name, [])


@dataclass(slots=True)
class SourceStandIn(ABC):
    """A system in memory. Subclass it without further fields, and write how your system looks.

    The suite puts events and rows into it, changes them, and reads them through the plug-in.
    """

    url: ClassVar[str] = "https://api.example.org"
    """What an admin enters."""
    token: ClassVar[str] = "kit-token-0123456789"  # noqa: S105 - not a secret
    fields: ClassVar[Mapping[str, str]] = {}
    """The values of the plug-in's access fields, by name."""
    page_size: ClassVar[int] = 100
    """How many rows the plug-in asks for, or gets, at most in one answer."""
    time_zone: ClassVar[str] = "Europe/Paris"
    """Of all events."""
    only_event: ClassVar[SourceEvent | None] = None
    """The event of a system whose answers do not say which event they are about.

    Its id, name and zone follow from what an admin enters: `url` and `fields`.
    """
    rows_at: ClassVar[tuple[str, ...]] = ()
    """Where the rows are in an answer's JSON: `("results",)`; empty if the answer is the list itself."""
    total_at: ClassVar[tuple[str, ...]] = ()
    """Where the number of all rows is, if the answer has it."""
    next_at: ClassVar[tuple[str, ...]] = ()
    """Where the link to the next page is, if the answer has one."""

    events: dict[str, StoredEvent] = field(default_factory=dict)
    """By id."""
    now: datetime = NOW
    """When something is changed."""
    changes: dict[str, datetime] = field(default_factory=dict)
    """When each row and person was last changed, by id."""

    @abstractmethod
    def write_event(self, event: SourceEvent) -> Json:
        """Return an event as your system writes it."""

    @abstractmethod
    def write_session(self, session: Session) -> Json:
        """Return a session as your system writes it, with its people, or with references to them."""

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """Answer a request as your system does, from `events`; rows may be any JSON."""

    def write_exhibitor(self, exhibitor: Exhibitor) -> Json:
        """Return an exhibitor as your system writes it."""
        raise NotImplementedError("Write how an exhibitor looks, or declare has_exhibitors=False.")

    def write_person(self, person: Person) -> Json | None:
        """Return the row of a person, if your system has a list of people beside that of the sessions."""
        return None

    def make_id(self, number: int) -> str:
        """Return an id in the form of your system's; another one for each number."""
        return str(number)

    def expected(self, row: R) -> R:
        """Return a row as the plug-in must return it, if it is not as it was put.

        Override it for what follows from your system, such as a full name where there is only one field for names.
        """
        return row

    def belongs_to(self, read_id: str, put_id: str) -> bool:
        """Check whether a row that was read is from the row that was put; override it if ids have several parts."""
        return read_id == put_id

    def list_of(self, request: Request) -> str:
        """Return what is the same for all pages of one list; override it if the path contains the page's number."""
        return f"{request.method} {request.path}"

    def access(self) -> Access:
        return Access(self.url, Token(self.token), fields=dict(self.fields))

    def save(self) -> None:  # noqa: B027 - most have nothing to do here
        """Do what follows a change; for a source that reads something other than answers."""

    def close(self) -> None:  # noqa: B027 - likewise
        """Remove what the stand-in made, at the end of a test."""

    # From here on: what the suite does with it.

    def put_event(self, event: SourceEvent) -> StoredEvent:
        stored = self.events[event.id] = StoredEvent(self.write_event(event))
        self.save()
        return stored

    def remove_event(self, event_id: str) -> None:
        del self.events[event_id]
        self.save()

    def put_rows(self, event_id: str, name: str, rows: Sequence[SourceRow]) -> None:
        """Replace the rows of a list."""
        stored = self.events[event_id]
        former = {key: row for key, (_, row) in stored.known.items()}
        for row_list in (name, PEOPLE) if name == SESSIONS else (name,):
            stored.lists[row_list] = []
            stored.known = {key: at for key, at in stored.known.items() if key[0] != row_list}
        for row in rows:
            self._write(stored, name, row, former)
        self.save()

    def put_row(self, event_id: str, name: str, row: SourceRow) -> None:
        """Add a row, or replace the one with the same id."""
        stored = self.events[event_id]
        self._write(stored, name, row, {key: known for key, (_, known) in stored.known.items()})
        self.save()

    def put_raw(self, event_id: str, name: str, rows: Sequence[Json]) -> None:
        """Replace the rows of a list by any JSON."""
        stored = self.events[event_id]
        stored.lists[name] = [*rows]
        stored.known = {key: at for key, at in stored.known.items() if key[0] != name}
        self.save()

    def remove_row(self, event_id: str, name: str, row_id: str) -> None:
        """Remove a row; its people stay."""
        stored = self.events[event_id]
        at, _ = stored.known.pop((name, row_id))
        del stored.lists[name][at]
        for key, (other, row) in stored.known.items():
            if key[0] == name and other > at:
                stored.known[key] = other - 1, row
        self.save()

    def write_row(self, row: SourceRow) -> Json:
        """Return a row as the system writes it."""
        if isinstance(row, Session):
            return self.write_session(row)
        if isinstance(row, Exhibitor):
            return self.write_exhibitor(row)
        raise NotImplementedError(f"Write how {type(row).__name__} rows look.")

    def _write(
        self, stored: StoredEvent, name: str, row: SourceRow, former: dict[tuple[str, str], Any]
    ) -> None:
        people = [part.person for part in row.people] if isinstance(row, Session) else []
        for person in people:
            if former.get((PEOPLE, person.id)) != person:
                self.changes[person.id] = self.now
            in_list = self.write_person(person)
            if in_list is not None:
                _store(stored, PEOPLE, person.id, in_list, person)
            else:
                stored.known[PEOPLE, person.id] = -1, person
        known = _without_people(row)
        if former.get((name, row.id)) != known:
            self.changes[row.id] = self.now
        _store(stored, name, row.id, self.write_row(row), known)


def _without_people(row: Any) -> Any:
    """Return a session with no more of its people than who they are."""
    if not isinstance(row, Session):
        return row
    people = tuple(Participation(Person(part.person.id), part.role) for part in row.people)
    return replace(row, people=people)


def _store(stored: StoredEvent, name: str, row_id: str, json: Json, known: Any) -> None:
    rows = stored.rows(name)
    at, _ = stored.known.get((name, row_id), (len(rows), None))
    rows[at : at + 1] = [json]
    stored.known[name, row_id] = at, known
