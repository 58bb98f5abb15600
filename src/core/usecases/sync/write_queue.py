"""The queue of writes that concurrent writers take from, and what they share in one batch."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from core.domain.ids import SourceId
from core.domain.planning.plan import Create, NoWrite, Step, Update
from core.domain.records import reasons
from core.domain.records.outcomes import Outcome
from core.domain.runs.stop_reasons import StopReason
from core.usecases.sync.intents import OpenIntents
from core.usecases.sync.outcome_recorder import OutcomeRecorder, key_of

Write = Create | Update


@dataclass(slots=True)
class WriteQueue:
    """Returns the writes of a plan one by one, and records the outcomes of steps that need no write.

    A write that needs another record's e-mail waits until that record has released it (rule 15). A create that an
    earlier run may have sent is not returned before it was looked up late enough (rule 32).
    """

    steps: AsyncIterator[Sequence[Step]]
    recorder: OutcomeRecorder
    intents: OpenIntents
    succeeded_before: set[SourceId] = field(default_factory=set)
    """Records of the kind that were written, before and by this queue."""
    left_out: AbstractSet[SourceId] = frozenset()
    """Records that are planned later, because they depend on an unconfirmed create."""
    sends: bool = True
    """False if its writes are only reported, not sent."""
    _ready: deque[Write] = field(default_factory=deque)
    _waiting: dict[SourceId, Write] = field(default_factory=dict)
    _exhausted: bool = False
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def next(self) -> Write | None:
        while not self._ready and not self._exhausted:
            async with self._one_at_a_time:
                if not self._ready and not self._exhausted:
                    await self._draw()
        return self._ready.popleft() if self._ready else None

    async def _draw(self) -> None:
        steps = await anext(self.steps, None)
        if steps is None:
            self._exhausted = True
            return
        writes = []
        for step in steps:
            if step.record.source_id in self.left_out:
                continue
            if isinstance(step, NoWrite):
                self._note(step)
            elif self.sends and isinstance(step, Create) and self.intents.forbid(step.record):
                self.recorder.unconfirmed[key_of(step.record)] = step
            else:
                writes.append(step)
        if self.sends:
            creates = [step for step in writes if isinstance(step, Create)]
            await self.recorder.save_intents(creates, self.intents.field_names)
        for step in writes:
            if step.depends_on <= self.succeeded_before:
                self._ready.append(step)
            else:
                self._waiting[step.record.source_id] = step
        await self.recorder.store_if_due()

    def _note(self, step: NoWrite) -> None:
        self.recorder.record(step.to_outcome())
        is_known = step.outcome is Outcome.UNCHANGED or step.reason.code == reasons.ENDED_CONNECTION
        if is_known and self.intents.has(step.record):
            self.recorder.mark_resolved(step.record)

    def requeue(self, writes: Iterable[Write]) -> None:
        self._ready.extendleft(writes)

    def succeeded(self, source_id: SourceId) -> None:
        self.succeeded_before.add(source_id)
        for free in [
            source_id for source_id, step in self._waiting.items() if step.depends_on <= self.succeeded_before
        ]:
            self._ready.append(self._waiting.pop(free))

    def take_waiting(self) -> list[Write]:
        """Remove and return the writes that wait for an e-mail."""
        held = [*self._waiting.values()]
        self._waiting.clear()
        return held

    @property
    def is_exhausted(self) -> bool:
        return self._exhausted and not self._ready

    def release(self) -> list[Write]:
        """When nothing else is left: make writes ready that wait only for one another, and return those that wait in vain."""
        in_vain = []
        while stuck := [
            source_id
            for source_id, step in self._waiting.items()
            if step.depends_on - self._waiting.keys() - self.succeeded_before
        ]:
            in_vain += [self._waiting.pop(source_id) for source_id in stuck]
        self._ready.extend(self._waiting.values())
        self._waiting.clear()
        return in_vain


@dataclass(slots=True)
class WriteBatch:
    """What the writers of one batch share, and what they leave behind."""

    max_consecutive_timeouts: int
    """After so many consecutive lost answers the destination counts as unreachable."""
    stop: StopReason | None = None
    """Why nothing more is sent, for any record."""
    failure: Exception | None = None
    """What ends the run without outcomes for the records: another run took over, or the database is unavailable."""
    unsent: list[Write] = field(default_factory=list)
    """Writes that were not sent because of the stop."""
    lost: list[Write] = field(default_factory=list)
    """Writes that were sent but not answered; sending them again does no harm."""
    unconfirmed: list[Create] = field(default_factory=list)
    """Creates that were sent but not confirmed."""
    requested_pause: float = 0
    """The longest wait in seconds that a response without a result requested."""
    consecutive_timeouts: int = 0
    has_answer: bool = False

    @property
    def ended(self) -> bool:
        return self.stop is not None or self.failure is not None or self.is_silent

    @property
    def is_silent(self) -> bool:
        return self.consecutive_timeouts >= self.max_consecutive_timeouts

    def record_timeout(self, requested: float | None) -> None:
        self.consecutive_timeouts += 1
        self.requested_pause = max(self.requested_pause, requested or 0)

    def answered(self) -> None:
        self.consecutive_timeouts, self.has_answer = 0, True
