"""A round of writing: many writers draw from one plan, until it is dry or nothing more can be sent."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from core.domain.identifiers import SourceId
from core.domain.planning import Create, NoWrite, Step, Update
from core.domain.stops import Stop
from core.usecases.sync.journal import Journal

Write = Create | Update


@dataclass(slots=True)
class Feed:
    """Gives out the writes of a plan one by one; what needs no write is noted in passing.

    Whoever waits for somebody else's e-mail is held back until that one has given it up (rule 15).
    """

    steps: AsyncIterator[Sequence[Step]]
    journal: Journal
    _ready: deque[Write] = field(default_factory=deque)
    _held: dict[SourceId, Write] = field(default_factory=dict)
    _succeeded: set[SourceId] = field(default_factory=set)
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
        writes = []
        for step in steps:
            if self.journal.has_told(step.record):
                continue
            if isinstance(step, NoWrite):
                self.journal.note(step.told())
            else:
                writes.append(step)
        # Before any of them is sent: a change that arrives and is never noted must not pass for the old state.
        await self.journal.doubt([step.record for step in writes if _may_change_what_is_there(step)])
        for step in writes:
            if step.waits_for <= self._succeeded:
                self._ready.append(step)
            else:
                self._held[step.record.source_id] = step
        await self.journal.store_if_due()

    def put_back(self, writes: Iterable[Write]) -> None:
        self._ready.extendleft(writes)

    def succeeded(self, source_id: SourceId) -> None:
        self._succeeded.add(source_id)
        for free in [who for who, step in self._held.items() if step.waits_for <= self._succeeded]:
            self._ready.append(self._held.pop(free))

    @property
    def is_dry(self) -> bool:
        return self._dry and not self._ready

    def let_go(self) -> list[Write]:
        """When nothing else is left: free those who only wait for one another, and give those who wait in vain."""
        in_vain = []
        while stuck := [
            who for who, step in self._held.items() if step.waits_for - self._held.keys() - self._succeeded
        ]:
            in_vain += [self._held.pop(who) for who in stuck]
        self._ready.extend(self._held.values())
        self._held.clear()
        return in_vain


def _may_change_what_is_there(step: Write) -> bool:
    return isinstance(step, Update) or step.former is not None


@dataclass(slots=True)
class Round:
    """What the writers of one round share, and what they leave."""

    silence: int
    """So many lost answers in a row mean that Gleanin answers nothing at all."""
    stop: Stop | None = None
    """What concerns all records."""
    failure: Exception | None = None
    """What ends the run without a word to the records: somebody else's run, a database that is gone."""
    unsent: list[Write] = field(default_factory=list)
    """Not sent, because of the stop."""
    lost: list[Write] = field(default_factory=list)
    """Sent, and never answered."""
    asked_wait: float = 0
    """The longest wait in seconds that an answer without a result asked for."""
    lost_in_a_row: int = 0
    any_answer: bool = False

    @property
    def ended(self) -> bool:
        return self.stop is not None or self.failure is not None or self.lost_in_a_row >= self.silence

    def lose(self, step: Write, asked: float | None) -> None:
        self.lost.append(step)
        self.lost_in_a_row += 1
        self.asked_wait = max(self.asked_wait, asked or 0)

    def answered(self) -> None:
        self.lost_in_a_row, self.any_answer = 0, True
