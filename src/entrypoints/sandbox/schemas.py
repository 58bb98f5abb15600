"""The attributes that Gleanin accepts in writes, as tables so that checks are fast."""

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

Attributes = dict[str, object]
ErrorDetail = tuple[str | None, str]
"""(JSON pointer, what is wrong)."""
Check = Callable[[object], str | None]

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    return "has a NUL character" if "\0" in value else None


def _filled(value: object) -> str | None:
    return _text(value) or (None if str(value).strip() else "can't be blank")


def _email(value: object) -> str | None:
    return _filled(value) or (None if "@" in str(value) else "is not an e-mail address")


def _timestamp(value: object) -> str | None:
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return "must be a time such as 2027-07-21T09:15:00.000Z"
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "is not an existing time"
    return None


def _picture(value: object) -> str | None:
    if problem := _text(value):
        return problem
    path = str(value).partition("?")[0].lower()
    return "is a HEIC image, which is not supported" if path.endswith(".heic") else None


def _integer(value: object) -> str | None:
    return None if type(value) is int else "must be an integer"


def _texts(value: object) -> str | None:
    fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if fits else "must be a list of strings"


def _integers(value: object) -> str | None:
    fits = isinstance(value, list) and all(type(item) is int for item in value)
    return None if fits else "must be a list of integers"


def _further(name: str, lists: AbstractSet[str]) -> Check:
    """Return the check of an attribute that an installed kind brings."""
    if name in lists:
        return _texts
    return _email if name == "email" else _text


@dataclass(frozen=True, slots=True)
class AcceptedSchema:
    """The attributes of one type of record."""

    checks: Mapping[str, Check]
    required: AbstractSet[str]
    lists: frozenset[str] = frozenset()
    """Attributes that become an empty list when they are cleared."""

    @classmethod
    def of_attributes(
        cls, attributes: Iterable[str], required: AbstractSet[str], lists: AbstractSet[str] = frozenset()
    ) -> "AcceptedSchema":
        """Return the schema of a type that only an installed kind has."""
        return cls(_OWN, _OWN.keys() | required).extended(attributes, lists)

    def extended(self, attributes: Iterable[str], lists: AbstractSet[str] = frozenset()) -> "AcceptedSchema":
        """Return the schema with further attributes, of which no more is known than whether they are lists."""
        further = {name: _further(name, lists) for name in attributes}
        return replace(self, checks=further | dict(self.checks), lists=self.lists | lists)

    def error_details(self, given: Attributes, *, creating: bool) -> list[ErrorDetail]:
        found: list[ErrorDetail] = []
        for name, value in given.items():
            check = self.checks.get(name)
            if check is None:
                found.append((f"/data/attributes/{name}", f"{name} is not a writable attribute"))
            elif value is None:
                if name in self.required:
                    found.append((f"/data/attributes/{name}", f"{name} can't be blank"))
            elif problem := check(value):
                found.append((f"/data/attributes/{name}", f"{name} {problem}"))
        if creating and not self.required <= given.keys():
            missing = sorted(self.required - given.keys())
            found += [(f"/data/attributes/{name}", f"{name} is missing") for name in missing]
        return found

    def unset(self) -> Attributes:
        """Return the attributes of a record without values."""
        return {name: [] if name in self.lists else None for name in self.checks}


_OWN: Mapping[str, Check] = {"event_id": _integer, "external_idx": _filled}

SCHEMAS: Mapping[str, AcceptedSchema] = {
    "sessions": AcceptedSchema(
        checks={
            **_OWN,
            "title": _filled,
            "description": _text,
            "starts_at": _timestamp,
            "ends_at": _timestamp,
            "schedule": _text,
            "tracks": _texts,
        },
        required=frozenset({"event_id", "external_idx", "title", "starts_at", "ends_at"}),
        lists=frozenset({"tracks"}),
    ),
    "speakers": AcceptedSchema(
        checks={
            **_OWN,
            "name": _filled,
            "first_name": _text,
            "last_name": _text,
            "email": _email,
            "job_title": _text,
            "company_name": _text,
            "headshot_url": _picture,
            "session_ids": _integers,
        },
        required=frozenset({"event_id", "external_idx", "name", "email"}),
        lists=frozenset({"session_ids"}),
    ),
    "exhibitors": AcceptedSchema(
        checks={**_OWN, "company_name": _filled, "email": _email, "logo_url": _picture},
        required=frozenset({"event_id", "external_idx", "company_name", "email"}),
    ),
}
