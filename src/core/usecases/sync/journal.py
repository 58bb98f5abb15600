"""The run's journal: outcomes and synced records, stored in small batches while the run goes on.

A write to Gleanin cannot be rolled back. What is lost here by a crash, at most one batch, is found again in
Gleanin by its external id when the next run begins (rule 32).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.planning.plan import Create
from core.domain.records import reasons
from core.domain.records.kinds import RecordKind
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome, RecordRef, Tally
from core.domain.records.synced_records import CreateIntent, SyncedRecord
from core.domain.runs import stop_reasons
from core.domain.runs.messages import Remarks
from core.domain.runs.run import Progress
from core.domain.runs.stop_reasons import StopReason
from core.domain.runs.unchanged_marker import OutcomesDigest, UnchangedMarker
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.error_mapping import SyncStopped
from core.usecases.sync.turn import Turn
from ports.clock import Clock
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

BATCH = 64
LONGEST_WAIT = timedelta(seconds=0.25)
RecordKey = tuple[str, SourceId]
"""A kind's name, and the id of one of its records."""


@dataclass(slots=True)
class _Batch:
    """What waits to be stored, in one unit of work."""

    outcomes: list[RecordOutcome] = field(default_factory=list)
    synced: list[SyncedRecord] = field(default_factory=list)
    resolved: dict[RecordKey, RecordKind] = field(default_factory=dict)
    """Intents whose creates are known to have taken place, or not to have left."""
    sent: dict[RecordKey, RecordKind] = field(default_factory=dict)
    """Intents whose creates got no answer."""

    def put_before(self, later: "_Batch") -> "_Batch":
        return _Batch(
            self.outcomes + later.outcomes,
            self.synced + later.synced,
            self.resolved | later.resolved,
            self.sent | later.sent,
        )


