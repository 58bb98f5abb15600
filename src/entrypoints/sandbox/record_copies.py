"""The records within a row of Sessionboard's stand-in: the row itself, and copies of people and accounts in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from entrypoints.sandbox.custom_fields import Module

Json = dict[str, Any]
PEOPLE = ("participants", "speakers", "chairpersons", "moderators")
SESSION_FIELDS = frozenset({"participant_role", "session_participant_id", "is_public", "order"})
"""Keys that a person has on a session but not as a contact."""
ACCOUNT_FIELDS = frozenset({"is_primary", "friendly_id_raw"})
ACCOUNT_TIMES = {"contact_created_at": "created_at", "contact_updated_at": "updated_at"}
"""The times of a contact within an account, and those of the contact itself."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A record as it stands in a row."""

    id: str
    content: Json
    module: Module
    time_key: str = "updated_at"
    has_fields: bool = True
    """Contacts within an account come without custom fields."""

    @classmethod
    def of(cls, content: Json, module: Module) -> "Copy":
        return cls(str(content.get("id")), content, module)


def copies_in(row: Any, module: Module) -> Iterator[Copy]:
    """Yield the row itself, unless it is a session, and the copies within it."""
    if not isinstance(row, dict):
        return
    match module:
        case "contact":
            yield Copy.of(row, module)
        case "account":
            yield from _account(row)
        case "session":
            yield from _on_session(row)


def _on_session(row: Json) -> Iterator[Copy]:
    for key, listed in row.items():
        for item in listed if isinstance(listed, list) else ():
            if not isinstance(item, dict):
                continue
            if key in PEOPLE:
                yield Copy.of(item, "contact")
            elif key == "subsessions":
                yield from _on_session(item)
            elif "contacts" in item:  # an account of any kind
                yield from _account(item)


def _account(row: Json) -> Iterator[Copy]:
    yield Copy.of(row, "account")
    for contact in _objects(row, "contacts"):
        yield Copy(str(contact.get("id")), contact, "contact", "contact_updated_at", has_fields=False)


def contact_of(copy: Copy) -> Json:
    """Return a person as the search for contacts shows it."""
    hidden = SESSION_FIELDS if copy.has_fields else ACCOUNT_FIELDS
    contact = {
        ACCOUNT_TIMES.get(key, key): value
        for key, value in copy.content.items()
        if key not in hidden and not key.startswith("relationship_")
    }
    return contact | {"custom_fields": contact.get("custom_fields") or []}


def instant(value: object) -> float | None:
    """Return a time as seconds, or None if the value is not a time."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if read is None:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _objects(row: Json, key: str) -> Iterator[Json]:
    listed = row.get(key)
    return (item for item in (listed if isinstance(listed, list) else ()) if isinstance(item, dict))
