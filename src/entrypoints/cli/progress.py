"""Live progress of a run, read from the database: it does not matter which process carries the run out."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from core.domain.ids import RunId
from core.domain.runs.run import RunState, SyncRun
from core.usecases.runs.queries import FindRun
from entrypoints.cli.output import console

POLL_SECONDS = 0.2
_POLLS_TO_START = 5
"""A run that is booked for longer than so many polls waits for another one."""
_WAITING = "Waiting for another sync of this mapping to end."


@asynccontextmanager
async def shown(get_run: FindRun, run_id: RunId) -> AsyncIterator[None]:
    """Show bars on stderr for as long as the body takes; where it is no terminal, say only that the run waits."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        async with _beside(_tell_of_waiting(screen, get_run, run_id)):
            yield
        return
    columns = TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=screen, transient=True) as display:
        async with _beside(_Bars(display).follow(get_run, run_id)):
            yield


@asynccontextmanager
async def _beside(telling: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    follower = asyncio.create_task(telling)
    try:
        yield
    finally:
        follower.cancel()
        # It only tells of the run; a fault of its own must not pass for one of the run.
        await asyncio.gather(follower, return_exceptions=True)


async def _tell_of_waiting(screen: Console, get_run: FindRun, run_id: RunId) -> None:
    for _ in range(_POLLS_TO_START + 1):
        await asyncio.sleep(POLL_SECONDS)
        if (await get_run(run_id)).state is not RunState.QUEUED:
            return
    screen.print(_WAITING)


class _Bars:
    def __init__(self, display: Progress) -> None:
        self._display = display
        self._waiting: TaskID | None = None
        self._polls_in_queue = 0
        self._bars: dict[str, TaskID] = {}

    async def follow(self, get_run: FindRun, run_id: RunId) -> None:
        while True:
            self._draw(await get_run(run_id))
            await asyncio.sleep(POLL_SECONDS)

    def _waiting_for(self, run: SyncRun) -> str:
        if run.state is not RunState.QUEUED:
            return "reading"
        self._polls_in_queue += 1
        return "waiting for another sync" if self._polls_in_queue > _POLLS_TO_START else "starting"

    def _draw(self, run: SyncRun) -> None:
        if not run.progress:
            words = self._waiting_for(run)
            if self._waiting is None:
                self._waiting = self._display.add_task(words, total=None)
            self._display.update(self._waiting, description=words)
            return
        if self._waiting is not None:
            self._display.remove_task(self._waiting)
            self._waiting = None
        for plural, made in run.progress.items():
            if plural not in self._bars:
                self._bars[plural] = self._display.add_task(plural, total=made.total)
            self._display.update(self._bars[plural], completed=made.done, total=made.total)
