"""The data of an event in the Sessionboard stand-in: its rows, serialized once."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from entrypoints.sandbox.field_values import FieldValues
from entrypoints.sandbox.record_copies import PEOPLE, SESSION_FIELDS
from entrypoints.sandbox.record_index import RecordIndex
from entrypoints.sandbox.responses import json_bytes
from entrypoints.sandbox.saved_row import SavedRow

Json = dict[str, Any]
IN_STATUS = (
    "id",
    "friendly_id",
    "friendly_id_raw",
    "parent_session_friendly_id",
    "parent_session_friendly_id_raw",
    "status",
    "custom_status_id",
    "custom_status",
    "is_abstract",
    "composition_status",
    "deleted_at",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Query:
    status: str | None = None
    is_abstract: bool | None = None
    ranges: tuple[tuple[str, float, float], ...] = ()
    """(createdAt | updatedAt | deletedAt, after, before), in seconds."""
    order: str | None = None
    descending: bool = False
    sources: bool = True

    def matches(self, row: SavedRow) -> bool:
        return (
            (self.status is None or row.status == self.status)
            and (self.is_abstract is None or row.is_abstract == self.is_abstract)
            and (self.sources or not row.is_source)
            and all(after < row.times.get(name, math.nan) < before for name, after, before in self.ranges)
        )


@dataclass(slots=True)
class ProgrammeSearch:
    """An event. An edit creates a new object, so that cached searches are never stale."""

    event: Json
    sessions: dict[str, SavedRow]
    """Including deleted ones, which the list of statuses shows."""
    exhibitors: dict[str, SavedRow]
    further: dict[str, dict[str, SavedRow]] = field(default_factory=dict)
    """The rows that further kinds are read from, by the feed's name."""
    values: FieldValues = field(default_factory=FieldValues)
    """The values of the records' custom fields; those of the sandbox once the event is in one."""
    _feeds: dict[str, list[SavedRow]] = field(default_factory=dict)
    _found: dict[tuple[str, Query], list[SavedRow]] = field(default_factory=dict)
    _found_records: dict[tuple[str, Query], list[SavedRow]] = field(default_factory=dict)
    """Searches that a write of a record makes stale."""
    _index: RecordIndex | None = None

    @classmethod
    def of(
        cls,
        event: Json,
        sessions: Iterable[Any],
        exhibitors: Iterable[Any] = (),
        further: Mapping[str, Iterable[Any]] | None = None,
    ) -> "ProgrammeSearch":
        rows = {feed: _by_id(rows) for feed, rows in (further or {}).items()}
        return cls(event, _by_id(sessions), _by_id(exhibitors), rows)

    def with_further(self, further: Mapping[str, Iterable[Any]]) -> "ProgrammeSearch":
        """Return the event with rows for further feeds, except for feeds that it has rows for."""
        rows = {feed: _by_id(rows) for feed, rows in further.items() if feed not in self.further}
        return self._copy(further=self.further | rows) if rows else self

    def with_values(self, values: FieldValues) -> "ProgrammeSearch":
        """Return the event with its custom fields in another place."""
        return self._copy(values=values)

    def _copy(self, **changes: Any) -> "ProgrammeSearch":
        return replace(self, **changes, _feeds={}, _found={}, _found_records={}, _index=None)

    @property
    def id(self) -> int:
        return int(self.event["id"])

    def found(self, feed: str, query: Query) -> list[SavedRow]:
        """Return the rows that match a search, cached for its pages."""
        key = feed, query
        found = self._found if feed in ("sessions", "statuses") else self._found_records
        if key not in found:
            rows = [row for row in self._feed(feed) if query.matches(row)]
            if query.order:
                order = query.order
                rows.sort(key=lambda row: row.times.get(order, 0.0), reverse=query.descending)
            found[key] = rows
        return found[key]

    def record(self, feed: str, record_id: str) -> SavedRow | None:
        """Return a contact, an exhibitor or a record of a further kind."""
        match feed:
            case "contacts":
                return self.index.contacts.get(record_id)
            case "exhibitors":
                return self.exhibitors.get(record_id)
            case _:
                return self.further.get(feed, {}).get(record_id)

    def touch(self, record_id: str, at: float | None = None) -> None:
        """Note that a record's values changed, and its `updated_at` if a time is passed."""
        self.index.touch(record_id, at)
        self._found_records.clear()

    def touch_fields(self) -> None:
        """Note that fields were added, or are shown in another way."""
        if self._index is not None:
            self._index.touch_fields()

    @property
    def index(self) -> RecordIndex:
        """Which rows show a record; building it shows all values that are known."""
        if self._index is None:
            self._index = RecordIndex.of(
                self.id,
                self.values,
                (
                    ("session", self.sessions.values()),
                    ("account", self.exhibitors.values()),
                    *(("account", rows.values()) for rows in self.further.values()),
                ),
            )
            self._index.add_people(self._feeds.get("speakers", ()))
        return self._index

    def _feed(self, feed: str) -> list[SavedRow]:
        if feed not in self._feeds:
            match feed:
                case "sessions":
                    rows = [row for row in self.sessions.values() if "deletedAt" not in row.times]
                case "statuses":
                    rows = [
                        SavedRow.of(status) for row in self.sessions.values() for status in _statuses(row)
                    ]
                case "speakers":
                    rows = [SavedRow.of(person) for person in self._people().values()]
                    if self._index is not None:
                        self._index.add_people(rows)
                case "contacts":
                    rows = list(self.index.contacts.values())
                case "exhibitors":
                    rows = list(self.exhibitors.values())
                case _:
                    rows = list(self.further.get(feed, {}).values())
            self._feeds[feed] = rows
        return self._feeds[feed]

    def _people(self) -> dict[str, Json]:
        people: dict[str, Json] = {}
        for row in self.sessions.values():
            if "deletedAt" not in row.times:
                for person in _people_on(json.loads(row.whole)):
                    contact = {key: value for key, value in person.items() if key not in SESSION_FIELDS}
                    people.setdefault(str(person.get("id")), contact)
        return people

    def saved(self) -> bytes:
        """Return the event in the format of a saved event."""
        lists = {"sessions": self.sessions, "exhibitors": self.exhibitors, **self.further}
        parts = [b'"event":%s' % json_bytes(self.event)]
        for feed, rows in lists.items():
            parts.append(b"%s:[%s]" % (json_bytes(feed), b",".join(row.whole for row in rows.values())))
        return b"{%s}" % b",".join(parts)

    def replaced(self, by: "ProgrammeSearch", at: datetime) -> "ProgrammeSearch":
        """Return the event with other data; sessions missing there become deleted."""
        gone = {
            session_id: row if "deletedAt" in row.times else _merged(row, {"deleted_at": at.isoformat()}, at)
            for session_id, row in self.sessions.items()
            if session_id not in by.sessions
        }
        return ProgrammeSearch(by.event, by.sessions | gone, by.exhibitors, by.further, self.values)

    def edited(self, changes: Json, at: datetime) -> "ProgrammeSearch":
        """Return the event with keys merged into rows by id; a row with a new id is added.

        Args:
            changes: "event" (an object), "sessions", "exhibitors", further feeds, "people" (lists of objects with an id).
                People are changed in every row, without changing the row's `updated_at`.
            at: the new `updated_at` of what is changed.
        """
        sessions, exhibitors = dict(self.sessions), dict(self.exhibitors)
        further = {feed: dict(rows) for feed, rows in self.further.items()}
        lists = {"sessions": sessions, "exhibitors": exhibitors, **further}
        for feed, rows in lists.items():
            for edit in changes.get(feed) or ():
                row_id = str(edit["id"])
                known = rows.get(row_id)
                rows[row_id] = _merged(known, edit, at) if known else SavedRow.of(edit)
        people = {str(person["id"]): person for person in changes.get("people") or ()}
        if people:
            for rows in lists.values():
                for row_id, row in rows.items():
                    content = json.loads(row.whole)
                    if _edit_people(content, people, at):
                        rows[row_id] = SavedRow.of(content)
        return ProgrammeSearch(
            self.event | (changes.get("event") or {}), sessions, exhibitors, further, self.values
        )