@dataclass(slots=True)
class Journal:
    units: UnitOfWorkFactory
    clock: Clock
    turn: Turn
    mapping: EventMapping
    lease: timedelta
    remarks: Remarks = field(default_factory=Remarks)
    """What there is to know of the run as a whole, besides its records."""
    unconfirmed: dict[RecordKey, Create] = field(default_factory=dict)
    """Creates that may have taken place: they are looked up before they are sent again (rule 32)."""
    marker: UnchangedMarker | None = None
    """What the run has proved, if it has."""
    may_have_written: bool = False
    """Something was written, or an answer was lost."""
    _unsent: dict[RecordKey, RecordKind] = field(default_factory=dict)
    """Intents that were noted and whose creates have not left yet."""
    digest: OutcomesDigest = field(default_factory=OutcomesDigest)
    _heard_at: float = 0.0
    """When a page was read last, or a record got its outcome, by the event loop's clock."""
    _batch: _Batch = field(default_factory=_Batch)
    _numbers: dict[str, Counter[Outcome]] = field(default_factory=dict)
    _progress: dict[str, Progress] = field(default_factory=dict)
    _stored_at: datetime | None = None
    _storing: int = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def expect(self, kind: RecordKind, total: int) -> None:
        done = self.counts.of(kind).read
        self._progress[kind.plural] = Progress(done, max(done, total))

    def note(self, outcome: RecordOutcome, synced: SyncedRecord | None = None) -> None:
        """Note what happened to one record; `synced` if it is in Gleanin by this run's doing."""
        self._batch.outcomes.append(outcome)
        if synced is not None:
            self._batch.synced.append(synced)
        self.note_progress()
        self.digest.add(outcome)
        kind = outcome.record.kind
        self._numbers.setdefault(kind.name, Counter())[outcome.outcome] += 1
        former = self._progress.get(kind.plural, Progress())
        self._progress[kind.plural] = Progress(former.done + 1, max(former.total, former.done + 1))

    def note_progress(self) -> None:
        """Note that a page was read, or that it is known what became of a record."""
        self._heard_at = asyncio.get_running_loop().time()

    async def note_intents(
        self,
        creates: Collection[Create],
        sent_before: Callable[[RecordRef], Iterable[str]] = lambda _: (),
    ) -> None:
        """Store that these creates are about to be sent (rule 32).

        Args:
            creates: of which records.
            sent_before: names the fields that an earlier create of a record had, which may still take place.

        Raises:
            SyncStopped: another run has taken over.
            PersistenceError
        """
        if not creates:
            return
        organization_id, event_id = self._scope
        connection_id = self.mapping.connection_id
        intents = [
            CreateIntent(
                each.record.kind,
                each.record.source_id,
                connection_id,
                tuple(dict.fromkeys((*each.fields, *sent_before(each.record)))),
            )
            for each in creates
        ]
        async with self.units.write() as unit:
            await self._renew(unit)
            await unit.intents.add(organization_id, event_id, intents)
            await unit.commit()
        self._unsent |= {key_of(each.record): each.record.kind for each in creates}

    def note_departure(self, record: RecordRef) -> None:
        """Note that the create of a record leaves now: from here on only Gleanin knows what becomes of it."""
        self._unsent.pop(key_of(record), None)

    def is_unsent(self, record: RecordRef) -> bool:
        """Check whether an intent was noted, and its create has not left."""
        return key_of(record) in self._unsent

    def note_resolved(self, record: RecordRef) -> None:
        """Note that it is known what became of a record's create: it took place, or it never left."""
        key = key_of(record)
        self._unsent.pop(key, None)
        self.unconfirmed.pop(key, None)
        self._batch.sent.pop(key, None)
        self._batch.resolved[key] = record.kind

    def note_unconfirmed(self, creates: Iterable[Create]) -> None:
        """Note that creates were sent and not confirmed: by the time at which this is stored, at the latest."""
        for each in creates:
            key = key_of(each.record)
            self.unconfirmed[key] = each
            self._batch.sent[key] = each.record.kind

    def put_back(self, known: SyncedRecord) -> None:
        """Note that a change is known not to have been made: the synced record is as it was before."""
        self._batch.synced.append(known)

    def give_up_unconfirmed(self, why: str) -> None:
        """Report as failed what nobody can look up in this run any more; the next one does."""
        for create in self.unconfirmed.values():
            self.note(RecordOutcome(create.record, Outcome.FAILED, reasons.no_answer(why)))
        self.unconfirmed.clear()

    def release_unsent(self) -> None:
        """Remove the intents of creates that never left: the next run may send them at once."""
        self._batch.resolved |= self._unsent
        self._unsent.clear()

    @property
    def _scope(self) -> tuple[OrganizationId, DestinationEventId]:
        return self.mapping.organization_id, self.mapping.events.gleanin_id

    @property
    def counts(self) -> Counts:
        return Counts({name: Tally(dict(numbers)) for name, numbers in self._numbers.items()})

    async def store_if_due(self) -> None:
        now = self.clock.now()
        if self._stored_at is None:
            self._stored_at = now
        waiting = len(self._batch.outcomes)
        due = waiting >= BATCH or (waiting and now - self._stored_at >= LONGEST_WAIT)
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
            batch, self._batch = self._batch, _Batch()
            self._stored_at = self.clock.now()
            try:
                await self._save(batch)
            except PersistenceError:
                self._batch = batch.put_before(self._batch)
                raise

    async def _save(self, batch: _Batch) -> None:
        scope = self._scope
        async with self.units.write() as unit:
            await self._renew(unit)
            if batch.synced:
                await unit.synced.save(*scope, batch.synced)
            for kind, source_ids in _by_kind(batch.resolved):
                await unit.intents.remove(*scope, kind, source_ids)
            for kind, source_ids in _by_kind(batch.sent):
                await unit.intents.mark_sent(*scope, kind, source_ids)
            if batch.outcomes:
                await unit.outcomes.add(self.turn.run.id, batch.outcomes)
            await unit.commit()

    async def _renew(self, unit: UnitOfWork) -> None:
        if not await self.turn.renew(unit, self.clock.now() + self.lease, self._progress):
            raise SyncStopped(stop_reasons.LEASE_EXPIRED)

    async def keep_storing(
        self, ended: asyncio.Event, stalled_after: timedelta, give_up: Callable[[StopReason], None]
    ) -> None:
        """Store from time to time, and so keep the lease, until the work has ended.

        Args:
            ended: set when it has.
            stalled_after: for how long nothing may be read and no record get an outcome.
            give_up: called once, where another run has taken over, or nothing has happened for too long.
        """
        self.note_progress()
        while not ended.is_set():
            # In real time, whatever the clock: another process judges the lease by its own.
            with suppress(TimeoutError):
                async with asyncio.timeout(self.lease.total_seconds() / 4):
                    await ended.wait()
            if ended.is_set():
                return
            try:
                await self.store()
            except SyncStopped as stopped:
                give_up(stopped.stop)
                return
            except PersistenceError:
                pass  # whoever writes meets it too, and the next time may be better
            if asyncio.get_running_loop().time() - self._heard_at > stalled_after.total_seconds():
                give_up(stop_reasons.NO_PROGRESS)
                return


def key_of(record: RecordRef) -> RecordKey:
    return record.kind.name, record.source_id


def _by_kind(records: Mapping[RecordKey, RecordKind]) -> Iterator[tuple[RecordKind, list[SourceId]]]:
    for kind in {*records.values()}:
        yield kind, [source_id for name, source_id in records if name == kind.name]
