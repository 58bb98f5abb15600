"""What a probe finds that compares a real account at the destination with the assumptions of its plug-in."""

from dataclasses import dataclass
from enum import StrEnum


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
