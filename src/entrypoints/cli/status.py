"""The state of continuous sync: `status`."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from core.usecases.runs.get_status import GetStatus, Status
from entrypoints.cli import reports
from entrypoints.cli.errors import with_systems
from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, console, safe_text, table
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.runs import StatusResponse
from entrypoints.text import shortened

commands = typer.Typer()
REFRESH_SECONDS = 2.0
NUMBERS = ("Due", "Queued", "Running", "Failing", "Halted")


def _table(rows: Sequence[Status]) -> Table:
    return table(
        "Continuous sync, by organization",
        ("Organization", *NUMBERS),
        (
            (
                _organization(status),
                str(status.due),
                str(status.queued),
                str(status.running),
                Text(str(status.failing), style="red" if status.failing else ""),
                Text(str(status.halted), style="red" if status.halted else ""),
            )
            for status in rows
        ),
        whole=NUMBERS,
    )


def _organization(status: Status) -> Text:
    # Below the name, because eight columns do not fit into 80 characters.
    details = f"{status.continuous} continuous"
    if status.waiting:
        details += f", {status.waiting} waiting for settings"
    if status.write_back:
        details += f", {status.write_back} writing share links back"
    if status.next_due_at:
        details += f", next at {status.next_due_at:%Y-%m-%d %H:%M} UTC"
    if status.last_checked_at:
        details += f", last found unchanged at {status.last_checked_at:%Y-%m-%d %H:%M} UTC"
    lines: list[str | tuple[str, str]] = [shortened(status.organization.name), "\n", (details, "dim")]
    if not status.health.is_well:
        lines += ["\n", (reports.health(status.health), "red")]
    return Text.assemble(*lines)


async def show_status(container: Container) -> Answer:
    rows = await container.resolve(GetStatus)()

    def show(screen: Console) -> None:
        screen.print(_table(rows))
        if any(status.halted for status in rows):
            hint = "Halted: a token was refused. To replace it: gleanin-sync token ORG {source}|{destination}"
            screen.print(safe_text(with_systems(hint)), style="dim")

    return Answer(lambda: [StatusResponse.from_domain(status).document() for status in rows], show)


async def _watch(container: Container) -> Answer:
    with Live(console=console(), auto_refresh=False) as live:
        while True:
            live.update(_table(await container.resolve(GetStatus)()), refresh=True)
            await asyncio.sleep(REFRESH_SECONDS)


@commands.command(epilog=examples("gleanin-sync status", "gleanin-sync status --watch"))
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every 2 seconds, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is due, queued, running and failing in each organization.

    Failing: the last runs stopped early, and the pauses between attempts grow. Halted: a token was refused, and
    nothing is synced until it is replaced.
    """
    if watch and as_json:
        raise typer.BadParameter("Use only one of them.", param_hint=["--watch", "--json"])
    run_command(_watch if watch else show_status, as_json=as_json)
