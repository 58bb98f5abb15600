"""Live progress of a run, read from the database, so that any process may execute the run."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from core.domain.ids import RunId
from core.domain.records.kinds import RecordKind
from core.domain.runs.run import RunState, SyncRun
from core.usecases.runs.queries import FindRun
from entrypoints.cli.output import console

POLL_SECONDS = 0.2
_POLLS_TO_START = 5
"""A run that is still queued after this many polls is waiting for another run."""
_WAITING = "Waiting for another sync of this mapping to finish."


@asynccontextmanager
async def show_progress(get_run: FindRun, run_id: RunId) -> AsyncIterator[None]:
    """Show progress bars on stderr during the body; without a terminal, print only that the run is waiting."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        async with _beside(_print_when_waiting(screen, get_run, run_id)):
            yield
        return
    columns = TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=screen, transient=True) as display:
        async with _beside(_Bars(display).follow(get_run, run_id)):
            yield


@asynccontextmanager
async def _beside(display: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    follower = asyncio.create_task(display)
    try:
        yield
    finally:
        follower.cancel()
        # An error of the display must not be mistaken for one of the run.
        await asyncio.gather(follower, return_exceptions=True)


async def _print_when_waiting(screen: Console, get_run: FindRun, run_id: RunId) -> None:
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
        self._bars: dict[RecordKind, TaskID] = {}

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
            description = self._waiting_for(run)
            if self._waiting is None:
                self._waiting = self._display.add_task(description, total=None)
            self._display.update(self._waiting, description=description)
            return
        if self._waiting is not None:
            self._display.remove_task(self._waiting)
            self._waiting = None
        for kind, progress in run.progress.items():
            if kind not in self._bars:
                self._bars[kind] = self._display.add_task(kind.plural, total=progress.total)
            self._display.update(self._bars[kind], completed=progress.done, total=progress.total)
