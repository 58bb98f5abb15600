"""Events and sessions out of the objects of the toy box."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ports.plugins import (
    Participation,
    ParticipationRole,
    Person,
    Session,
    SourceEvent,
    SourceEventId,
    SourceId,
    SourceRow,
    Unreadable,
    unreadable_row,
)


class Odd(Exception):
    """A value that is not what it should be."""


def event_of(row: Any) -> SourceEvent | Unreadable:
    try:
        return SourceEvent(SourceEventId(_id(row)), _text(row, "name") or _id(row), _text(row, "zone"))
    except Odd as odd:
        return unreadable_row(row, f"{odd}.")


def sessions_of(row: Mapping[str, Any]) -> Iterable[SourceRow]:
    try:
        yield _session(row)
    except Odd as odd:
        yield unreadable_row(row, f"{odd}.")


def _session(row: Mapping[str, Any]) -> Session:
    if row.get("title") == "explode":
        raise ZeroDivisionError("the toy broke")
    people = row.get("people")
    if "title" not in row or not isinstance(people, list):
        raise Odd("It has no title, or no list of people")
    return Session(
        id=SourceId(_id(row)),
        title=_text(row, "title"),
        status="accepted",
        starts_at=_time(row, "starts_at"),
        ends_at=_time(row, "ends_at"),
        people=tuple(Participation(_person(person), ParticipationRole.SPEAKER) for person in people),
    )


def _person(row: Any) -> Person:
    return Person(
        id=SourceId(_id(row)),
        first_name=_text(row, "first_name"),
        last_name=_text(row, "last_name"),
        email=_text(row, "email"),
    )


def _id(row: Any) -> str:
    value = row.get("id") if isinstance(row, dict) else None
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 255:
        raise Odd("It has no id")
    return value


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if not isinstance(value, str | None):
        raise Odd(f"Its {key} is no text")
    return value


def _time(row: Mapping[str, Any], key: str) -> datetime | None:
    text = _text(row, key)
    if not text or not text.strip():
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise Odd(f"Its {key} has no offset")
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Odd(f"Its {key} is no time") from error