def _by_id(rows: Iterable[Any]) -> dict[str, SavedRow]:
    by_id: dict[str, SavedRow] = {}
    for number, row in enumerate(rows):
        saved = SavedRow.of(row)
        # Keep rows without an id and duplicates: they are faults on purpose.
        by_id[saved.id if saved.id and saved.id not in by_id else f"#{number}"] = saved
    return by_id


def _statuses(row: SavedRow) -> Iterator[Json]:
    content = json.loads(row.whole)
    if not isinstance(content, dict):
        return
    nested = [
        _status(subsession) for subsession in content.get("subsessions") or () if isinstance(subsession, dict)
    ]
    yield {**_status(content), "subsessions": nested}
    yield from ({**subsession, "subsessions": []} for subsession in nested)


def _status(row: Json) -> Json:
    return {"deleted_at": None} | {key: row[key] for key in IN_STATUS if key in row}


def _people_on(row: Any) -> Iterator[Json]:
    """Yield the people on a session, its subsessions, or an exhibitor."""
    if not isinstance(row, dict):
        return
    for key in (*PEOPLE, "contacts"):
        yield from (person for person in row.get(key) or () if isinstance(person, dict))
    for nested in row.get("subsessions") or ():
        yield from _people_on(nested)


def _merged(row: SavedRow, edit: Json, at: datetime) -> SavedRow:
    return SavedRow.of(json.loads(row.whole) | {"updated_at": at.isoformat()} | edit)


def _edit_people(row: Any, people: Mapping[str, Json], at: datetime) -> bool:
    edited = False
    for person in _people_on(row):
        edit = people.get(str(person.get("id")))
        if edit is not None:
            key = "contact_updated_at" if "contact_updated_at" in person else "updated_at"
            person.update({key: at.isoformat()} | edit)
            edited = True
    return edited
