"""Booked runs carried out by this process, as tasks of its event loop. The run table stays the only truth."""

import asyncio
from collections.abc import Awaitable, Callable

from core.domain.identifiers import RunId
from ports.log import EventLog


class InProcessJobs:
    def __init__(
        self,
        carry_out: Callable[[RunId], Awaitable[object]],
        ask_again: Callable[[RunId], Awaitable[object]],
        log: EventLog,
        at_once: int = 8,
    ) -> None:
        """Take what carries out a run, and what books another one for a run that had to be interrupted."""
        self._carry_out = carry_out
        self._ask_again = ask_again
        self._log = log
        self._tasks: dict[RunId, asyncio.Task[None]] = {}
        self._at_once = asyncio.Semaphore(at_once)

    def start(self, run_id: RunId) -> None:
        if run_id not in self._tasks:
            task = asyncio.create_task(self._run(run_id), name=f"run {run_id}")
            self._tasks[run_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(run_id, None))

    async def _run(self, run_id: RunId) -> None:
        async with self._at_once:
            try:
                try:
                    await self._carry_out(run_id)
                except asyncio.CancelledError:
                    await self._ask_again(run_id)
                    raise
            except Exception as error:  # noqa: BLE001 - nobody awaits this task; the run has noted its end by itself
                self._log.fault("jobs.run_failed", error, run=run_id)

    async def stop(self) -> None:
        """End all runs cleanly: what has been sent is seen through and noted, and the rest is left to the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
