"""Less reading: what a run that found nothing to write has proved, and for how long it holds.

A plan follows from what both sides have, what we remember, the settings and the time, and from nothing else. So a run
that read everything and had nothing to write need not be repeated while none of these has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.domain.canonical import stable_text
from core.domain.digests import digest_of
from core.domain.identifiers import MappingId, RunId, SourceId
from core.domain.outcomes import Counts, Outcome
from core.domain.schedule import SPREAD

READ_ALL_EVERY = timedelta(hours=6)
"""Sessionboard's change feed does not tell of deletions, of statuses that were left, nor of people edited elsewhere."""
OVERLAP = timedelta(minutes=10)
"""Sessionboard's searches are cached for 3 minutes: a reading can be older than the moment at which it is made."""
FEW = 200
"""Sessions: two pages of them are read with no more requests than the change feed takes."""
CONFIRMATIONS_KEPT = timedelta(days=1)
"""Runs of continuous sync that confirm another one say nothing that this one does not."""
UNSETTLED = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.FAILED})
"""What speaks against a checkpoint: the next run may find something to do, though nobody has changed anything."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    mapping_id: MappingId
    run_id: RunId
    """The run whose outcomes hold: the first one that had just these."""
    read_at: datetime
    """When it began to read."""
    until: datetime
    digest: str
    """Of everything that was read, but for sessions where these are many."""
    has_many: bool
    """Sessions: so many that the change feed is asked first whether they have to be read."""
    outcomes: str
    """A digest of the outcomes that hold."""

    @property
    def changes_since(self) -> datetime:
        """From when on a change in Sessionboard speaks against it."""
        return self.read_at - OVERLAP

    def holds_at(self, now: datetime) -> bool:
        return self.read_at <= now < self.until  # a clock that was set back proves nothing

    def spares(self, now: datetime, interval: timedelta) -> bool:
        """Tell whether everything will have been read in time though it is not read now."""
        return self.holds_at(now) and now + interval * (1 + SPREAD) <= self.read_at + READ_ALL_EVERY

    def ended(self, now: datetime) -> "Checkpoint":
        """Let it prove nothing any more; what it knows of outcomes stays true."""
        return replace(self, until=min(self.until, now))


def until(read_at: datetime, next_verdict: datetime | None) -> datetime:
    """Tell for how long a checkpoint holds.

    Args:
        read_at: when the reading began.
        next_verdict: when time alone changes what is to be done with a record.
    """
    latest = read_at + READ_ALL_EVERY
    return latest if next_verdict is None else min(latest, next_verdict)


def is_proved_by(counts: Counts) -> bool:
    """Tell whether a run that read everything has found both sides to agree."""
    return not any(tally[outcome] for tally in counts.tallies.values() for outcome in UNSETTLED)


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
