"""What Sessionboard's stand-in was asked to write, so that tests can prove that nothing else was ever written."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class WriteLog:
    requests: Counter[str] = field(default_factory=Counter)
    """Accepted requests, such as `POST /contacts/bulk`, whatever became of their updates."""
    operations: Counter[str] = field(default_factory=Counter)
    """Updates by kind and result, such as `contacts success` or `contacts CONFLICT`."""
    fields: Counter[str] = field(default_factory=Counter)
    """Values set by kind and internal name, such as `contacts gleanin_link`; also of fields that do not exist."""
    violations: Counter[str] = field(default_factory=Counter)
    """Anything but an update of custom fields, such as `contacts delete` or `contacts first_name`; not executed."""

    def as_json(self) -> dict[str, Any]:
        names = ("requests", "operations", "fields", "violations")
        return {name: dict(getattr(self, name)) for name in names}
