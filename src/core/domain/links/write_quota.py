"""A source's limits for writes, and what a token has used of them (rule 38).

No run waits for a limit: what does not fit goes with the next run.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.domain.links.link_homes import HolderType

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WriteLimits:
    batch: int
    """Records in one request."""
    requests: int
    """Requests in one window, counted apart for each type of record."""
    window: timedelta
    records_a_day: int
    """Records of all types, in any 24 hours: when the source's day begins may be unknown."""


@dataclass(frozen=True, slots=True)
class PastWrite:
    """A request, or the sum of older ones."""

    at: datetime
    holder: HolderType
    records: int


@dataclass(frozen=True, slots=True)
class WriteQuota:
    """What one token has used."""

    writes: tuple[PastWrite, ...] = field(default=())
    paused_until: datetime | None = None
    """Until when the source wants no writes."""

    def room(self, holder: HolderType, limits: WriteLimits, now: datetime) -> int:
        """Return how many records the next request may have; 0 if there must be none now."""
        if self.paused_until is not None and now < self.paused_until:
            return 0
        requests = sum(write.holder == holder and write.at > now - limits.window for write in self.writes)
        if requests >= limits.requests:
            return 0
        used = sum(write.records for write in self.writes if write.at > now - DAY)
        return max(0, min(limits.batch, limits.records_a_day - used))

    def used(self, holder: HolderType, records: int, limits: WriteLimits, now: datetime) -> "WriteQuota":
        """Return the quota after one more request."""
        recent = (write for write in self.writes if write.at > now - DAY)
        return replace(self, writes=(*_summed(recent, now - limits.window), PastWrite(now, holder, records)))

    def paused(self, until: datetime) -> "WriteQuota":
        return replace(self, paused_until=until)


def _summed(writes: Iterable[PastWrite], before: datetime) -> Iterable[PastWrite]:
    """Yield the writes, the older ones summed by hour and type, so that a day of them stays small."""
    sums: Counter[tuple[datetime, HolderType]] = Counter()
    latest: dict[tuple[datetime, HolderType], datetime] = {}
    recent = []
    for write in writes:
        if write.at > before:
            recent.append(write)
            continue
        hour = (write.at.replace(minute=0, second=0, microsecond=0), write.holder)
        sums[hour] += write.records
        latest[hour] = max(write.at, latest.get(hour, write.at))
    yield from (PastWrite(latest[hour], hour[1], records) for hour, records in sums.items())
    yield from recent
