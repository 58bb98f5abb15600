"""Carry out a plan in the destination: many records concurrently, each with exactly one outcome."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from core.domain.ids import DestinationId, SourceId, external_id
from core.domain.planning.destination_index import DestinationIndex
from core.domain.planning.plan import Create, Step, Update
from core.domain.records import reasons
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Outcome, RecordOutcome
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import SyncedRecord, fingerprint
from core.domain.runs import stop_reasons
from core.domain.runs.stop_reasons import StopReason
from core.domain.selection.failures import KindFailed
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.error_mapping import SyncStopped, stop_for
from core.usecases.sync.fence import Fence, departing
from core.usecases.sync.intents import OpenIntents, load_intents
from core.usecases.sync.outcome_recorder import OutcomeRecorder, RecordKey, key_of
from core.usecases.sync.write_queue import Write, WriteBatch, WriteQueue
from ports.clock import Clock
from ports.destination import (
    Destination,
    DestinationError,
    DestinationUnreadable,
    FailedBeforeWrite,
    FailedInWrite,
    RecordGone,
    RecordRejected,
    RecordsNotReported,
    UnsupportedKind,
    WriteForbidden,
    WriteOutcomeUnknown,
)
from ports.log import EventLog
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory

MAX_ATTEMPTS = 4
"""Attempts per write when no answer comes; after as many batches without any answer, the run stops."""
RETRY_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before an update whose answer was lost is sent again; repeating an update does no harm."""
LOOK_UP_PAUSE = 1 / 60
"""Fraction of `resend_after` until an unconfirmed create is looked up again; it doubles each time."""
POLL_SECONDS = 0.5
"""Seconds between checks, during a wait, whether the run must stop."""
MAX_CONSECUTIVE_FORBIDDEN = 20
"""Consecutive writes answered with 403; after more, the cause cannot be single records (rule 29)."""


