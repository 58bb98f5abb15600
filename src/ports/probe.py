"""The probe that compares a real account at the destination with our assumptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.domain.tenancy.secrets import Token


class Marked(StrEnum):
    """The basis of an assumption."""

    DOCUMENTED = "doc"
    GUESSED = "guess"


class Verdict(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Finding:
    assumption: str
    marked: Marked
    verdict: Verdict
    seen: str
    """Names, types and numbers; never content that people wrote, and no token."""


class DestinationProbe(Protocol):
    """A probe that only reads."""

    async def __call__(self, token: Token) -> Sequence[Finding]:
        """Compare the token's account with our assumptions.

        Raises:
            DestinationError: the account cannot be read at all.
        """
        ...
