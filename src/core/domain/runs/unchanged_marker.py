"""The unchanged marker: what a run that found nothing to write has proved, and for how long it holds.

A plan follows from what both sides have, what we remember, the settings and the time, and from nothing else. So while
none of these has changed, a due mapping is checked, and no run is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.domain.ids import MappingId, RunId, SourceId
from core.domain.records.canonical import stable_text
from core.domain.records.digests import digest_of, number_of
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome
from core.domain.runs.schedule import SPREAD

READ_ALL_EVERY = timedelta(hours=6)
"""Sessionboard's change feed does not tell of deletions, of statuses that were left, nor of people edited elsewhere."""
OVERLAP = timedelta(minutes=10)
"""Sessionboard's searches are cached for 3 minutes: a reading can be older than the moment at which it is made."""
FEW = 200
"""Sessions: two pages of them are read with no more requests than the change feed takes."""
UNSETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED})
"""What speaks against a checkpoint: the next run may find something to do, though nobody has changed anything."""


@dataclass(frozen=True, slots=True)
class UnchangedMarker:
    mapping_id: MappingId
    run_id: RunId
    """The run whose outcomes hold."""
    read_at: datetime
    """When everything was last read, and was so."""
    verdict_at: datetime | None
    """When time alone changes what is to be done with a record."""
    digest: str
    """Of everything that was read, but for sessions where these are many."""
    many: str = ""
    """A digest of the outcomes, if there are so many sessions that the change feed is asked whether to read them."""

    @property
    def changes_since(self) -> datetime:
        """From when on a change in Sessionboard speaks against it."""
        return self.read_at - OVERLAP

    def is_valid_at(self, now: datetime) -> bool:
        # A clock that was set back proves nothing.
        return self.read_at <= now and (self.verdict_at is None or now < self.verdict_at)

    def allows_skip(self, now: datetime, interval: timedelta) -> bool:
        """Check whether all sessions will have been read in time though they are not read now."""
        return bool(self.many) and now + interval * (1 + SPREAD) <= self.read_at + READ_ALL_EVERY

    def read_again(self, now: datetime) -> "UnchangedMarker":
        """Note that everything was read, and was as before."""
        return replace(self, read_at=now)


def is_proved_by(counts: Counts) -> bool:
    """Check whether a run that read everything has found both sides to agree."""
    return not any(tally[outcome] for tally in counts.tallies.values() for outcome in UNSETTLED)


@dataclass(slots=True)
class OutcomesDigest:
    """A digest of outcomes, in whatever order they come."""

    _sum: int | None = 0
    """None as soon as something was written, or failed: nothing is compared with such outcomes."""

    def add(self, told: RecordOutcome) -> None:
        if told.outcome in UNSETTLED:
            self._sum = None
        elif self._sum is not None:
            record, reason = told.record, told.reason
            who = record.kind.name, record.source_id, record.label, record.email
            what = told.outcome, reason.code, reason.sentence, reason.detail, told.gleanin_id
            self._sum = (self._sum + number_of(*who, *what)) % 2**64

    @property
    def text(self) -> str:
        return "" if self._sum is None else f"{self._sum:016x}"


@dataclass(slots=True)
class RowDigests:
    """Digests of rows as they are read, kept for as long as they are few enough."""

    most: int | None = None
    are_many: bool = False
    _rows: dict[SourceId, str] = field(default_factory=dict)

    def add(self, row_id: SourceId, row: object) -> None:
        """Take a row; one that comes twice and differs is like no row that comes once."""
        if self.are_many:
            return
        # The signature of a picture's address is new at every reading.
        digest, former = digest_of((stable_text(repr(row)),)), self._rows.get(row_id, "")
        if digest not in former:
            self._rows[row_id] = f"{former}{digest}"
        if self.most is not None and len(self._rows) > self.most:
            self.are_many = True
            self._rows.clear()

    @property
    def all(self) -> Sequence[tuple[SourceId, str]]:
        return sorted(self._rows.items())
