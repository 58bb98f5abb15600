"""How continuous sync fares: `status`."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from core.usecases.runs.show_status import GetStatus, Status
from entrypoints import shapes
from entrypoints.cli import reports
from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, console, say, table
from entrypoints.cli.runner import carry_out
from entrypoints.container import Container
from entrypoints.text import shortened

commands = typer.Typer()
EVERY = 2.0
"""Seconds between two looks."""
NUMBERS = ("Due", "Queued", "Running", "Failing", "Halted")


def _table(rows: Sequence[Status]) -> Table:
    return table(
        "Continuous sync, by organization",
        ("Organization", *NUMBERS),
        (
            (
                _organization(each),
                str(each.due),
                str(each.queued),
                str(each.running),
                Text(str(each.failing), style="red" if each.failing else ""),
                Text(str(each.halted), style="red" if each.halted else ""),
            )
            for each in rows
        ),
        whole=NUMBERS,
    )


def _organization(status: Status) -> Text:
    # Below the name and not beside it: eight columns have no room in 80 characters.
    told = f"{status.continuous} continuous"
    if status.waiting:
        told += f", {status.waiting} waiting for settings"
    if status.next_due_at:
        told += f", next at {status.next_due_at:%Y-%m-%d %H:%M} UTC"
    if status.last_checked_at:
        told += f", last found unchanged at {status.last_checked_at:%Y-%m-%d %H:%M} UTC"
    lines: list[str | tuple[str, str]] = [shortened(status.organization.name), "\n", (told, "dim")]
    if not status.health.is_well:
        lines += ["\n", (reports.health(status.health), "red")]
    return Text.assemble(*lines)


async def told(container: Container) -> Answer:
    rows = await container.resolve(GetStatus)()

    def show(screen: Console) -> None:
        screen.print(_table(rows))
        if any(each.halted for each in rows):
            hint = (
                "Halted: a token was refused. Give another one: gleanin-sync token ORG sessionboard|gleanin"
            )
            screen.print(say(hint), style="dim")

    return Answer([shapes.status(each) for each in rows], show)


async def _watched(container: Container) -> Answer:
    with Live(console=console(), auto_refresh=False) as live:
        while True:
            live.update(_table(await container.resolve(GetStatus)()), refresh=True)
            await asyncio.sleep(EVERY)


@commands.command(epilog=examples("gleanin-sync status", "gleanin-sync status --watch"))
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every 2 seconds, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show for each organization what is due, queued, running and failing.

    Failing: the last runs stopped as a whole, and the wait grows. Halted: a token was refused, and nothing is tried
    until another one is given.
    """
    if watch and as_json:
        raise typer.BadParameter("Choose one of the two.", param_hint=["--watch", "--json"])
    carry_out(_watched if watch else told, as_json=as_json)
