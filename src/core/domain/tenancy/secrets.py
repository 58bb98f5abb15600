"""Tokens and access fields: validated on input, and hidden from every representation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

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

    def __bool__(self) -> bool:
        """Return False for `NO_TOKEN`."""
        return bool(self.value)

    @property
    def hint(self) -> str:
        """Return the last four characters; more is never shown (rule 2)."""
        return self.value[-_HINT_LENGTH:] if len(self.value) >= _MIN_LENGTH_FOR_HINT else ""


@dataclass(frozen=True, slots=True)
class _NoToken(Token):
    """The absence of a token."""

    value: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        """Accept the empty text."""


NO_TOKEN: Final[Token] = _NoToken()
"""For systems that need no token."""


@dataclass(frozen=True, slots=True)
class SystemCredentials:
    """The access to a system, as an admin entered it."""

    url: str
    """Of its API; empty if it is known."""
    token: Token
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values of its access fields by name."""


@dataclass(frozen=True, slots=True)
class SealedToken:
    """An encrypted token, as it is stored."""

    value: str = field(repr=False)


NOTHING_SEALED: Final = SealedToken("")
"""What is stored for a system that needs no token."""


@dataclass(frozen=True, slots=True)
class SealedFields:
    """The values of all access fields as one encrypted document, as it is stored."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedCredentials:
    """The access to a system, as it is stored."""

    url: str
    token: SealedToken
    fields: SealedFields | None = None
    """None if there are none."""
