"""The custom fields of Sessionboard's stand-in: their definitions, and the kinds of values that they hold."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Annotated, Any, Literal, get_args
from uuid import UUID, uuid5

from annotated_types import MinLen
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked_dataclass

Json = dict[str, Any]
Module = Literal["contact", "account", "session"]
Scope = Literal["event", "global"]
Source = Literal["custom", "standard"]
MODULES: tuple[Module, ...] = get_args(Module)
SCOPES: tuple[Scope, ...] = get_args(Scope)
SOURCES: tuple[Source, ...] = get_args(Source)
MAX_LENGTH = {"text": 255, "textarea": 5000}
"""Characters; types that are not listed hold as many as a text."""
FieldType = Literal["text", "textarea", "wysiwyg", "dropdown", "checkbox", "number", "date", "url"]
TYPES: tuple[FieldType, ...] = get_args(FieldType)
ANY_EVENT = None
"""The place of global fields and of their values."""
_NAMESPACE = UUID("6d1cf3a6-3d57-4e24-8d2a-0d1f5b2c9e11")


@checked_dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class CustomField:
    internal_name: Annotated[str, MinLen(1)]
    name: Annotated[str, MinLen(1)]
    """Shown to people; two fields can have the same."""
    type: FieldType = "text"
    module: Module = "contact"
    scope: Scope = "event"
    source: Source = "custom"
    contains_pii: bool = False
    created_at: str = "2026-10-01T09:00:00.000Z"
    updated_at: str = "2026-10-01T09:00:00.000Z"

    def resource(self, event_id: int) -> Json:
        """Return the field as the API lists it; it does not tell the module."""
        place = "" if self.scope == "global" else event_id
        return {
            "id": str(uuid5(_NAMESPACE, f"{place} {self.module} {self.internal_name}")),
            "internal_name": self.internal_name,
            "public_name": self.name,
            "field_type": self.type,
            "field_source": self.source,
            "contains_pii": self.contains_pii,
            "scope": self.scope,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }

    def value_id(self, record_id: str) -> str:
        """Return the id of a record's value, which is not the id of the field."""
        return f"{record_id}-{self.internal_name}"

    def problem_with(self, value: object) -> str | None:
        """Return why the field cannot hold a value; null clears it."""
        if value is None:
            return None
        if not isinstance(value, str):
            return f"{self.internal_name} must be a string"
        longest = MAX_LENGTH.get(self.type, MAX_LENGTH["text"])
        return f"{self.internal_name} is longer than {longest} characters" if len(value) > longest else None


_FIELD = TypeAdapter(CustomField)


def parse_field(document: Any) -> CustomField:
    """Parse a field of a saved event or of the control routes: its attributes, of which only the name is required.

    Raises:
        ValueError: it is not valid.
    """
    if isinstance(document, dict):
        document = {"internal_name": _slug(str(document.get("name") or ""))} | document
    return _FIELD.validate_python(document)


@dataclass(slots=True)
class FieldDefinitions:
    """The fields of all events, by event id; global ones are those of `ANY_EVENT`."""

    _by_event: dict[int | None, dict[tuple[Module, str], CustomField]] = field(default_factory=dict)

    def of(self, event_id: int, module: str | None = None) -> Iterator[CustomField]:
        """Yield an event's fields, oldest first: the global ones and its own."""
        for place in (ANY_EVENT, event_id):
            for defined in self._by_event.get(place, {}).values():
                if module in (None, defined.module):
                    yield defined

    def find(self, event_id: int, module: Module, internal_name: str) -> CustomField | None:
        key = module, internal_name
        own = self._by_event.get(event_id, {}).get(key)
        return own or self._by_event.get(ANY_EVENT, {}).get(key)

    def add(self, event_id: int, added: CustomField) -> None:
        """Add a field, or replace the one of the same module and internal name."""
        place = ANY_EVENT if added.scope == "global" else event_id
        self._by_event.setdefault(place, {})[added.module, added.internal_name] = added

    def has_own(self, event_id: int) -> bool:
        return event_id in self._by_event

    def clear(self, event_id: int) -> None:
        """Remove the event's own fields."""
        self._by_event[event_id] = {}

    def free_internal_name(self, event_id: int, module: Module, name: str) -> str:
        """Return the internal name of a new field, which no other field of the module has."""
        slug = _slug(name) or "field"
        names = (slug if number == 1 else f"{slug}_{number}" for number in count(1))
        return next(free for free in names if self.find(event_id, module, free) is None)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def default_fields() -> Iterator[CustomField]:
    """Yield the fields of an event that brings none of its own; none of them is for links."""
    standard: Mapping[Module, Mapping[str, str]] = {
        "contact": {"first_name": "First name", "last_name": "Last name", "email": "Email", "title": "Title"},
        "account": {"name": "Name", "description": "Description", "website_url": "Website"},
        "session": {"title": "Title", "description": "Description"},
    }
    for module, names in standard.items():
        for internal_name, name in names.items():
            yield CustomField(
                internal_name,
                name,
                module=module,
                scope="global",
                source="standard",
                contains_pii=module == "contact",
            )
    yield CustomField("twitter_handle", "Twitter handle")
    yield CustomField("dietary_needs", "Dietary needs", "textarea", contains_pii=True)
    yield CustomField("name_pronunciation", "Name pronunciation", scope="global")
    yield CustomField("booth_number", "Booth number", module="account")
    yield CustomField("billing_email", "Billing email", module="account", scope="global", contains_pii=True)
    yield CustomField("technical_needs", "Technical needs", "textarea", module="session")
