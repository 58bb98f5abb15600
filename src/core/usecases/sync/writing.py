"""Carry out a plan in Gleanin, many records at once, each with exactly one outcome."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from core.domain import reasons, stops
from core.domain.gleanin_side import GleaninSide
from core.domain.identifiers import GleaninId, SourceId, external_id
from core.domain.kinds import RecordKind
from core.domain.mappings import EventMapping
from core.domain.outcomes import Outcome, RecordOutcome
from core.domain.planning import Create, NoWrite, Step, Update
from core.domain.reasons import Reason
from core.domain.sides import GLEANIN
from core.domain.stops import Stop
from core.domain.synced import SyncedRecord, fingerprint
from core.usecases.sync.failures import SyncStopped, stop_for
from core.usecases.sync.journal import Journal
from ports.clock import Clock
from ports.destination import AnswerLost, Destination, DestinationError, RecordRejected
from ports.log import EventLog
from ports.persistence import PersistenceError

MOST_TRIES = 5
"""How often a write is sent whose answer does not come, and how many rounds without any answer end the run."""
LOOK_UP_AFTER_SECONDS = 0.2
"""A write that is still under way in Gleanin gets this long to show, times the rounds so far."""

Write = Create | Update


@dataclass(slots=True)
class _Feed:
    """Gives out the writes of a plan one by one; what needs no write is noted in passing."""

    steps: AsyncIterator[Sequence[Step]]
    journal: Journal
    _ready: deque[Write] = field(default_factory=deque)
    _dry: bool = False
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def next(self) -> Write | None:
        while not self._ready and not self._dry:
            async with self._one_at_a_time:
                if not self._ready and not self._dry:
                    await self._draw()
        return self._ready.popleft() if self._ready else None

    async def _draw(self) -> None:
        steps = await anext(self.steps, None)
        if steps is None:
            self._dry = True
            return
        for step in steps:
            if isinstance(step, NoWrite):
                self.journal.note(step.told())
            else:
                self._ready.append(step)
        await self.journal.store_if_due()

    def put_back(self, writes: Iterable[Write]) -> None:
        self._ready.extendleft(writes)


@dataclass(slots=True)
class _Round:
    """What the writers of one round share."""

    silence: int
    """So many lost answers in a row mean that Gleanin answers nothing at all."""
    stop: Stop | None = None
    """What concerns all records."""
    failure: Exception | None = None
    """What ends the run without a word to the records: somebody else's run, a database that is gone."""
    unsent: list[Write] = field(default_factory=list)
    """Not sent, because of the stop."""
    lost: list[Write] = field(default_factory=list)
    lost_in_a_row: int = 0
    any_answer: bool = False

    @property
    def ended(self) -> bool:
        return self.stop is not None or self.failure is not None or self.lost_in_a_row >= self.silence


