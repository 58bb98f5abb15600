"""Carry out a plan in Gleanin, many records at once, each with exactly one outcome."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from core.domain import reasons, stops
from core.domain.gleanin_side import GleaninSide
from core.domain.identifiers import GleaninId, SourceId, external_id
from core.domain.kinds import RecordKind
from core.domain.mappings import EventMapping
from core.domain.outcomes import Outcome, RecordOutcome
from core.domain.planning import Create, Step, Update, all_of
from core.domain.reasons import Reason
from core.domain.sides import GLEANIN
from core.domain.stops import Stop
from core.domain.synced import SyncedRecord, fingerprint
from core.usecases.sync.failures import SyncStopped, stop_for
from core.usecases.sync.journal import Journal
from core.usecases.sync.rounds import Feed, Round, Write
from ports.clock import Clock
from ports.destination import (
    AnswerLost,
    Destination,
    DestinationError,
    RecordGone,
    RecordRejected,
    RecordsNotTold,
)
from ports.log import EventLog
from ports.persistence import PersistenceError

MOST_TRIES = 4
"""How often a write is sent whose answer does not come, and how many rounds without any answer end the run."""
LOOK_UPS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each look for a create whose answer was lost, and before it is sent again: Gleanin may still be
executing it, and its lists may be a moment behind."""


