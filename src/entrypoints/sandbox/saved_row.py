"""A row of Sessionboard's stand-in, serialized once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from entrypoints.sandbox.record_copies import instant
from entrypoints.sandbox.responses import json_bytes

Json = dict[str, Any]
# Keys that a row has only if requested with `expand`.
EXPANDABLE = frozenset({"translated_fields", "composition"})
BRIEF_SUBSESSION = frozenset(
    {
        *("id", "friendly_id", "friendly_id_raw", "title", "description", "starts_at", "ends_at"),
        *("parent_session_friendly_id", "parent_session_friendly_id_raw", "created_at", "updated_at"),
        *("speakers", "participants", "is_abstract", "composition_status", "format", "content"),
    }
)


@dataclass(slots=True)
class SavedRow:
    """A row: its search keys and its JSON.

    A change by the API is noted, and made when the JSON is read next, so that a write costs next to nothing.
    """

    id: str
    status: str | None
    is_abstract: bool
    is_source: bool
    times: dict[str, float]
    """createdAt, updatedAt, deletedAt in seconds, if present."""
    _whole: bytes
    _brief: bytes
    """Without the keys that `expand` adds; usually the same object as `_whole`."""
    _pending: Callable[[Json], None] | None = None
    """Brings the row's content up to date."""

    @classmethod
    def of(cls, row: Any) -> "SavedRow":
        whole = json_bytes(row)
        if not isinstance(row, dict):  # saved events may contain junk on purpose
            return cls("", None, is_abstract=False, is_source=False, times={}, _whole=whole, _brief=whole)
        composition = row.get("composition_status")
        deep = bool(EXPANDABLE & row.keys() or row.get("subsessions"))
        return cls(
            id=str(row.get("id")),
            status=row.get("status"),
            is_abstract=bool(row.get("is_abstract")),
            is_source=isinstance(composition, dict) and composition.get("role") == "source",
            times=dict(_times(row)),
            _whole=whole,
            _brief=json_bytes(expanded(row, frozenset())) if deep else whole,
        )

    @property
    def whole(self) -> bytes:
        if self._pending is not None:
            self._settle(self._pending)
        return self._whole

    def body(self, expand: frozenset[str]) -> bytes:
        whole = self.whole
        if whole is self._brief or not expand:
            return self._brief
        return json_bytes(expanded(json.loads(whole), expand))

    def defer(self, change: Callable[[Json], None], updated: float | None = None) -> None:
        """Note that the content is out of date; searches see a later `updated_at` at once."""
        self._pending = change
        if updated is not None and updated > self.times.get("updatedAt", 0):
            self.times["updatedAt"] = updated

    def _settle(self, change: Callable[[Json], None]) -> None:
        content = json.loads(self._whole)
        if isinstance(content, dict):
            change(content)
            fresh = SavedRow.of(content)
            self.times, self._whole, self._brief = fresh.times, fresh.whole, fresh.body(frozenset())
        self._pending = None


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


def _times(row: Json) -> Iterator[tuple[str, float]]:
    for key, name in (("created_at", "createdAt"), ("updated_at", "updatedAt"), ("deleted_at", "deletedAt")):
        at = instant(row.get(key))
        if at is not None:
            yield name, at
