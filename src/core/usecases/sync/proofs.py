"""Whether an earlier run has proved that there is nothing to do, and what this one proves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.checkpoint import Checkpoint, is_proved_by, until
from core.domain.kinds import Scope
from core.domain.mappings import EventMapping
from core.domain.runs import SyncRun, Trigger
from core.usecases.sync.access import Tokens
from core.usecases.sync.journal import Journal
from core.usecases.sync.memory import Remembered
from core.usecases.sync.reading import BothSides
from ports.persistence import Units


@dataclass(slots=True)
class Proofs:
    units: Units
    mapping: EventMapping
    run: SyncRun
    journal: Journal
    interval: timedelta
    _stored: Checkpoint | None = None

    def setup(self, tokens: Tokens, remembered: Remembered) -> Sequence[object]:
        """List what a plan depends on besides both sides; another token may see other data."""
        mapping = self.mapping
        sealed = (tokens.sessionboard.value, tokens.gleanin.value)
        return mapping.settings, mapping.confirmed_time_zone, sealed, sorted(remembered.elsewhere)

    async def held(self, now: datetime) -> Checkpoint | None:
        """Give the checkpoint that may spare this run the reading; who syncs by hand wants everything read."""
        async with self.units.reading() as unit:
            checkpoint = self._stored = await unit.checkpoints.get(self.mapping.id)
        by_itself = self.run.trigger is Trigger.CONTINUOUS and self._is_whole
        return checkpoint if checkpoint and by_itself and checkpoint.spares(now, self.interval) else None

    async def end(self, now: datetime) -> None:
        """Let nothing that was proved hold any more: before anything is changed, so that no crash comes between."""
        if self._stored is None or self._stored.until <= now:
            return
        async with self.units.writing() as unit:
            await unit.checkpoints.save(self._stored.ended(now))
            await unit.commit()

    def given_by(self, sides: BothSides, now: datetime) -> Checkpoint | None:
        """Say what the run has proved, if it wrote nothing after it read both sides from `now` on."""
        journal = self.journal
        if not self._is_whole or journal.remarks or not is_proved_by(journal.counts):
            return None
        outcomes, latest = journal.digest, until(now, sides.programme.next_verdict)
        is_as_before = self._stored is not None and self._stored.outcomes == outcomes
        first = self._stored.run_id if self._stored and is_as_before else self.run.id
        return Checkpoint(self.mapping.id, first, now, latest, sides.digest, sides.has_many, outcomes)

    @property
    def _is_whole(self) -> bool:
        """Tell whether the run is about everything, and in its first slice."""
        return self.run.scope is Scope.ALL and not self.journal.goes_on
