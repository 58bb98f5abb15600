"""The values of custom fields in Sessionboard's stand-in, and how its answers show them."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from entrypoints.sandbox.contacts import timestamp
from entrypoints.sandbox.custom_fields import ANY_EVENT, CustomField, FieldDefinitions, Module
from entrypoints.sandbox.record_copies import Copy, copies_in, instant

Json = dict[str, Any]
EmptyAs = Literal["null", "text", "absent"]
"""How a field without a value is listed: with null, with an empty string, or not at all."""
Place = tuple[int | None, str]
"""Event id (or `ANY_EVENT`) and record id."""


ROUNDING = 0.01
"""Of a millisecond; a time in seconds is not exact."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    value: str | None
    created_at: str


@dataclass(slots=True)
class FieldValues:
    clock: Callable[[], float] = time.time
    definitions: FieldDefinitions = field(default_factory=FieldDefinitions)
    masked: frozenset[str] = frozenset()
    """Internal names of fields that show masked values, as for a token that hides personal data."""
    empty_as: EmptyAs = "null"
    _values: dict[Place, dict[tuple[Module, str], FieldValue]] = field(default_factory=dict)
    _moved: dict[tuple[int, str], float] = field(default_factory=dict)
    """The `updated_at` of records that were written."""
    _last: int = 0

    def next_time(self, after: float | None = None) -> float:
        """Return the time for a write in whole milliseconds; each is later than those before and than `after`."""
        self._last = max(self._last + 1, int(self.clock() * 1000))
        later = 0 if after is None else int(after * 1000 + ROUNDING) + 1
        return max(self._last, later) / 1000

    def put(self, event_id: int, record_id: str, of: CustomField, value: str | None) -> None:
        """Set a value; an empty one clears it."""
        place = ANY_EVENT if of.scope == "global" else event_id, record_id
        values = self._values.setdefault(place, {})
        key = of.module, of.internal_name
        known = values.get(key)
        created = known.created_at if known and known.value else timestamp(self.clock())
        values[key] = FieldValue(value or None, created)

    def move(self, event_id: int, record_id: str, at: float) -> None:
        """Set the `updated_at` of a record."""
        self._moved[event_id, record_id] = at

    def moved(self, event_id: int, record_id: str) -> float | None:
        return self._moved.get((event_id, record_id))

    def has_any(self, event_id: int, record_id: str) -> bool:
        """Check whether a record was written or has values, so that its saved row does not show all."""
        moved = (event_id, record_id) in self._moved
        return moved or any((place, record_id) in self._values for place in (event_id, ANY_EVENT))

    def has_any_in(self, event_id: int) -> bool:
        """Check whether a record of an event was written or has values."""
        places = {place for place, _ in self._values} | {place for place, _ in self._moved}
        return not places.isdisjoint((event_id, ANY_EVENT))

    def of_field(self, event_id: int, of: CustomField) -> dict[str, str]:
        """Return the unmasked values of a field by record id."""
        place, key = (ANY_EVENT if of.scope == "global" else event_id), (of.module, of.internal_name)
        return {
            record_id: held[key].value or ""
            for (at, record_id), held in self._values.items()
            if at == place and key in held and held[key].value
        }

    def show_changes(self, event_id: int, module: Module, row: Json) -> None:
        """Bring a row of records of a module up to date, and the copies of other records within it."""
        for copy in copies_in(row, module):
            if self.has_any(event_id, copy.id):
                self.show(event_id, copy)

    def show_contact(self, event_id: int, row: Json) -> None:
        """Bring a row of the search for contacts up to date, which lists all fields."""
        self.show(event_id, Copy.of(row, "contact"))

    def show(self, event_id: int, copy: Copy) -> None:
        """Bring one copy of a record up to date."""
        at = self._moved.get((event_id, copy.id))
        shown = instant(copy.content.get(copy.time_key))
        if at is not None and (shown is None or shown < at):
            copy.content[copy.time_key] = timestamp(at)
        if copy.has_fields:
            saved = copy.content.get("custom_fields")
            entries = saved if isinstance(saved, list) else []
            copy.content["custom_fields"] = list(self._listed(event_id, copy.module, copy.id, entries))

    def _listed(self, event_id: int, module: Module, record_id: str, saved: Iterable[Any]) -> Iterator[Json]:
        """Yield the values as answers list them: those of the row that no field replaces, then all fields."""
        entries = {entry.get("internal_name"): entry for entry in saved if isinstance(entry, dict)}
        for defined in self.definitions.of(event_id, module):
            if defined.source == "standard":
                continue
            place = ANY_EVENT if defined.scope == "global" else event_id, record_id
            held = self._values.get(place, {}).get((module, defined.internal_name))
            entry = entries.pop(defined.internal_name, None)
            value = held.value if held else entry.get("value") if entry else None
            if value or self.empty_as != "absent":
                yield {
                    "id": defined.value_id(record_id),
                    "name": defined.name,
                    "internal_name": defined.internal_name,
                    "type": defined.type,
                    "value": self._shown(defined, value),
                    "created_at": held.created_at if held else entry.get("created_at") if entry else None,
                }
        yield from entries.values()

    def _shown(self, of: CustomField, value: object) -> object:
        if not value:
            return "" if self.empty_as == "text" else None
        return f"{str(value)[:1]}***" if of.internal_name in self.masked else value
