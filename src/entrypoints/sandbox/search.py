"""The data of an event in the Sessionboard stand-in: its rows, serialized once."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from entrypoints.sandbox.responses import json_bytes

Json = dict[str, Any]
# Keys that a row has only if requested with `expand`.
EXPANDABLE = frozenset({"translated_fields", "composition"})
PEOPLE = ("participants", "speakers", "chairpersons", "moderators")
SESSION_FIELDS = frozenset({"participant_role", "session_participant_id", "is_public", "order"})
"""Keys that a person has on a session but not as a contact."""
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
BRIEF_SUBSESSION = frozenset(
    {
        *("id", "friendly_id", "friendly_id_raw", "title", "description", "starts_at", "ends_at"),
        *("parent_session_friendly_id", "parent_session_friendly_id_raw", "created_at", "updated_at"),
        *("speakers", "participants", "is_abstract", "composition_status", "format", "content"),
    }
)


@dataclass(frozen=True, slots=True)
class SavedRow:
    """A row: its search keys and its JSON."""

    id: str
    status: str | None
    is_abstract: bool
    is_source: bool
    times: Mapping[str, float]
    """createdAt, updatedAt, deletedAt in seconds, if present."""
    whole: bytes
    brief: bytes
    """Without the keys that `expand` adds; usually the same object as `whole`."""

    @classmethod
    def of(cls, row: Any) -> "SavedRow":
        whole = json_bytes(row)
        if not isinstance(row, dict):  # saved events may contain junk on purpose
            return cls("", None, is_abstract=False, is_source=False, times={}, whole=whole, brief=whole)
        composition = row.get("composition_status")
        deep = bool(EXPANDABLE & row.keys() or row.get("subsessions"))
        return cls(
            id=str(row.get("id")),
            status=row.get("status"),
            is_abstract=bool(row.get("is_abstract")),
            is_source=isinstance(composition, dict) and composition.get("role") == "source",
            times=dict(_times(row)),
            whole=whole,
            brief=json_bytes(expanded(row, frozenset())) if deep else whole,
        )

    def body(self, expand: frozenset[str]) -> bytes:
        if self.whole is self.brief or not expand:
            return self.brief
        return json_bytes(expanded(json.loads(self.whole), expand))


def expanded(row: Json, expand: frozenset[str]) -> Json:
    shown = {key: value for key, value in row.items() if key not in EXPANDABLE - expand}
    subsessions = row.get("subsessions")
    if isinstance(subsessions, list) and "subsession_details" not in expand:
        shown["subsessions"] = [
            {key: value for key, value in subsession.items() if key in BRIEF_SUBSESSION}
            if isinstance(subsession, dict)
            else subsession
            for subsession in subsessions
        ]
    return shown


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
    _feeds: dict[str, list[SavedRow]] = field(default_factory=dict)
    _found: dict[tuple[str, Query], list[SavedRow]] = field(default_factory=dict)

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
        return replace(self, further=self.further | rows, _feeds={}, _found={}) if rows else self

    @property
    def id(self) -> int:
        return int(self.event["id"])

    def found(self, feed: str, query: Query) -> list[SavedRow]:
        """Return the rows that match a search, cached for its pages."""
        key = feed, query
        if key not in self._found:
            rows = [row for row in self._feed(feed) if query.matches(row)]
            if query.order:
                order = query.order
                rows.sort(key=lambda row: row.times.get(order, 0.0), reverse=query.descending)
            self._found[key] = rows
        return self._found[key]

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
        return ProgrammeSearch(by.event, by.sessions | gone, by.exhibitors, by.further)

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
        return ProgrammeSearch(self.event | (changes.get("event") or {}), sessions, exhibitors, further)


def instant(value: object) -> float | None:
    """Return a time as seconds, or None if the value is not a time."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if read is None:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _times(row: Json) -> Iterator[tuple[str, float]]:
    for key, name in (("created_at", "createdAt"), ("updated_at", "updatedAt"), ("deleted_at", "deletedAt")):
        at = instant(row.get(key))
        if at is not None:
            yield name, at


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
