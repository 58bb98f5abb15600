"""Tokens: validated on input, and hidden from every representation."""

from dataclasses import dataclass, field

from core.domain.errors import InvalidInput

MAX_TOKEN_LENGTH = 4096
_HINT_LENGTH = 4
_MIN_LENGTH_FOR_HINT = 12
"""Four characters of a shorter token would reveal too much of it."""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token in plain text; it never appears in a repr (rule 2)."""

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if problem := self._problem():
            raise InvalidInput(problem, about="token")

    def _problem(self) -> str:
        if not self.value:
            return "The token is empty."
        if len(self.value) > MAX_TOKEN_LENGTH:
            return f"The token is longer than {MAX_TOKEN_LENGTH} characters."
        if not all("!" <= character <= "~" for character in self.value):
            return "The token contains invalid characters, such as spaces, line breaks or accented letters."
        return ""

    @property
    def hint(self) -> str:
        """Return the last four characters; more is never shown (rule 2)."""
        return self.value[-_HINT_LENGTH:] if len(self.value) >= _MIN_LENGTH_FOR_HINT else ""


@dataclass(frozen=True, slots=True)
class SealedToken:
    """An encrypted token, as it is stored."""

    value: str = field(repr=False)
