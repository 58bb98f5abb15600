"""Continuous sync, and runs that others booked, without serving anything: `worker`."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, print_answer, say
from entrypoints.cli.running import finish, in_loop, settings

if TYPE_CHECKING:  # takes longer to import than `--help` may take
    from entrypoints.container import Container

commands = typer.Typer()


def _told() -> Answer:
    def show(screen: Console) -> None:
        screen.print(say("Carrying out what is booked and what becomes due, until Ctrl-C."), style="bold")

    return Answer({"working": True}, show)


async def _work(container: "Container", *, as_json: bool) -> None:
    async with container.jobs().working():
        print_answer(_told(), as_json=as_json)
        await asyncio.Event().wait()


@commands.command(epilog=examples("gleanin-sync worker", "GLEANIN_SYNC_LOG_LEVEL=info gleanin-sync worker"))
def worker(as_json: AsJson = False) -> None:
    """Carry out booked and continuous syncs until Ctrl-C; any number of workers can share a database.

    `serve` does the same beside serving; a worker is for more of it, or for another machine. With --json, one
    document tells that it has begun.
    """
    chosen = settings()

    async def until_stopped() -> Answer:
        from entrypoints.container import opened

        async with opened(chosen) as container:
            with suppress(asyncio.CancelledError):  # to be stopped is how it ends
                await _work(container, as_json=as_json)
        return Answer(None, lambda _: None)

    answer = in_loop(until_stopped, stops_within=chosen.stop_seconds)
    if not as_json:
        finish(answer, as_json=False)
