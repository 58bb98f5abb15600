"""Runs carried out by this process, as tasks of its event loop. The run table stays the only truth."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from core.domain.ids import MappingId, RunId
from core.domain.runs.fair_queue import QueuedWork
from core.domain.runs.run import Trigger
from ports.log import EventLog
from ports.store.errors import PersistenceError

AT_ONCE = 64
"""Runs and checks: each waits for the other sides nearly all the time."""
KEPT_FOR_PEOPLE = 8
"""Of these places only runs that were asked for by hand may take."""
PAUSE = 1.0
"""Seconds after a run that failed by a fault of this program."""
TIDY_EVERY = 3600.0
"""Seconds."""
POLL_INTERVAL = 5.0
"""Seconds: what another process left behind, or has become due, waits no longer than this."""


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do: use cases, given by whoever wires this."""

    choose: Callable[[int, int], Awaitable[Sequence[QueuedWork]]]
    """Given how many places there are, and how many of these are kept for runs asked for by hand."""
    take_over: Callable[[RunId], Awaitable[object]]
    carry_out: Callable[[RunId], Awaitable[object]]
    check: Callable[[MappingId, Callable[[RunId], None]], Awaitable[object]]
    """Sees to a mapping that is due, and names the run that this comes to as soon as it does."""
    ask_again: Callable[[RunId], Awaitable[object]]
    """Books another run for one that had to be interrupted, or lost its database."""
    tidy: Callable[[], Awaitable[object]]
    """Forgets what is old."""
    tell: Callable[[], Awaitable[object]]
    """Delivers notices; it waits for other people's servers, so nothing may wait for it."""


@dataclass(slots=True)
class InProcessJobs:
    work: Work
    log: EventLog
    at_once: int = AT_ONCE
    look_every: float = POLL_INTERVAL
    kept_for_people: int = KEPT_FOR_PEOPLE
    _tasks: dict[MappingId, asyncio.Task[None]] = field(default_factory=dict)
    _look: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, run_id: RunId) -> None:  # noqa: ARG002 - who is next is for `choose` to say
        self._look.set()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        beside = [
            asyncio.create_task(self._keep_looking(), name="jobs"),
            asyncio.create_task(self._keep_doing(self.work.tidy, TIDY_EVERY), name="retention"),
        ]
        telling = asyncio.create_task(self._keep_doing(self.work.tell, self.look_every), name="notices")
        try:
            yield
        finally:
            await ended(beside)
            # At once: each sees through what it has sent, and there is not time for one after the other.
            await ended([telling, *self._tasks.values()])

    async def _keep_looking(self) -> None:
        while True:
            self._look.clear()
            await self._tried(self.look)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.look_every):
                    await self._look.wait()

    async def _keep_doing(self, work: Callable[[], Awaitable[object]], every: float) -> None:
        while True:
            await self._tried(work)
            await asyncio.sleep(every)

    async def _tried(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except PersistenceError as error:
            self.log.warning("jobs.store_unusable", problem=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one bad look must not be the last
            self.log.fault("jobs.look_failed", error)

    async def look(self) -> None:
        """Start what waits, as far as there is room, and take over what the dead left, which needs none."""
        # For all places: what has been started a moment ago, and not begun yet, is chosen again.
        for each in await self.work.choose(self.at_once, self.kept_for_people):
            if each.is_abandoned and each.run_id is not None:
                await self.work.take_over(each.run_id)
                self._look.set()  # what takes its place waits by now
            elif each.mapping_id not in self._tasks and self._has_room_for(each):
                task = asyncio.create_task(self._see_to(each), name=f"sync {each.mapping_id}")
                self._tasks[each.mapping_id] = task
                task.add_done_callback(partial(self._make_room, each.mapping_id))

    def _has_room_for(self, waiting: QueuedWork) -> bool:
        kept = 0 if waiting.trigger is Trigger.MANUAL else self.kept_for_people
        return len(self._tasks) < self.at_once - kept

    def _make_room(self, mapping_id: MappingId, _: asyncio.Task[None]) -> None:
        self._tasks.pop(mapping_id, None)
        self._look.set()

    async def _see_to(self, waiting: QueuedWork) -> None:
        try:
            await seen_to(self.work, waiting)
        except Exception as error:  # noqa: BLE001 - nobody awaits this task; the run has noted its end by itself
            self.log.fault("jobs.run_failed", error, run=waiting.run_id, mapping=waiting.mapping_id)
            # Its place stays taken meanwhile: one that fails before it has begun would be chosen again at once.
            await asyncio.sleep(PAUSE)


async def seen_to(work: Work, waiting: QueuedWork) -> None:
    """Carry out a run or a check; a run that is interrupted is asked for again."""
    begun: list[RunId] = []
    try:
        if waiting.run_id is None:
            await work.check(waiting.mapping_id, begun.append)
        else:
            begun.append(waiting.run_id)
            await work.carry_out(waiting.run_id)
    except (asyncio.CancelledError, PersistenceError):
        for run_id in begun:
            await work.ask_again(run_id)
        raise


async def ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
