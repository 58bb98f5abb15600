"""What an admin enters to access a system: its URL, a token, and the fields that its plug-in declares."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.errors import InvalidInput
from core.domain.systems import ExternalSystem
from core.domain.tenancy.secrets import SystemCredentials, Token

MAX_VALUE_LENGTH = 2_000
"""Characters of a value that an admin enters."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = frozenset({"url", "region", "token"})
"""Names of what every access may have."""


@dataclass(frozen=True, slots=True)
class AccessField:
    """A value that an admin enters besides the URL and the token."""

    name: str
    """A lower-case identifier; the value is stored under it, so it must never change."""
    label: str
    help: str = ""
    is_secret: bool = False
    """Whether it is entered like a password, and never shown again."""
    is_required: bool = True
    choices: Sequence[str] = ()
    """The values that are allowed; empty if any is."""

    def __post_init__(self) -> None:
        if problem := self._problem():
            message = f"the access field {self.name!r:.60} {problem}"
            raise ValueError(message)

    def _problem(self) -> str:
        if not _NAME.fullmatch(self.name):
            return "needs a name of at most 40 lower-case letters, digits and underscores"
        if self.name in _TAKEN:
            return f"needs another name: {', '.join(sorted(_TAKEN))} are taken"
        if not self.label.strip() or not self.label.isprintable():
            return "needs a label of printable characters"
        if self.is_secret and self.choices:
            return "cannot be a secret and have choices"
        if not all(map(_is_value, self.choices)) or len(set(self.choices)) < len(self.choices):
            return "needs different choices of printable characters"
        return ""

    def check(self, value: str, system: ExternalSystem) -> None:
        """Check a value; errors never repeat it, because it may be secret.

        Raises:
            InvalidInput: it is about `access.` and the field's name.
        """
        if problem := self._problem_of(value):
            raise InvalidInput(f"{self.label} ({self.name}) of {system} {problem}", about=about(self.name))

    def _problem_of(self, value: str) -> str:
        if not value:
            return "is missing. Enter it." if self.is_required else ""
        if self.choices and value not in self.choices:
            return f"must be one of: {', '.join(self.choices)}. Choose one of them."
        if len(value) > MAX_VALUE_LENGTH:
            return f"is longer than {MAX_VALUE_LENGTH:,} characters. Enter a shorter value."
        if not value.isprintable():
            return "contains line breaks or other characters that cannot be printed. Enter it without them."
        return ""


def _is_value(text: str) -> bool:
    return bool(text) and text == text.strip() and text.isprintable() and len(text) <= MAX_VALUE_LENGTH


def about(name: str) -> str:
    """Return what an error about an access field is about; other inputs may have the same name."""
    return f"access.{name}"


def check_different(fields: Iterable[AccessField]) -> None:
    """Check that no two fields have the same name.

    Raises:
        ValueError
    """
    names: set[str] = set()
    for field in fields:
        if field.name in names:
            message = f"there are two access fields {field.name!r}"
            raise ValueError(message)
        names.add(field.name)


@dataclass(frozen=True, slots=True)
class AccessRequirements:
    """What an admin must enter to access a system."""

    system: ExternalSystem
    fields: Sequence[AccessField] = ()
    needs_token: bool = True
    needs_url: bool = True
    """False if the URL is known."""

    def check(self, url: str, token: Token, values: Mapping[str, str]) -> SystemCredentials:
        """Return the credentials that an admin entered; optional fields that are empty are left out.

        Args:
            url: of the system's API in its normal form; empty if none was entered.
            token: `NO_TOKEN` if none was entered.
            values: of the access fields, by name.

        Raises:
            InvalidInput: something is missing, not needed, or not allowed.
        """
        self._check_url(url)
        return SystemCredentials(url, token, self.check_again(token, values))

    def check_again(self, token: Token, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the values of the access fields for the same URL; see `check`.

        Raises:
            InvalidInput
        """
        self._check_token(token)
        entered = {name: value.strip() for name, value in values.items()}
        names = [field.name for field in self.fields]
        if unknown := next((name for name in entered if name not in names), None):
            known = f"Use {', '.join(names)}." if names else "It has none: leave it out."
            raise InvalidInput(
                f"{self.system} has no access field {unknown!r:.60}. {known}", about=about(unknown)
            )
        for field in self.fields:
            field.check(entered.get(field.name, ""), self.system)
        return {name: entered[name] for name in names if entered.get(name)}

    def _check_url(self, url: str) -> None:
        if self.needs_url and not url:
            raise InvalidInput(f"{self.system} needs the URL of its API. Enter it.", about="url")
        if url and not self.needs_url:
            raise InvalidInput(f"{self.system} needs no URL: it is known. Leave it out.", about="url")

    def _check_token(self, token: Token) -> None:
        if self.needs_token and not token:
            raise InvalidInput(f"{self.system} needs an API token. Enter it.", about="token")
        if token and not self.needs_token:
            raise InvalidInput(f"{self.system} needs no token. Leave it out.", about="token")
