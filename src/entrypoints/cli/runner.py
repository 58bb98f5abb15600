"""Run a command: settings, container, and an event loop that Ctrl-C ends cleanly."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import typer
from pydantic import ValidationError

from entrypoints.cli.errors import BadSettings, ExitCode, Interrupted
from entrypoints.cli.memory import keep_loaded_modules, return_freed_memory
from entrypoints.cli.output import Answer, print_answer
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.late_logs import announce_logs
from entrypoints.settings import Settings

Work = Callable[[Container], Awaitable[Answer]]
INTERRUPTED_MESSAGE = "Interrupted. What was done so far stays done. Run the command again to continue."


def settings() -> Settings:
    """Read the settings, and set up logging at their log level.

    Raises:
        BadSettings: a setting is invalid.
    """
    try:
        chosen = Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"GLEANIN_SYNC_{str(problem['loc'][0]).upper()} is wrong: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        )
        # Drop the cause: it contains the values.
        raise BadSettings(f"{wrong}.") from None
    announce_logs(chosen.log_level)
    return chosen


def run_command(work: Work, *, as_json: bool, interrupted: str = INTERRUPTED_MESSAGE) -> None:
    """Run a command's work in a container, print its answer, and exit with its exit code."""
    chosen = settings()

    async def with_container() -> Answer:
        async with opened(chosen) as container:
            return await work(container)

    finish(run_async(with_container, interrupted), as_json=as_json)


def run_async(
    work: Callable[[], Awaitable[Answer]],
    interrupted: str = INTERRUPTED_MESSAGE,
    stops_within: float | None = None,
) -> Answer:
    """Run the work in an event loop; Ctrl-C or SIGTERM cancels it.

    Args:
        work: the work to run.
        interrupted: the message when it is cancelled.
        stops_within: seconds after the signal at which the process exits, even if the work has not ended.

    Raises:
        Interrupted
    """
    keep_loaded_modules()
    return_freed_memory()

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
    """Cancel the work; exit immediately on a second signal, as after a kill: the next sync recovers from that."""
    if task.cancelling():
        os._exit(ExitCode.INTERRUPTED)
    if within is not None:
        # A thread, because the event loop itself may hang.
        timer = threading.Timer(within, _give_up)
        timer.daemon = True
        timer.start()
    typer.echo(
        "Stopping. Waiting for requests in progress. Press Ctrl-C again to stop immediately.", err=True
    )
    task.cancel()


def _give_up() -> None:
    typer.echo("A request was not answered in time. Its run continues in another process.", err=True)
    os._exit(ExitCode.INTERRUPTED)


def finish(answer: Answer, *, as_json: bool) -> None:
    """Print the answer, and exit with its exit code unless that is 0."""
    print_answer(answer, as_json=as_json)
    if answer.exit_code is not ExitCode.DONE:
        raise typer.Exit(answer.exit_code)
