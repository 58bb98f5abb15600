"""What became of each link that was to be written back, and how many of each (rule 38)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.domain.ids import SourceId
from core.domain.links.link_homes import HolderType
from core.domain.records.kinds import RecordKind
from core.domain.records.reasons import Reason


class LinkOutcome(StrEnum):
    WRITTEN = "written"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LinkResult:
    """The outcome of one link: of a person, or of the company that a person of the kind stands for."""

    kind: RecordKind
    source_id: SourceId
    """Of the record in the source that holds the link."""
    label: str
    holder: HolderType
    outcome: LinkOutcome
    reason: Reason
    url: str = ""
    is_final: bool = field(default=True, compare=False)
    """Whether writing again soon could not have another outcome; it is not stored."""


@dataclass(frozen=True, slots=True)
class LinkCounts:
    numbers: Mapping[LinkOutcome, int] = field(default_factory=dict)

    def __getitem__(self, outcome: LinkOutcome) -> int:
        return self.numbers.get(outcome, 0)

    def __bool__(self) -> bool:
        return any(self.numbers.values())

    @property
    def total(self) -> int:
        return sum(self.numbers.values())


NO_LINKS = LinkCounts()


def count_links(outcomes: Iterable[LinkOutcome]) -> LinkCounts:
    return LinkCounts(dict(Counter(outcomes)))
