"""Which rows of an event show a record, and the contacts of the event."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from entrypoints.sandbox.custom_fields import Module
from entrypoints.sandbox.field_values import FieldValues
from entrypoints.sandbox.record_copies import contact_of, copies_in
from entrypoints.sandbox.saved_row import SavedRow

Json = dict[str, Any]
Update = Callable[[Json], None]


@dataclass(slots=True)
class RecordIndex:
    event_id: int
    values: FieldValues
    contacts: dict[str, SavedRow] = field(default_factory=dict)
    """Every person of the event once: of sessions and of accounts."""
    _rows: dict[str, list[tuple[SavedRow, Update]]] = field(default_factory=dict)
    """The rows that show a record, by its id, and how each is brought up to date."""

    @classmethod
    def of(
        cls, event_id: int, values: FieldValues, feeds: Iterable[tuple[Module, Iterable[SavedRow]]]
    ) -> "RecordIndex":
        index = cls(event_id, values)
        for module, rows in feeds:
            index._read(module, rows)
        index._show()
        return index

    def _read(self, module: Module, rows: Iterable[SavedRow]) -> None:
        update = self._update(module)
        for row in rows:
            seen = set()
            for copy in copies_in(json.loads(row.whole), module):
                if copy.id not in seen and copy.content.get("id") is not None:
                    seen.add(copy.id)
                    self._rows.setdefault(copy.id, []).append((row, update))
                    if copy.module == "contact" and copy.id not in self.contacts:
                        self.contacts[copy.id] = SavedRow.of(contact_of(copy))

    def _show(self) -> None:
        update = partial(self.values.show_contact, self.event_id)
        for record_id, row in self.contacts.items():
            self._rows[record_id].append((row, update))
            row.defer(update)
        for record_id in self._rows:
            if self.values.has_any(self.event_id, record_id):
                self.touch(record_id, self.values.moved(self.event_id, record_id))

    def add_people(self, rows: Iterable[SavedRow]) -> None:
        """Add rows that are people themselves."""
        update = self._update("contact")
        for row in rows:
            if row.id in self._rows:
                self._rows[row.id].append((row, update))

    def touch(self, record_id: str, at: float | None) -> None:
        """Note that all rows that show a record are out of date; `at` is its new `updated_at`."""
        for row, update in self._rows.get(record_id, ()):
            row.defer(update, at if row.id == record_id else None)

    def touch_fields(self) -> None:
        """Note that the fields of all records are out of date."""
        for record_id in self._rows:
            if record_id in self.contacts or self.values.has_any(self.event_id, record_id):
                self.touch(record_id, None)

    def _update(self, module: Module) -> Update:
        return partial(self.values.show_changes, self.event_id, module)
