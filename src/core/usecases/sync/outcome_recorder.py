"""Record outcomes, synced records and intents to create, in small batches while the run goes on.

A write to the destination cannot be rolled back. A crash loses at most one batch, and the next run finds those records
in the destination by their external ids (rule 32).
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
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome, RecordRef, Tally
from core.domain.records.synced_records import CreateIntent, SyncedRecord
from core.domain.runs import stop_reasons
from core.domain.runs.stop_reasons import StopReason
from core.domain.runs.unchanged_marker import OutcomesDigest
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.error_mapping import SyncStopped
from core.usecases.sync.run_progress import RunProgress
from core.usecases.sync.turn import Turn
from ports.clock import Clock
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

BATCH_SIZE = 64
MAX_WAIT = timedelta(seconds=0.25)
RecordKey = tuple[str, SourceId]
"""A kind's name, and the id of one of its records."""


@dataclass(slots=True)
class _Batch:
    """What the next unit of work stores."""

    outcomes: list[RecordOutcome] = field(default_factory=list)
    synced: list[SyncedRecord] = field(default_factory=list)
    resolved: dict[RecordKey, RecordKind] = field(default_factory=dict)
    """Intents whose creates either succeeded or were never sent."""
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
class OutcomeRecorder:
    units: UnitOfWorkFactory
    clock: Clock
    turn: Turn
    mapping: EventMapping
    lease: timedelta
    progress: RunProgress = field(default_factory=RunProgress)
    unconfirmed: dict[RecordKey, Create] = field(default_factory=dict)
    """Creates that may have taken place: they are looked up before they are sent again (rule 32)."""
    may_have_written: bool = False
    """A write succeeded, or its answer was lost."""
    _unsent: dict[RecordKey, RecordKind] = field(default_factory=dict)
    """Intents that are stored and whose creates have not been sent yet."""
    digest: OutcomesDigest = field(default_factory=OutcomesDigest)
    _batch: _Batch = field(default_factory=_Batch)
    _numbers: dict[RecordKind, Counter[Outcome]] = field(default_factory=dict)
    _stored_at: datetime | None = None
    _storing: int = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def record(self, outcome: RecordOutcome, synced: SyncedRecord | None = None) -> None:
        """Record the outcome of one record.

        Args:
            outcome: of this run; each record gets exactly one.
            synced: what is in the destination now, if this run wrote it.
        """
        self._batch.outcomes.append(outcome)
        if synced is not None:
            self._batch.synced.append(synced)
        kind = outcome.record.kind
        self.progress.record(kind)
        self.digest.add(outcome)
        self._numbers.setdefault(kind, Counter())[outcome.outcome] += 1

    async def save_intents(
        self,
        creates: Collection[Create],
        sent_before: Callable[[RecordRef], Iterable[str]] = lambda _: (),
    ) -> None:
        """Store the intents to create these records, before they are sent (rule 32).

        Args:
            creates: what is about to be sent.
            sent_before: returns the field names of an earlier create of the same record, which may still take effect.

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
                create.record.kind,
                create.record.source_id,
                connection_id,
                tuple(dict.fromkeys((*create.fields, *sent_before(create.record)))),
            )
            for create in creates
        ]
        async with self.units.write() as unit:
            await self._renew(unit)
            for kind, source_ids in _of_other_kinds(creates):
                # They were looked up late enough, or these creates would have to wait (rule 32).
                await unit.intents.remove(organization_id, event_id, kind, source_ids)
            await unit.intents.add(organization_id, event_id, intents)
            await unit.commit()
        self._unsent |= {key_of(create.record): create.record.kind for create in creates}

    def mark_departed(self, record: RecordRef) -> None:
        """Mark a create as leaving now: from here on only the destination knows its outcome."""
        self._unsent.pop(key_of(record), None)

    def is_unsent(self, record: RecordRef) -> bool:
        """Check whether an intent is stored whose create has not been sent."""
        return key_of(record) in self._unsent

    def mark_resolved(self, record: RecordRef) -> None:
        """Mark a create as resolved: it succeeded, or it was never sent."""
        key = key_of(record)
        self._unsent.pop(key, None)
        self.unconfirmed.pop(key, None)
        self._batch.sent.pop(key, None)
        self._batch.resolved[key] = record.kind

    def mark_unconfirmed(self, creates: Iterable[Create]) -> None:
        """Mark creates as sent but not confirmed; the time at which this is stored counts as the time of sending."""
        for create in creates:
            key = key_of(create.record)
            self.unconfirmed[key] = create
            self._batch.sent[key] = create.record.kind

    def restore(self, known: SyncedRecord) -> None:
        """Restore a synced record, because its update was certainly not applied."""
        self._batch.synced.append(known)

    def fail_unconfirmed(self, why: str) -> None:
        """Record unconfirmed creates as failed: this run cannot look them up any more, the next one does."""
        for create in self.unconfirmed.values():
            self.record(
                RecordOutcome(create.record, Outcome.FAILED, reasons.no_answer(why, self.mapping.systems))
            )
        self.unconfirmed.clear()

    def discard_unsent_intents(self) -> None:
        """Discard the intents of creates that were never sent, so that the next run sends them without delay."""
        self._batch.resolved |= self._unsent
        self._unsent.clear()

    @property
    def _scope(self) -> tuple[OrganizationId, DestinationEventId]:
        return self.mapping.organization_id, self.mapping.events.destination_id

    @property
    def counts(self) -> Counts:
        return Counts({kind: Tally(dict(numbers)) for kind, numbers in self._numbers.items()})

    async def store_if_due(self) -> None:
        now = self.clock.now()
        if self._stored_at is None:
            self._stored_at = now
        waiting = len(self._batch.outcomes)
        due = waiting >= BATCH_SIZE or (waiting and now - self._stored_at >= MAX_WAIT)
        # Only one of the concurrent writers stores: more would only make the batches smaller.
        if due and not self._storing:
            await self.store()

    async def store(self) -> None:
        """Store the current batch, and extend the lease.

        It completes even if the caller is cancelled meanwhile: otherwise it would be unclear what was stored.

        Raises:
            SyncStopped: another run has taken over; it finds in the destination what is not recorded.
            PersistenceError: nothing was stored; the batch is kept for the next attempt.
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
        if not await self.turn.renew(unit, self.clock.now() + self.lease, self.progress.by_kind):
            raise SyncStopped(stop_reasons.LEASE_EXPIRED)

    async def keep_storing(
        self, ended: asyncio.Event, stalled_after: timedelta, give_up: Callable[[StopReason], None]
    ) -> None:
        """Store periodically, which also extends the lease, until the work has ended.

        Args:
            ended: set when the work has ended.
            stalled_after: longest time without progress.
            give_up: called once, when another run has taken over or there was no progress for too long.
        """
        self.progress.touch()
        while not ended.is_set():
            # Real time, not `clock`: other processes judge the lease by their own clocks.
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
                pass  # writers meet the same error, and the next attempt may succeed
            if self.progress.is_stalled(stalled_after):
                give_up(stop_reasons.NO_PROGRESS)
                return


def key_of(record: RecordRef) -> RecordKey:
    return record.kind.name, record.source_id


def _of_other_kinds(creates: Iterable[Create]) -> Iterator[tuple[RecordKind, list[SourceId]]]:
    """Yield the same records as each other kind of their group, of which earlier intents are obsolete (rule 44)."""
    by_kind: dict[RecordKind, list[SourceId]] = {}
    for create in creates:
        by_kind.setdefault(create.record.kind, []).append(create.record.source_id)
    for kind, source_ids in by_kind.items():
        for other in KINDS.sharing(kind.group):
            if other != kind:
                yield other, source_ids


def _by_kind(records: Mapping[RecordKey, RecordKind]) -> Iterator[tuple[RecordKind, list[SourceId]]]:
    for kind in {*records.values()}:
        yield kind, [source_id for name, source_id in records if name == kind.name]