@dataclass(slots=True)
class Writer:
    mapping: EventMapping
    destination: Destination
    gleanin: GleaninSide
    journal: Journal
    clock: Clock
    log: EventLog
    written: set[str] = field(default_factory=set)
    """Names of the kinds of which something was sent."""

    async def carry_out(
        self, kind: RecordKind, steps: AsyncIterator[Sequence[Step]], stop: Stop | None = None
    ) -> Stop | None:
        """Carry out all steps of one kind. A record that fails does not stop the others (rule 29).

        Returns what stopped the writing, if something did; with `stop` given nothing is written from the
        beginning. Records that were not sent have the stop as their outcome (rule 26).

        Raises:
            SyncStopped: another run has taken over, and tells the outcomes.
            PersistenceError
        """
        feed = Feed(steps, self.journal)
        if stop is None:
            stop = await self._write_all(kind, feed)
        if stop is not None:
            while (step := await feed.next()) is not None:
                self._note_failure(step, reasons.run_stopped(stop.sentence))
        await self.journal.store()
        return stop

    async def _write_all(self, kind: RecordKind, feed: Feed) -> Stop | None:
        tries: Counter[SourceId] = Counter()
        silent_rounds = 0
        while True:
            this = await self._round(feed)
            feed.put_back(this.unsent)
            stop = this.stop
            if this.lost:
                self.log.warning("sync.answers_lost", kind=kind.name, number=len(this.lost))
                tries.update(step.record.source_id for step in this.lost)
                silent_rounds = 0 if this.any_answer else silent_rounds + 1
                if silent_rounds >= MOST_TRIES:
                    stop = stop or stops.unreachable(GLEANIN, "no write was answered.")
                stop = await self._recover(kind, feed, this, tries, stop)
            if stop is not None:
                return stop
            if feed.is_dry:
                for step in feed.let_go():
                    email = str(step.fields.get("email"))
                    told = any(
                        self.journal.has_told(replace(step.record, source_id=who)) for who in step.waits_for
                    )
                    why = reasons.waits_for_next_run(email) if told else reasons.waited_in_vain(email)
                    self._note_failure(step, why)
            if feed.is_dry:
                return None

    async def _round(self, feed: Feed) -> Round:
        """Send what the feed gives, until it is dry or nobody answers any more."""
        this = Round(silence=4 * self.destination.most_in_flight)
        async with asyncio.TaskGroup() as writers:
            for _ in range(self.destination.most_in_flight):
                writers.create_task(self._write_on(feed, this))
        if this.failure is not None:
            raise this.failure
        await self.journal.store()
        return this

    async def _write_on(self, feed: Feed, this: Round) -> None:
        """Send one write after the other.

        When something stops the round, the others finish what they have begun: a request that is cut off is an
        answer lost.
        """
        try:
            while not this.ended and (step := await feed.next()) is not None:
                await self._write(step, this, feed)
                await self.journal.store_if_due()
        except (SyncStopped, PersistenceError) as failure:
            this.failure = this.failure or failure

    async def _write(self, step: Write, this: Round, feed: Feed) -> None:
        try:
            self._note_success(step, await self._send(step), feed)
        except AnswerLost as lost:
            self.journal.unclear = True
            this.lose(step, lost.asked)
            return
        except RecordGone as gone:
            if isinstance(step, Update):  # deleted after it was read: what stands in the plan is created
                feed.put_back([Create(step.record, reasons.GONE_FROM_GLEANIN, step.fields)])
            else:
                self._note_failure(step, reasons.rejected(str(gone)))
        except RecordRejected as rejection:
            self._note_failure(step, reasons.rejected(str(rejection), waited=bool(step.waits_for)))
        except DestinationError as error:
            this.unsent.append(step)
            this.stop = this.stop or stop_for(error, self.mapping)
        except SyncStopped as stopped:
            if stopped.stop == stops.TAKEN_OVER:
                raise
            this.unsent.append(step)
            this.stop = this.stop or stopped.stop
        this.answered()

    async def _send(self, step: Write) -> GleaninId:
        kind, event = step.record.kind, self.mapping.events.gleanin_id
        self.written.add(kind.name)
        match step:
            case Create(former=former) if former is not None and await self._is_still_there(step, former):
                return former
            case Create(record=record, fields=fields):
                ours = external_id(self.mapping.connection_id, record.source_id)
                return await self.destination.create(event, kind, ours, fields)
            case Update(gleanin_id=gleanin_id, changes=changes):
                await self.destination.update(event, kind, gleanin_id, changes)
                return gleanin_id

    async def _is_still_there(self, step: Create, former: GleaninId) -> bool:
        """Send a record that is not listed any more to where it was; only if it is gone there, it is to be created."""
        kind = step.record.kind
        event = self.mapping.events.gleanin_id
        try:
            await self.destination.update(event, kind, former, all_of(kind, step.fields))
        except RecordGone:
            return False
        return True

    async def _recover(
        self, kind: RecordKind, feed: Feed, this: Round, tries: Counter[SourceId], stop: Stop | None
    ) -> Stop | None:
        """See to it that what was sent without an answer gets an outcome, or is sent again."""
        lost = list(this.lost)
        if stop is None:
            try:
                await self.clock.sleep(this.asked_wait)
                lost = await self._look_up(
                    kind, feed, lost, max(tries[step.record.source_id] for step in lost)
                )
            except DestinationError as error:
                stop = stop_for(error, self.mapping)
        for step in lost:
            if stop is not None:
                self._note_failure(step, reasons.no_answer(stop.sentence))
            elif tries[step.record.source_id] >= MOST_TRIES:
                self._note_failure(step, reasons.no_answer("no attempt was answered."))
            else:
                feed.put_back([step])
        return stop

    async def _look_up(self, kind: RecordKind, feed: Feed, lost: list[Write], tries: int) -> list[Write]:
        """Find out which creates took place after all (rule 32), and return what must be sent again."""
        if not any(isinstance(step, Create) for step in lost):
            # To send the same change again does no harm.
            await self.clock.sleep(LOOK_UPS[min(tries, len(LOOK_UPS) - 1)])
            return lost
        for wait in LOOK_UPS:
            await self.clock.sleep(wait)
            await self._read_again(kind)
            found = [(step, self._created(step)) for step in lost]
            for step, gleanin_id in found:
                if gleanin_id is not None:
                    self._note_success(step, gleanin_id, feed)
            lost = [step for step, gleanin_id in found if gleanin_id is None]
            if not lost:
                break
        return lost

    async def _read_again(self, kind: RecordKind) -> None:
        try:
            async for page in self.destination.records(self.mapping.events.gleanin_id, kind):
                self.gleanin.add(kind, page)
        except RecordsNotTold:
            pass  # there are none yet

    def _created(self, step: Write) -> GleaninId | None:
        """Find what a create made; a former copy that shows again is none, and is sent to once more."""
        if not isinstance(step, Create):
            return None
        found = self.gleanin.sent_here(step.record.kind, step.record.source_id)
        return None if found == step.former else found

    def _note_success(self, step: Write, gleanin_id: GleaninId, feed: Feed) -> None:
        record = step.record
        self.journal.wrote = True
        feed.succeeded(record.source_id)
        self.gleanin.note_written(record.kind, record.source_id, gleanin_id)
        email = step.fields.get("email")
        synced = SyncedRecord(
            record.kind,
            record.source_id,
            record.label,
            gleanin_id,
            self.mapping.connection_id,
            fingerprint(step.fields),
            step.fields,
            email if isinstance(email, str) else None,
        )
        outcome, reason = Outcome.CREATED, step.reason
        if isinstance(step, Update):
            outcome = Outcome.UPDATED
        elif gleanin_id == step.former:
            outcome, reason = Outcome.UPDATED, replace(reasons.STILL_THERE, detail=reason.detail)
        self.journal.note(RecordOutcome(record, outcome, reason, gleanin_id), synced)

    def _note_failure(self, step: Write, reason: Reason) -> None:
        gleanin_id = step.gleanin_id if isinstance(step, Update) else None
        self.journal.note(RecordOutcome(step.record, Outcome.FAILED, reason, gleanin_id))
