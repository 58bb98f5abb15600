"""What a command printed, and how it ended."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CommandResult:
    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return the single JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return self.document["error"]
