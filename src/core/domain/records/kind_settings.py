"""Settings that kinds of records bring: what an admin can choose for each mapping."""

import re
from dataclasses import dataclass

from core.domain.errors import InvalidInput
from core.domain.text import normalize_line

SettingValue = str | bool
MAX_VALUE_LENGTH = 500
ON, OFF = "on", "off"
"""How a switch is written as text."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class KindSetting:
    """A switch if its default is a bool, a choice if it has choices, and a text otherwise."""

    name: str
    label: str
    help: str = ""
    default: SettingValue = ""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label) of each; the default is one of the values."""

    def __post_init__(self) -> None:
        problem = ""
        if not _NAME.fullmatch(self.name):
            problem = "needs a name of small letters, digits and underscores"
        elif not self.label.strip():
            problem = "needs a label"
        elif self.choices and self.default not in self.values:
            problem = "needs a default that is one of its choices"
        if problem:
            message = f"the setting {self.name!r:.60} {problem}"
            raise ValueError(message)

    @property
    def is_switch(self) -> bool:
        return isinstance(self.default, bool)

    @property
    def values(self) -> tuple[str, ...]:
        """Return what can be chosen; nothing for a switch or a text."""
        return tuple(value for value, _ in self.choices)

    def checked(self, value: object) -> SettingValue:
        """Return a value as it is stored.

        Raises:
            InvalidInput: the setting cannot have it.
        """
        if self.is_switch:
            if value in (ON, OFF):
                return value == ON
            if isinstance(value, bool):
                return value
            raise self._invalid(f"{ON} or {OFF}")
        if self.choices:
            if isinstance(value, str) and value in self.values:
                return value
            raise self._invalid(f"one of: {', '.join(self.values)}")
        if not isinstance(value, str) or len(value) > MAX_VALUE_LENGTH:
            raise self._invalid(f"a text of at most {MAX_VALUE_LENGTH} characters")
        return normalize_line(value) or ""

    def described(self, value: SettingValue) -> str:
        """Return a value in words."""
        if isinstance(value, bool):
            return ON if value else OFF
        return dict(self.choices).get(value, value)

    def _invalid(self, expected: str) -> InvalidInput:
        return InvalidInput(f"{self.label} ({self.name}) must be {expected}.", about="kinds")
