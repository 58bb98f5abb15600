"""Outcomes of a run for its source records, and their totals (rules 26 and 27)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.domain.ids import DestinationId, SourceId
from core.domain.records.kinds import RecordKind
from core.domain.records.reasons import Reason


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    FAILED = "failed"


SUCCEEDED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED})
ATTEMPTED = SUCCEEDED | {Outcome.BLOCKED, Outcome.FAILED}


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A reference to a source record, with its name for people."""

    kind: RecordKind
    source_id: SourceId
    label: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    record: RecordRef
    outcome: Outcome
    reason: Reason
    destination_id: DestinationId | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The number of records of one kind by outcome."""

    numbers: Mapping[Outcome, int] = field(default_factory=dict)

    def __getitem__(self, outcome: Outcome) -> int:
        return self.numbers.get(outcome, 0)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(dict(Counter(self.numbers) + Counter(other.numbers)))

    @property
    def read(self) -> int:
        return sum(self.numbers.values())

    @property
    def attempted(self) -> int:
        return sum(self[outcome] for outcome in ATTEMPTED)

    @property
    def succeeded(self) -> int:
        return sum(self[outcome] for outcome in SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tallies by kind; a kind that is not in a run has an empty tally."""

    tallies: Mapping[RecordKind, Tally] = field(default_factory=dict)

    def of(self, kind: RecordKind) -> Tally:
        return self.tallies.get(kind, Tally())

    def __add__(self, other: "Counts") -> "Counts":
        kinds = self.tallies.keys() | other.tallies.keys()
        return Counts({kind: self.of(kind) + other.of(kind) for kind in kinds})

    @property
    def all_succeeded(self) -> bool:
        """Check whether everything that was attempted succeeded."""
        return all(tally.attempted == tally.succeeded for tally in self.tallies.values())

    @property
    def read(self) -> int:
        return sum(tally.read for tally in self.tallies.values())


Causes = Mapping[tuple[RecordKind, str], int]
"""The number of a run's outcomes by kind and reason code."""


def causes_of(outcomes: Iterable[RecordOutcome]) -> Causes:
    return Counter((outcome.record.kind, outcome.reason.code) for outcome in outcomes)


def counted(outcomes: Iterable[RecordOutcome]) -> Counts:
    return count((result.record.kind, result.outcome) for result in outcomes)


def count(outcomes: Iterable[tuple[RecordKind, Outcome]]) -> Counts:
    numbers: dict[RecordKind, Counter[Outcome]] = {}
    for kind, outcome in outcomes:
        numbers.setdefault(kind, Counter())[outcome] += 1
    return Counts({kind: Tally(dict(counter)) for kind, counter in numbers.items()})
