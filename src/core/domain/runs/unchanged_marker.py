"""The unchanged marker: a record that a run found nothing to write, valid until something changes.

A plan depends only on the data of both systems, our synced records, the settings and the time. While none of these
changes, checking a due mapping is enough and no run is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.domain.ids import MappingId, RunId, SourceId
from core.domain.records.canonical import stable_text
from core.domain.records.digests import digest_of, hash_texts
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome
from core.domain.runs.schedule import SPREAD

READ_ALL_EVERY = timedelta(hours=6)
"""Sessionboard's change feed omits deletions, sessions that left a status, and people edited elsewhere."""
OVERLAP = timedelta(minutes=10)
"""Sessionboard caches searches for 3 minutes, so a reading can be older than the time at which it is made."""
FEW = 200
"""A number of sessions: reading two pages takes no more requests than the change feed."""
UNSETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED})
"""Outcomes that rule out a marker: the next run may have something to do even if nothing changes."""


@dataclass(frozen=True, slots=True)
class UnchangedMarker:
    mapping_id: MappingId
    run_id: RunId
    """The run whose outcomes are still valid."""
    read_at: datetime
    """When everything was last read and found unchanged."""
    next_transition_at: datetime | None
    """When the passing of time alone changes the plan."""
    digest: str
    """Of everything that was read, except the sessions if there are many."""
    many: str = ""
    """A digest of the outcomes if there are so many sessions that the change feed decides whether to read them."""

    @property
    def changes_since(self) -> datetime:
        """Return the time from which a change in the source invalidates the marker."""
        return self.read_at - OVERLAP

    def is_valid_at(self, now: datetime) -> bool:
        # A clock that was set back makes the marker unreliable.
        return self.read_at <= now and (self.next_transition_at is None or now < self.next_transition_at)

    def allows_skip(self, now: datetime, interval: timedelta) -> bool:
        """Check whether a check may skip the sessions and still read all of them in time."""
        return bool(self.many) and now + interval * (1 + SPREAD) <= self.read_at + READ_ALL_EVERY

    def read_again(self, now: datetime) -> "UnchangedMarker":
        """Return the marker after everything was read again and found unchanged."""
        return replace(self, read_at=now)


def is_settled(counts: Counts) -> bool:
    """Check whether a run that read everything found both systems in agreement."""
    return not any(tally[outcome] for tally in counts.tallies.values() for outcome in UNSETTLED)


@dataclass(slots=True)
class OutcomesDigest:
    """A digest of outcomes, independent of their order."""

    _sum: int | None = 0
    """None once something was written or failed: such outcomes are not compared."""

    def add(self, outcome: RecordOutcome) -> None:
        if outcome.outcome in UNSETTLED:
            self._sum = None
        elif self._sum is not None:
            record, reason = outcome.record, outcome.reason
            subject = record.kind.name, record.source_id, record.label, record.email
            result = outcome.outcome, reason.code, reason.sentence, reason.detail, outcome.destination_id
            self._sum = (self._sum + hash_texts(*subject, *result)) % 2**64

    @property
    def text(self) -> str:
        return "" if self._sum is None else f"{self._sum:016x}"


@dataclass(slots=True)
class RowDigests:
    """Digests of rows as they are read, discarded once there are too many."""

    max_rows: int | None = None
    are_many: bool = False
    _rows: dict[SourceId, str] = field(default_factory=dict)

    def add(self, row_id: SourceId, row: object) -> None:
        """Add a row. A row that comes twice with different content equals no row that comes once."""
        if self.are_many:
            return
        # The signature in a picture's URL differs at every reading.
        digest, previous = digest_of((stable_text(repr(row)),)), self._rows.get(row_id, "")
        if digest not in previous:
            self._rows[row_id] = f"{previous}{digest}"
        if self.max_rows is not None and len(self._rows) > self.max_rows:
            self.are_many = True
            self._rows.clear()

    @property
    def all(self) -> Sequence[tuple[SourceId, str]]:
        return sorted(self._rows.items())
