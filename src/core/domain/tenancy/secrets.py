"""Tokens on their way in: checked, and hidden from every representation."""

from dataclasses import dataclass, field

from core.domain.errors import InvalidInput

_LONGEST = 4096
_HINT_LENGTH = 4
_SHORTEST_WITH_HINT = 12
"""Four characters of a shorter token would give too much of it away."""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token in the clear; it never appears in a repr (rule 2)."""

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if problem := self._problem():
            raise InvalidInput(problem, about="token")

    def _problem(self) -> str:
        if not self.value:
            return "The token is empty."
        if len(self.value) > _LONGEST:
            return f"The token is longer than {_LONGEST} characters."
        if not all("!" <= character <= "~" for character in self.value):
            return "The token has characters that no API token has (spaces, line breaks or accents)."
        return ""

    @property
    def hint(self) -> str:
        """The last four characters, the most that is ever shown (rule 2)."""
        return self.value[-_HINT_LENGTH:] if len(self.value) >= _SHORTEST_WITH_HINT else ""


@dataclass(frozen=True, slots=True)
class SealedToken:
    """An encrypted token, as it is stored."""

    value: str = field(repr=False)
