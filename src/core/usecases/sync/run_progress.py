"""How far a run is, and when it last made progress."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from core.domain.records.kinds import RecordKind
from core.domain.runs.run import Progress


@dataclass(slots=True)
class RunProgress:
    _by_kind: dict[RecordKind, Progress] = field(default_factory=dict)
    _active_at: float = 0.0
    """When a page was read or an outcome recorded last, by the event loop's clock."""

    @property
    def by_kind(self) -> Mapping[RecordKind, Progress]:
        """Return the progress of each kind."""
        return self._by_kind

    def set_total(self, kind: RecordKind, total: int) -> None:
        """Set how many records of a kind the run covers; never fewer than it has recorded."""
        done = self._by_kind.get(kind, Progress()).done
        self._by_kind[kind] = Progress(done, max(done, total))

    def record(self, kind: RecordKind) -> None:
        """Count one more outcome."""
        self.touch()
        previous = self._by_kind.get(kind, Progress())
        self._by_kind[kind] = Progress(previous.done + 1, max(previous.total, previous.done + 1))

    def touch(self) -> None:
        """Note that something happened: a page was read, or a record got its outcome."""
        self._active_at = asyncio.get_running_loop().time()

    def is_stalled(self, after: timedelta) -> bool:
        """Check whether nothing has happened for longer than this."""
        return asyncio.get_running_loop().time() - self._active_at > after.total_seconds()
