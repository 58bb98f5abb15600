"""Updates of records in Sessionboard's stand-in: of their custom fields, and of nothing else."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from entrypoints.sandbox.custom_fields import CustomField
from entrypoints.sandbox.record_copies import instant
from entrypoints.sandbox.saved_row import SavedRow
from entrypoints.sandbox.search import ProgrammeSearch
from entrypoints.sandbox.state import SandboxState
from entrypoints.sandbox.writable_kinds import WritableKind
from entrypoints.sandbox.write_hooks import HookEvent

Json = dict[str, Any]
WRITABLE_KEYS = ("updated_at", "custom_fields")
STATUSES = {
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "CONFLICT": HTTPStatus.CONFLICT,
    "VALIDATION": HTTPStatus.BAD_REQUEST,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
}
"""The status of an update alone by the code of an item in a bulk; the codes are not documented."""


class WriteRefused(Exception):
    """An update that is not executed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def status(self) -> int:
        return STATUSES.get(self.code, HTTPStatus.INTERNAL_SERVER_ERROR)


@dataclass(frozen=True, slots=True)
class RecordWriter:
    state: SandboxState
    programme: ProgrammeSearch
    kind: WritableKind

    def update(self, record_id: str, data: Json) -> SavedRow:
        """Execute an update and return the record.

        Raises:
            WriteRefused: it is not executed.
        """
        log = self.state.sessionboard.log
        log.violations.update(f"{self.kind.path} {key}" for key in data if key not in WRITABLE_KEYS)
        try:
            row = self._update(record_id, data)
        except WriteRefused as refused:
            log.operations[f"{self.kind.path} {refused.code}"] += 1
            raise
        log.operations[f"{self.kind.path} success"] += 1
        self.state.sessionboard.hooks.add(
            HookEvent(self.programme.id, self.kind.path, self.kind.feed, record_id, self.state.clock())
        )
        return row

    def refuse(self, action: str) -> None:
        """Count an action that the sandbox never executes.

        Raises:
            WriteRefused: always.
        """
        self.state.sessionboard.log.violations[f"{self.kind.path} {action}"] += 1
        raise WriteRefused("NOT_EXECUTED", "The sandbox executes updates only.")

    def _update(self, record_id: str, data: Json) -> SavedRow:
        if edit := self.state.sessionboard.interventions.pop(record_id, None):
            edit()
        row = self.programme.record(self.kind.feed, record_id)
        if row is None:
            raise WriteRefused("NOT_FOUND", f"There is no such {self.kind.singular}.")
        self._fail_as_told(record_id)
        changes = self._changes(data)
        self._check_guard(row, data)
        self.state.set_values(self.programme, record_id, changes, row.times.get("updatedAt"))
        return row

    def _fail_as_told(self, record_id: str) -> None:
        failure = self.state.sessionboard.failures.get(record_id)
        if failure is None:
            return
        if failure.times is not None:
            failure.times -= 1
            if failure.times <= 0:
                del self.state.sessionboard.failures[record_id]
        raise WriteRefused(failure.code, "The record could not be written.")

    def _changes(self, data: Json) -> list[tuple[CustomField, str | None]]:
        """Return the new values of fields that exist."""
        values = data.get("custom_fields", {})
        if not isinstance(values, dict):
            raise WriteRefused("VALIDATION", "custom_fields must be an object.")
        find = self.state.sessionboard.values.definitions.find
        changes = []
        for internal_name, value in values.items():
            self.state.sessionboard.log.fields[f"{self.kind.path} {internal_name}"] += 1
            found = find(self.programme.id, self.kind.module, internal_name)
            if found is None or found.source != "custom":
                continue  # ignored without a word
            if problem := found.problem_with(value):
                raise WriteRefused("VALIDATION", f"{problem}.")
            changes.append((found, value))
        return changes

    def _check_guard(self, row: SavedRow, data: Json) -> None:
        if "updated_at" not in data:
            return
        guard = instant(data["updated_at"])
        if guard is None:
            raise WriteRefused("VALIDATION", "updated_at must be a time in ISO 8601.")
        if guard != row.times.get("updatedAt"):
            raise WriteRefused("CONFLICT", f"The {self.kind.singular} was modified since it was fetched.")
