"""From a command to its answer: settings, container, and an event loop that Ctrl-C ends cleanly."""

import asyncio
import ctypes
import gc
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import typer
from pydantic import ValidationError

from entrypoints.cli.errors import BadSettings, ExitCode, Interrupted
from entrypoints.cli.output import Answer, print_answer
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.late_logs import announce_logs
from entrypoints.settings import Settings

Work = Callable[[Container], Awaitable[Answer]]
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
NOTHING_LOST = "Interrupted. What was done up to here stays done; run the command again to go on."


def settings() -> Settings:
    """Read the settings, and log as they say.

    Raises:
        BadSettings: one cannot be what it is.
    """
    try:
        chosen = Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"GLEANIN_SYNC_{str(problem['loc'][0]).upper()} is wrong: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        )
        # Without its cause, which has the values.
        raise BadSettings(f"{wrong}.") from None
    announce_logs(chosen.log_level)
    return chosen


def carry_out(work: Work, *, as_json: bool, interrupted: str = NOTHING_LOST) -> None:
    """Do what a command is for, print what it has to say, and leave with its exit code."""
    chosen = settings()

    async def with_container() -> Answer:
        async with opened(chosen) as container:
            return await work(container)

    finish(in_loop(with_container, interrupted), as_json=as_json)


def in_loop(
    work: Callable[[], Awaitable[Answer]], interrupted: str = NOTHING_LOST, stops_within: float | None = None
) -> Answer:
    """Do the work; it is cancelled by Ctrl-C, and by the signal that a stopping container sends.

    Args:
        work: what is to be done.
        interrupted: what is said when it was cancelled.
        stops_within: seconds from then after which the process ends as by a kill, whatever it still waits for.

    Raises:
        Interrupted
    """
    spare_the_collector()
    give_memory_back()

    async def main() -> Answer:
        task = asyncio.current_task()
        assert task is not None
        with suppress(NotImplementedError):  # Windows has no such handlers
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, _stop, task, stops_within)
        return await work()

    try:
        return asyncio.run(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Interrupted(interrupted) from None


def _stop(task: asyncio.Task[Any], within: float | None) -> None:
    """End the work cleanly; who asks twice gets what a kill does, after which the next sync puts everything right."""
    if task.cancelling():
        os._exit(ExitCode.INTERRUPTED)
    if within is not None:
        # Not by the event loop, which may be what does not end.
        timer = threading.Timer(within, _give_up)
        timer.daemon = True
        timer.start()
    typer.echo("Stopping. What has been sent is seen through first; Ctrl-C again stops at once.", err=True)
    task.cancel()


def _give_up() -> None:
    typer.echo("What was sent is not answered in time: what waits for it goes on elsewhere.", err=True)
    os._exit(ExitCode.INTERRUPTED)


def spare_the_collector() -> None:
    """Let the garbage collector look at less, and less often, from here on.

    What was loaded to get here stays, and a sync makes many objects that live until its end: looking through all
    of them again and again takes a fifth of its time. Reference counts free the rest.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def give_memory_back() -> None:
    """Let glibc give large blocks back to the system as soon as they are free; other C libraries do, or have no such call.

    It would learn to keep them after the first was freed, and each thread would have a heap of its own: the second large
    sync in a process then finds little of what the first one used. Numbers and names: mallopt(3).
    """
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 512 * 1024)
        mallopt(M_ARENA_MAX, 2)


def finish(answer: Answer, *, as_json: bool) -> None:
    print_answer(answer, as_json=as_json)
    if answer.exit_code is not ExitCode.DONE:
        raise typer.Exit(answer.exit_code)