@dataclass(slots=True)
class Writer:
    units: UnitOfWorkFactory
    mapping: EventMapping
    destination: Destination
    index: DestinationIndex
    recorder: OutcomeRecorder
    fence: Fence
    intents: OpenIntents
    """Intents of earlier runs, which the reading of the destination looked up."""
    clock: Clock
    log: EventLog
    written: set[str] = field(default_factory=set)
    """Names of the kinds of which at least one record was sent."""
    postponed: dict[str, set[SourceId]] = field(default_factory=dict)
    """Records that depend on an unconfirmed create, by the kind's name."""
    _attempts: Counter[RecordKey] = field(default_factory=Counter)
    _succeeded: dict[str, set[SourceId]] = field(default_factory=dict)
    """Records that were written, by the kind's name; their former e-mails are free now."""
    _failures: dict[RecordKey, str] = field(default_factory=dict)
    """How a plug-in failed after it had sent a write."""
    _forbidden_in_a_row: int = 0

    async def execute(
        self,
        kind: RecordKind,
        steps: AsyncIterator[Sequence[Step]],
        stop: StopReason | None = None,
        left_out: AbstractSet[SourceId] = frozenset(),
    ) -> StopReason | None:
        """Carry out all steps of one kind. A record that fails does not stop the others (rule 29).

        Creates that were sent and not confirmed remain, for `settle`.

        Args:
            kind: of the records.
            steps: what is to be done.
            stop: with one, nothing is written from the beginning.
            left_out: records to postpone.

        Returns what stopped the writing, if something did. Records that were not sent have the stop as their outcome
        (rule 26).

        Raises:
            SyncStopped: another run has taken over, and tells the outcomes.
            PersistenceError
        """
        self._postpone(kind, left_out)
        queue = self._queue(kind, steps, left_out)
        queue.sends = stop is None
        if stop is None:
            stop = await self._write_all(kind, queue)
        if stop is None and self.unconfirmed.get(kind.name):
            stop = await self._stop_of(self._find_unconfirmed([kind]))
        if stop is not None:
            await self._stop(queue, stop)
        await self.recorder.store()
        return stop

    def _queue(
        self,
        kind: RecordKind,
        steps: AsyncIterator[Sequence[Step]],
        left_out: AbstractSet[SourceId] = frozenset(),
        intents: OpenIntents | None = None,
    ) -> WriteQueue:
        succeeded = self._succeeded.setdefault(kind.name, set())
        return WriteQueue(steps, self.recorder, intents or self.intents, succeeded, left_out)

    def _postpone(self, kind: RecordKind, source_ids: Iterable[SourceId]) -> None:
        self.postponed.setdefault(kind.name, set()).update(source_ids)

    @property
    def unconfirmed(self) -> dict[str, set[SourceId]]:
        """Return the records whose creates may have succeeded, by the kind's name."""
        found: dict[str, set[SourceId]] = {}
        for name, source_id in self.recorder.unconfirmed:
            found.setdefault(name, set()).add(source_id)
        return found

    def waits_for_group(self, kind: RecordKind) -> bool:
        """Check whether it is open what becomes of another kind's records in the group (rule 44)."""
        postponed = {name for name, source_ids in self.postponed.items() if source_ids}
        others = (other.name for other in KINDS.sharing(kind.group) if other != kind)
        return any(name in postponed or name in self.unconfirmed for name in others)

    async def resolve_unconfirmed(self) -> StopReason | None:
        """Wait until every unconfirmed create is found in the destination or may be sent again, and send those (rule 32).

        Returns what stopped that, if something did: a stop that somebody asks for ends the wait at once.

        Raises:
            SyncStopped: another run has taken over.
            PersistenceError
        """
        return await self._stop_of(self._resolve_unconfirmed())

    async def _resolve_unconfirmed(self) -> None:
        pause = LOOK_UP_PAUSE * self.intents.gap
        while waiting := self.unconfirmed:
            looked_up = await self._find_unconfirmed([kind for kind in KINDS if kind.name in waiting])
            creates = self.recorder.unconfirmed.values()
            if ready := [create for create in creates if not looked_up.forbid(create.record)]:
                await self._send_again(ready)
            elif creates:
                due = min(looked_up.time_left(create.record) for create in creates)
                await self._wait(min(pause, due).total_seconds())
                pause *= 2

    async def _wait(self, seconds: float) -> None:
        """Wait, unless the run must stop."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while (left := (until - self.clock.now()).total_seconds()) > 0:
            await self.fence()
            await self.clock.sleep(min(left, POLL_SECONDS))
        await self.fence()

    async def _find_unconfirmed(self, kinds: Iterable[RecordKind]) -> OpenIntents:
        """Look for unconfirmed creates of these kinds in the destination, and record those that are there.

        Returns when each of the others was sent.
        """
        await self.recorder.store()  # including the latest time at which they may have been sent
        looked_up, read = await load_intents(self.units, self.mapping, self.intents.gap), set[str]()
        for kind in kinds:
            if kind.group not in read:
                read.add(kind.group)
                await self._read_again(kind)
            for create in [
                create for create in self.recorder.unconfirmed.values() if create.record.kind == kind
            ]:
                destination_id = self._created(create)
                if destination_id and self.intents.has(create.record):
                    # What exists now was sent by an earlier run: it is planned again, as an update of that.
                    self.recorder.unconfirmed.pop(key_of(create.record))
                    self._postpone(kind, [create.record.source_id])
                elif destination_id:
                    self._note_success(create, destination_id)
                elif other := self.index.other_kind(kind, create.record.source_id):
                    self._note_other_kind(create, other)
                elif earlier := self.index.created_before(kind).get(create.record.source_id):
                    skipped = RecordOutcome(
                        create.record,
                        Outcome.SKIPPED,
                        reasons.ended_connection(self.mapping.systems),
                        earlier,
                    )
                    self.recorder.record(skipped)
                    self.recorder.mark_resolved(create.record)
        return looked_up

    async def _read_again(self, kind: RecordKind) -> None:
        try:
            async for page in self.destination.records(self.mapping.events.destination_id, kind):
                self.index.add(kind, page)
        except RecordsNotReported:
            pass  # there are none yet

    def _created(self, create: Create) -> DestinationId | None:
        """Return the id of what a create made; a previous copy that shows up again does not count."""
        found = self.index.created_here(create.record.kind, create.record.source_id)
        return None if found == create.previous_id else found

    async def _send_again(self, creates: Iterable[Create]) -> None:
        by_kind: dict[RecordKind, list[Create]] = {}
        for create in creates:
            if self._attempts[key_of(create.record)] >= MAX_ATTEMPTS:
                self.recorder.unconfirmed.pop(key_of(create.record))
                self._note_failure(create, self._no_answer(create))
            else:
                by_kind.setdefault(create.record.kind, []).append(create)
        for kind in sorted(by_kind, key=lambda kind: kind.phase):
            for create in by_kind[kind]:
                self.recorder.unconfirmed.pop(key_of(create.record))
            # It was sent before, so the record that held its e-mail has released it.
            again = [replace(create, depends_on=frozenset()) for create in by_kind[kind]]
            queue = self._queue(kind, _at_once(again), intents=replace(self.intents, looked_up_at=None))
            if stop := await self._write_all(kind, queue):
                await self._stop(queue, stop)
                raise SyncStopped(stop)

    async def _stop(self, queue: WriteQueue, stop: StopReason) -> None:
        """Record the stop as the outcome of every record that was not sent (rule 26)."""
        queue.sends = False
        with suppress(KindFailed):  # it has no more records, and the run stops anyway
            while (step := await queue.next()) is not None:
                self._note_failure(step, reasons.run_stopped(stop.sentence))
        for step in queue.take_waiting():
            self._note_failure(step, reasons.run_stopped(stop.sentence))

    async def _stop_of(self, work: Awaitable[object]) -> StopReason | None:
        """Await work that concerns all records, and return what stopped it, if anything did."""
        try:
            await work
        except DestinationError as error:
            return stop_for(error, self.mapping)
        except SyncStopped as stopped:
            if stopped.stop == stop_reasons.LEASE_EXPIRED:
                raise
            return stopped.stop
        return None

    async def _write_all(self, kind: RecordKind, queue: WriteQueue) -> StopReason | None:
        silent_rounds = 0
        while True:
            batch = await self._round(queue)
            queue.requeue(batch.unsent)
            stop = batch.stop
            if nothing_said := [*batch.unconfirmed, *batch.lost]:
                self.log.warning("sync.answers_lost", kind=kind.name, number=len(nothing_said))
                self._attempts.update(key_of(step.record) for step in nothing_said)
                self.recorder.mark_unconfirmed(batch.unconfirmed)
                silent_rounds = 0 if batch.has_answer else silent_rounds + 1
                if silent_rounds >= MAX_ATTEMPTS:
                    stop = stop or self._silence(nothing_said)
                stop = stop or await self._stop_of(self._recover(kind, batch))
                self._send_lost_again(queue, batch.lost, stop)
            if stop is not None:
                return stop
            if queue.is_exhausted:
                self._release(kind, queue)
            if queue.is_exhausted:
                return None

    def _no_answer(self, step: Write) -> Reason:
        problem = self._failures.get(key_of(step.record), "no attempt was answered.")
        return reasons.no_answer(problem, self.mapping.systems)

    def _silence(self, writes: Iterable[Write]) -> StopReason:
        """Return the reason to stop when no write is answered."""
        destination = self.mapping.systems.destination
        for step in writes:
            if failure := self._failures.get(key_of(step.record)):
                return stop_reasons.plugin_failed(destination, failure)
        return stop_reasons.unreachable(destination, "no write was answered.")

    async def _recover(self, kind: RecordKind, batch: WriteBatch) -> None:
        """Pause after lost answers; if there was no answer at all, check whether the destination answers a read."""
        await self._wait(batch.requested_pause)
        if batch.lost:
            tries = max(self._attempts[key_of(step.record)] for step in batch.lost)
            await self._wait(RETRY_PAUSES[min(tries, len(RETRY_PAUSES) - 1)])
        if not batch.has_answer:
            await self._find_unconfirmed([kind])

    def _send_lost_again(self, queue: WriteQueue, lost: Iterable[Write], stop: StopReason | None) -> None:
        for step in lost:
            if stop is not None:
                self._note_failure(step, reasons.no_answer(stop.sentence, self.mapping.systems))
            elif self._attempts[key_of(step.record)] >= MAX_ATTEMPTS:
                self._note_failure(step, self._no_answer(step))
            else:
                queue.requeue([step])

    def _release(self, kind: RecordKind, queue: WriteQueue) -> None:
        """Release writes that wait for an e-mail: postpone them if it becomes free later, otherwise fail them."""
        in_vain = queue.release()
        later = set(queue.left_out)
        while more := {step.record.source_id for step in in_vain if step.depends_on & later} - later:
            later |= more
        self._postpone(kind, later)
        for step in in_vain:
            email = str(step.fields.get("email"))
            if step.record.source_id in later:
                continue
            self._note_failure(step, reasons.dependency_failed(email))

    async def _round(self, queue: WriteQueue) -> WriteBatch:
        """Send writes from the queue until it is exhausted or no answers come any more."""
        batch = WriteBatch(max_consecutive_timeouts=4 * self.destination.max_in_flight)
        async with asyncio.TaskGroup() as writers:
            for _ in range(self.destination.max_in_flight):
                writers.create_task(self._write_on(queue, batch))
        if batch.failure is not None:
            raise batch.failure
        await self.recorder.store()
        return batch

    async def _write_on(self, queue: WriteQueue, batch: WriteBatch) -> None:
        """Send writes one after another.

        When something stops the round, the others finish what they have begun: a request that is cut off is an
        answer lost.
        """
        try:
            while not batch.ended and (step := await queue.next()) is not None:
                await self._write(step, batch, queue)
                await self.recorder.store_if_due()
        except KindFailed as failed:
            batch.stop = batch.stop or stop_reasons.kind_failed(failed.kind, str(failed))
        except (SyncStopped, PersistenceError) as failure:
            batch.failure = batch.failure or failure

    async def _write(self, step: Write, batch: WriteBatch, queue: WriteQueue) -> None:
        try:
            destination_id = await self._send(step)
        except WriteOutcomeUnknown as lost:
            self.recorder.may_have_written = True
            if isinstance(lost, FailedInWrite):
                self._failures[key_of(step.record)] = str(lost)
            batch.record_timeout(lost.retry_after)
            if isinstance(step, Create) and not self.recorder.is_unsent(step.record):
                batch.unconfirmed.append(step)
            else:
                batch.lost.append(step)
            return
        except (asyncio.CancelledError, PersistenceError):
            # It was never sent: the fence did not let it pass, and a destination completes what was sent.
            self._take_back(step)
            raise
        except UnsupportedKind as error:
            # The kinds of a group are listed together, so that one of them cannot be written shows only here.
            self._note_refused(step, reasons.kind_unknown(str(error), self.mapping.systems))
        except RecordRejected as rejection:
            await self._note_rejection(step, rejection, batch, queue)
        except (DestinationError, SyncStopped) as error:
            self._note_stop(step, error, batch)
        else:
            self._note_success(step, destination_id, queue)
        batch.answered()

    async def _note_rejection(
        self, step: Write, rejection: RecordRejected, batch: WriteBatch, queue: WriteQueue
    ) -> None:
        match step, rejection:
            case Update(), RecordGone():  # deleted after it was read: create it as planned
                create = Create(step.record, reasons.gone_from_destination(self.mapping.systems), step.fields)
                await self.recorder.save_intents([create])
                queue.requeue([create])
            case _, FailedBeforeWrite():
                self._note_refused(step, reasons.plugin_failed(str(rejection)))
            case _, WriteForbidden():
                await self._note_forbidden(step, rejection, batch)
            case _:
                reason = reasons.rejected(str(rejection), self.mapping.systems, waited=bool(step.depends_on))
                self._note_refused(step, reason)

    async def _note_forbidden(self, step: Write, refusal: RecordRejected, batch: WriteBatch) -> None:
        """Record the failure of one record, unless reads or all writes are refused too (rule 29)."""
        self._forbidden_in_a_row += 1
        try:
            await self.destination.event(self.mapping.events.destination_id)
        except DestinationError as error:
            self._note_stop(step, error, batch)
            return
        self._note_refused(step, reasons.forbidden(str(refusal), self.mapping.systems))
        if self._forbidden_in_a_row >= MAX_CONSECUTIVE_FORBIDDEN:
            batch.stop = batch.stop or stop_reasons.writes_refused(
                self.mapping.systems.destination, str(refusal)
            )

    def _note_stop(self, step: Write, error: DestinationError | SyncStopped, batch: WriteBatch) -> None:
        """Set the stop reason of the batch: neither this step nor any other is sent."""
        stop = error.stop if isinstance(error, SyncStopped) else stop_for(error, self.mapping)
        if stop == stop_reasons.LEASE_EXPIRED:
            raise error
        # A redirect, for one, does not say whether the write was carried out.
        if not isinstance(error, DestinationUnreadable):
            self._take_back(step)
        batch.unsent.append(step)
        batch.stop = batch.stop or stop

    async def _send(self, step: Write) -> DestinationId:
        kind, event = step.record.kind, self.mapping.events.destination_id
        self.written.add(kind.name)
        match step:
            case Create(previous_id=previous_id) if previous_id is not None and await self._is_still_there(
                step, previous_id
            ):
                return previous_id
            case Create(record=record, fields=fields):
                ours = external_id(self.mapping.systems.source, self.mapping.connection_id, record.source_id)
                self.recorder.mark_departed(record)
                self.index.ownership.take(kind, record.source_id)
                return await self.destination.create(event, kind, ours, fields)
            case Update(destination_id=destination_id, changes=changes):
                with departing(_in_doubt(step)):
                    await self.destination.update(event, kind, destination_id, changes)
                return destination_id

    async def _is_still_there(self, step: Create, previous_id: DestinationId) -> bool:
        """Update a record that is not listed any more under its old id; create it only if that id is gone."""
        event = self.mapping.events.destination_id
        try:
            with departing(_in_doubt(step)):
                await self.destination.update(event, step.record.kind, previous_id, step.restores)
        except RecordGone:
            return False
        return True

    def _note_success(
        self, step: Write, destination_id: DestinationId, queue: WriteQueue | None = None
    ) -> None:
        record = step.record
        self.recorder.may_have_written = True
        self._forbidden_in_a_row = 0
        if isinstance(step, Create) and step.previous_kind and destination_id == step.previous_id:
            self.index.found_unlisted(step.previous_kind, record.source_id, destination_id)
            self._note_other_kind(step, step.previous_kind)
            return
        if queue is not None:
            queue.succeeded(record.source_id)
        email = self._email_of(step)
        self.index.record_write(record.kind, record.source_id, destination_id, email, record.label)
        synced = SyncedRecord(
            record.kind,
            record.source_id,
            record.label,
            destination_id,
            self.mapping.connection_id,
            fingerprint(step.fields),
            step.fields,
            email,
        )
        outcome, reason = Outcome.CREATED, step.reason
        if isinstance(step, Update):
            outcome = Outcome.UPDATED
        elif destination_id == step.previous_id:
            outcome, reason = (
                Outcome.UPDATED,
                replace(reasons.still_there(self.mapping.systems), detail=reason.detail),
            )
        self.recorder.record(RecordOutcome(record, outcome, reason, destination_id), synced)
        if isinstance(step, Create) or self.intents.has(record):
            self.recorder.mark_resolved(record)

    def _note_other_kind(self, create: Create, other: RecordKind) -> None:
        """Record that a record was not created, because it is there as one of another kind (rule 44)."""
        reason = reasons.synced_as_another(create.record.kind, other, self.mapping.systems)
        there = self.index.found_in_group(create.record.kind, create.record.source_id)
        self.recorder.record(RecordOutcome(create.record, Outcome.SKIPPED, reason, there))
        self.recorder.mark_resolved(create.record)

    @staticmethod
    def _email_of(step: Write) -> str | None:
        email = step.fields.get("email")
        return email if isinstance(email, str) else None

    def _take_back(self, step: Write) -> None:
        """Revert what was stored before a write that was certainly not applied."""
        if step.known is not None and not self._attempts[key_of(step.record)]:
            self.recorder.restore(step.known)
        if isinstance(step, Create):
            self.recorder.mark_resolved(step.record)

    def _note_refused(self, step: Write, reason: Reason) -> None:
        self._take_back(step)
        self._note_failure(step, reason)

    def _note_failure(self, step: Write, reason: Reason) -> None:
        destination_id = step.destination_id if isinstance(step, Update) else None
        self.recorder.record(RecordOutcome(step.record, Outcome.FAILED, reason, destination_id))


def _in_doubt(step: Write) -> SyncedRecord | None:
    return step.known.unconfirmed(step.fields) if step.known else None


async def _at_once(steps: Sequence[Step]) -> AsyncIterator[Sequence[Step]]:
    yield steps