@dataclass(slots=True)
class Writer:
    mapping: EventMapping
    destination: Destination
    gleanin: GleaninSide
    journal: Journal
    clock: Clock
    log: EventLog
    written: set[str] = field(default_factory=set)
    """Names of the kinds of which something was written."""

    async def carry_out(
        self, kind: RecordKind, steps: AsyncIterator[Sequence[Step]], stop: Stop | None = None
    ) -> Stop | None:
        """Carry out all steps of one kind. A record that fails does not stop the others (rule 29).

        Returns what stopped the writing, if something did; with `stop` given nothing is written from the
        beginning. Records that were not sent have the stop as their outcome (rule 26).

        Raises:
            SyncStopped: another run has taken over, and tells the outcomes.
        """
        feed = _Feed(steps, self.journal)
        if stop is None:
            stop = await self._write_all(kind, feed)
        if stop is not None:
            while (step := await feed.next()) is not None:
                self._note_failure(step, reasons.run_stopped(stop.sentence))
        await self.journal.store()
        return stop

    async def _write_all(self, kind: RecordKind, feed: _Feed) -> Stop | None:
        tries: Counter[SourceId] = Counter()
        silent_rounds = 0
        while True:
            this = await self._round(feed)
            feed.put_back(this.unsent)
            if not this.lost:
                return this.stop
            self.log.warning("sync.answers_lost", kind=kind.name, number=len(this.lost))
            tries.update(step.record.source_id for step in this.lost)
            silent_rounds = 0 if this.any_answer else silent_rounds + 1
            stop = this.stop
            if silent_rounds >= MOST_TRIES:
                stop = stops.unreachable(GLEANIN, "no write was answered.")
            if stop is None:
                await self.clock.sleep(LOOK_UP_AFTER_SECONDS * max(tries.values()))
                try:
                    feed.put_back(await self._look_up(kind, this.lost, tries))
                    continue
                except DestinationError as error:
                    stop = stop_for(error, self.mapping)
            for step in this.lost:
                self._note_failure(step, reasons.no_answer(stop.sentence))
            return stop

    async def _round(self, feed: _Feed) -> _Round:
        """Send what the feed gives, until it is dry or nobody answers any more."""
        this = _Round(silence=4 * self.destination.most_in_flight)
        async with asyncio.TaskGroup() as writers:
            for _ in range(self.destination.most_in_flight):
                writers.create_task(self._write_on(feed, this))
        if this.failure is not None:
            raise this.failure
        await self.journal.store()
        return this

    async def _write_on(self, feed: _Feed, this: _Round) -> None:
        """Send one write after the other.

        When something stops the round, the others finish what they have begun: a request that is cut off is an
        answer lost.
        """
        try:
            while not this.ended and (step := await feed.next()) is not None:
                await self._write(step, this)
                await self.journal.store_if_due()
        except (SyncStopped, PersistenceError) as failure:
            this.failure = this.failure or failure

    async def _write(self, step: Write, this: _Round) -> None:
        try:
            self._note_success(step, await self._send(step))
        except AnswerLost:
            this.lost.append(step)
            this.lost_in_a_row += 1
            return
        except RecordRejected as rejection:
            self._note_failure(step, reasons.rejected(str(rejection)))
        except DestinationError as error:
            this.unsent.append(step)
            this.stop = this.stop or stop_for(error, self.mapping)
        except SyncStopped as stopped:
            if stopped.stop == stops.TAKEN_OVER:
                raise
            this.unsent.append(step)
            this.stop = this.stop or stopped.stop
        this.lost_in_a_row, this.any_answer = 0, True

    async def _send(self, step: Write) -> GleaninId:
        kind = step.record.kind
        self.written.add(kind.name)
        match step:
            case Create(record=record, fields=fields):
                ours = external_id(self.mapping.connection_id, record.source_id)
                return await self.destination.create(self.mapping.events.gleanin_id, kind, ours, fields)
            case Update(gleanin_id=gleanin_id, changes=changes):
                await self.destination.update(kind, gleanin_id, changes)
                return gleanin_id

    async def _look_up(
        self, kind: RecordKind, lost: Sequence[Write], tries: Counter[SourceId]
    ) -> list[Write]:
        """Find out which creates took place after all (rule 32), and return what must be sent again."""
        if any(isinstance(step, Create) for step in lost):
            async for page in self.destination.records(self.mapping.events.gleanin_id, kind):
                self.gleanin.add(kind, page)
        again = []
        for step in lost:
            created = (
                self.gleanin.sent_here(kind, step.record.source_id) if isinstance(step, Create) else None
            )
            if created is not None:
                self._note_success(step, created)
            elif tries[step.record.source_id] >= MOST_TRIES:
                self._note_failure(step, reasons.no_answer("no attempt was answered."))
            else:
                again.append(step)
        return again

    def _note_success(self, step: Write, gleanin_id: GleaninId) -> None:
        record = step.record
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
        outcome = Outcome.CREATED if isinstance(step, Create) else Outcome.UPDATED
        self.journal.note(RecordOutcome(record, outcome, step.reason, gleanin_id), synced)

    def _note_failure(self, step: Write, reason: Reason) -> None:
        gleanin_id = step.gleanin_id if isinstance(step, Update) else None
        self.journal.note(RecordOutcome(step.record, Outcome.FAILED, reason, gleanin_id))
