"""Runs syncs in this process, as tasks of its event loop. The run table is the only source of truth."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from core.domain.ids import MappingId, RunId
from core.domain.runs.fair_queue import QueuedWork
from core.domain.runs.run import Trigger
from ports.jobs import JobHandlers
from ports.log import EventLog
from ports.store.errors import PersistenceError

MAX_CONCURRENT = 64
"""Runs and checks: each one waits for other systems nearly all the time."""
RESERVED_FOR_MANUAL = 8
"""Of these slots, only manual runs may use."""
PAUSE_AFTER_FAULT = 1.0
"""Seconds after a run that failed with an internal error."""
PURGE_INTERVAL = 3600.0
"""Seconds."""
POLL_INTERVAL = 5.0
"""Seconds: abandoned or due work of other processes waits no longer than this."""


@dataclass(slots=True)
class InProcessJobs:
    handlers: JobHandlers
    log: EventLog
    max_concurrent: int = MAX_CONCURRENT
    poll_interval: float = POLL_INTERVAL
    reserved_for_manual: int = RESERVED_FOR_MANUAL
    _tasks: dict[MappingId, asyncio.Task[None]] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, run_id: RunId) -> None:  # noqa: ARG002 - `select` decides which run is next
        self._wake.set()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        background = [
            asyncio.create_task(self._keep_polling(), name="jobs"),
            asyncio.create_task(self._repeat(self.handlers.purge, PURGE_INTERVAL), name="retention"),
        ]
        notifying = asyncio.create_task(
            self._repeat(self.handlers.notify, self.poll_interval), name="notices"
        )
        try:
            yield
        finally:
            await cancel_all(background)
            # Concurrently: each task completes what it has sent, and doing so one by one would take too long.
            await cancel_all([notifying, *self._tasks.values()])

    async def _keep_polling(self) -> None:
        while True:
            self._wake.clear()
            await self._try(self.poll)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll_interval):
                    await self._wake.wait()

    async def _repeat(self, handler: Callable[[], Awaitable[object]], interval: float) -> None:
        while True:
            await self._try(handler)
            await asyncio.sleep(interval)

    async def _try(self, handler: Callable[[], Awaitable[object]]) -> None:
        try:
            await handler()
        except PersistenceError as error:
            self.log.warning("jobs.store_unusable", problem=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a failure must not end the loop
            self.log.fault("jobs.look_failed", error)

    async def poll(self) -> None:
        """Start queued work as far as there are slots, and recover abandoned runs, which need none."""
        # Select for all slots, not only the free ones: work that was just started can be selected again.
        for work in await self.handlers.select(self.max_concurrent, self.reserved_for_manual):
            if work.is_abandoned and work.run_id is not None:
                await self.handlers.recover(work.run_id)
                self._wake.set()  # the run that replaces it is queued now
            elif work.mapping_id not in self._tasks and self._has_slot_for(work):
                task = asyncio.create_task(self._perform(work), name=f"sync {work.mapping_id}")
                self._tasks[work.mapping_id] = task
                task.add_done_callback(partial(self._free_slot, work.mapping_id))

    def _has_slot_for(self, work: QueuedWork) -> bool:
        reserved = 0 if work.trigger is Trigger.MANUAL else self.reserved_for_manual
        return len(self._tasks) < self.max_concurrent - reserved

    def _free_slot(self, mapping_id: MappingId, _: asyncio.Task[None]) -> None:
        self._tasks.pop(mapping_id, None)
        self._wake.set()

    async def _perform(self, work: QueuedWork) -> None:
        try:
            await perform(self.handlers, work)
        except Exception as error:  # noqa: BLE001 - this task is not awaited, and the run has stored how it ended
            self.log.fault("jobs.run_failed", error, run=work.run_id, mapping=work.mapping_id)
            # Keep the slot meanwhile: a run that fails before it starts would be selected again immediately.
            await asyncio.sleep(PAUSE_AFTER_FAULT)


async def perform(handlers: JobHandlers, work: QueuedWork) -> None:
    """Perform a run or a check; request a run again if it is interrupted."""
    started: list[RunId] = []
    try:
        if work.run_id is None:
            await handlers.check(work.mapping_id, started.append)
        else:
            started.append(work.run_id)
            await handlers.run(work.run_id)
    except (asyncio.CancelledError, PersistenceError):
        for run_id in started:
            await handlers.requeue(run_id)
        raise


async def cancel_all(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
