"""The run's journal: outcomes and synced records, stored in small batches while the run goes on.

A write to Gleanin cannot be rolled back. What is lost here by a crash, at most one batch, is found again in
Gleanin by its external id when the next run begins (rule 32).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain import stops
from core.domain.checkpoint import UNSETTLED, Checkpoint
from core.domain.digests import number_of
from core.domain.identifiers import RunId, SourceId
from core.domain.kinds import RecordKind
from core.domain.mappings import EventMapping
from core.domain.outcomes import Counts, Outcome, RecordOutcome, RecordRef, Tally
from core.domain.runs import Progress
from core.domain.synced import SyncedRecord
from core.usecases.sync.failures import SyncStopped
from ports.clock import Clock
from ports.persistence import PersistenceError, Units

BATCH = 64
LONGEST_WAIT = timedelta(seconds=0.25)


@dataclass(slots=True)
class Journal:
    units: Units
    clock: Clock
    run_id: RunId
    mapping: EventMapping
    owner: str
    lease: timedelta
    before: Counts = field(default_factory=Counts)
    """What earlier slices of the run have come to."""
    remarks: list[str] = field(default_factory=list)
    """What there is to know of the run as a whole, besides its records."""
    checkpoint: Checkpoint | None = None
    """What the run has proved, if it has."""
    confirms: RunId | None = None
    """The run whose outcomes are this one's too, if nothing has changed since."""
    wrote: bool = False
    """Something was written for certain in this slice,"""
    unclear: bool = False
    """or may have been: an answer was lost."""
    told_now: int = 0
    """Outcomes of this slice."""
    _told_before: set[tuple[str, SourceId]] = field(default_factory=set)
    """By the kind's name: of earlier slices."""
    _digest: int | None = 0
    """None as soon as something was written: nothing is compared with such a run's outcomes."""
    _outcomes: list[RecordOutcome] = field(default_factory=list)
    _synced: list[SyncedRecord] = field(default_factory=list)
    _numbers: dict[str, Counter[Outcome]] = field(default_factory=dict)
    _progress: dict[str, Progress] = field(default_factory=dict)
    _stored_at: datetime | None = None
    _storing: int = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def go_on(self) -> None:
        """Take up what earlier slices of the run have noted; of most runs there are none."""
        if not self.before.read:
            return
        async with self.units.reading() as unit:
            for told in await unit.outcomes.of_run(self.run_id):
                self._told_before.add((told.record.kind.name, told.record.source_id))

    def has_told(self, record: RecordRef) -> bool:
        """Tell whether an earlier slice saw to this record: a run has one outcome for each (rule 26)."""
        return (record.kind.name, record.source_id) in self._told_before

    def expect(self, kind: RecordKind, total: int) -> None:
        done = self.counts.of(kind).read
        self._progress[kind.plural] = Progress(done, max(done, total))

    def note(self, outcome: RecordOutcome, synced: SyncedRecord | None = None) -> None:
        """Note what happened to one record; `synced` if it is in Gleanin by this run's doing."""
        self._outcomes.append(outcome)
        if synced is not None:
            self._synced.append(synced)
        self.told_now += 1
        kind = outcome.record.kind
        self._add_to_digest(outcome)
        self._numbers.setdefault(kind.name, Counter())[outcome.outcome] += 1
        former = self._progress.get(kind.plural, Progress())
        self._progress[kind.plural] = Progress(former.done + 1, max(former.total, former.done + 1))

    async def doubt(self, records: Sequence[RecordRef]) -> None:
        """Note that what stands in Gleanin of these is about to change, before anything is sent."""
        if not records:
            return
        organization_id, event_id = self.mapping.organization_id, self.mapping.events.gleanin_id
        async with self.units.writing() as unit:
            ids = [record.source_id for record in records]
            await unit.synced.doubt(organization_id, event_id, records[0].kind, ids)
            await unit.commit()

    @property
    def goes_on(self) -> bool:
        """Tell whether an earlier slice of the run has outcomes already."""
        return bool(self._told_before)

    @property
    def digest(self) -> str:
        """Of the slice's outcomes, in whatever order they came; nothing, where something was written."""
        return "" if self._digest is None else f"{self._digest:016x}"

    def _add_to_digest(self, told: RecordOutcome) -> None:
        if told.outcome in UNSETTLED:
            self._digest = None
        elif self._digest is not None:
            record, reason = told.record, told.reason
            who = record.kind.name, record.source_id, record.label, record.email
            what = told.outcome, reason.code, reason.sentence, reason.detail, told.gleanin_id
            self._digest = (self._digest + number_of(*who, *what)) % 2**64

    @property
    def counts(self) -> Counts:
        now = Counts({name: Tally(dict(numbers)) for name, numbers in self._numbers.items()})
        return self.before + now

    async def store_if_due(self) -> None:
        now = self.clock.now()
        if self._stored_at is None:
            self._stored_at = now
        due = len(self._outcomes) >= BATCH or (self._outcomes and now - self._stored_at >= LONGEST_WAIT)
        # One of many writers stores; that the others do so too would only make the batches smaller.
        if due and not self._storing:
            await self.store()

    async def store(self) -> None:
        """Store what has been noted, and prolong the lease.

        It is seen through to its end even if the caller is cancelled meanwhile: only so is it known what was stored.

        Raises:
            SyncStopped: another run has taken over; what it will not find recorded it finds in Gleanin.
            PersistenceError: nothing was stored; it is kept for the next time.
        """
        self._storing += 1
        storing = asyncio.ensure_future(self._store())
        try:
            await asyncio.shield(storing)
        except asyncio.CancelledError:
            await asyncio.wait([storing])
            raise
        finally:
            self._storing -= 1

    async def _store(self) -> None:
        async with self._one_at_a_time:
            outcomes, self._outcomes = self._outcomes, []
            synced, self._synced = self._synced, []
            self._stored_at = self.clock.now()
            try:
                await self._save(outcomes, synced)
            except PersistenceError:
                self._outcomes[:0], self._synced[:0] = outcomes, synced
                raise

    async def _save(self, outcomes: Sequence[RecordOutcome], synced: Sequence[SyncedRecord]) -> None:
        organization_id, event_id = self.mapping.organization_id, self.mapping.events.gleanin_id
        until = self.clock.now() + self.lease
        async with self.units.writing() as unit:
            if not await unit.runs.renew(self.run_id, self.owner, until, self._progress):
                raise SyncStopped(stops.TAKEN_OVER)
            if synced:
                await unit.synced.save(organization_id, event_id, synced)
            if outcomes:
                await unit.outcomes.add(self.run_id, outcomes)
            await unit.commit()

    async def keep_storing(self, ended: asyncio.Event, when_lost: Callable[[], None]) -> None:
        """Store from time to time, and so keep the lease, until the run has ended or another one has taken over."""
        while not ended.is_set():
            # In real time, whatever the clock: another process judges the lease by its own.
            with suppress(TimeoutError):
                async with asyncio.timeout(self.lease.total_seconds() / 4):
                    await ended.wait()
            if not ended.is_set():
                try:
                    await self.store()
                except SyncStopped:
                    when_lost()
                    return
                except PersistenceError:
                    pass  # whoever writes meets it too, and the next time may be better
