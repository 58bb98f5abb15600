"""Live progress of a run, read from the database: it does not matter which process carries the run out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from core.domain.identifiers import RunId
from core.domain.runs import RunState, SyncRun
from core.usecases.look_up import FindRun
from entrypoints.cli.output import console

POLL_SECONDS = 0.2
_POLLS_TO_START = 5
"""A run that is booked for longer than so many polls waits for another one."""


@asynccontextmanager
async def shown(find_run: FindRun, run_id: RunId) -> AsyncIterator[None]:
    """Show bars on stderr, where it is a terminal, for as long as the body takes."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield
        return
    columns = TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=screen, transient=True) as display:
        follower = asyncio.create_task(_Bars(display).follow(find_run, run_id))
        try:
            yield
        finally:
            follower.cancel()
            # The bars only tell of the run; a fault of theirs must not pass for one of it.
            await asyncio.gather(follower, return_exceptions=True)


class _Bars:
    def __init__(self, display: Progress) -> None:
        self._display = display
        self._waiting: TaskID | None = None
        self._polls_in_queue = 0
        self._bars: dict[str, TaskID] = {}

    async def follow(self, find_run: FindRun, run_id: RunId) -> None:
        while True:
            self._draw(await find_run(run_id))
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
