"""Finding out how far a real Gleanin account is what we take it to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.domain.tenancy.secrets import Token


class Marked(StrEnum):
    """What an assumption rests on."""

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
    """Names, types and numbers; never what somebody wrote, and no token."""


class DestinationProbe(Protocol):
    """Reads only."""

    async def __call__(self, token: Token) -> Sequence[Finding]:
        """Compare the account that the token opens with our assumptions.

        Raises:
            DestinationError: it cannot be read at all.
        """
        ...
