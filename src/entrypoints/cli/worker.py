"""Run continuous and requested syncs, without the HTTP entrypoint: `worker`."""

import asyncio
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console

from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, print_answer, safe_text
from entrypoints.cli.runner import finish, run_async, settings
from entrypoints.database import opened
from entrypoints.worker.process import MetricsPortUnusable, Worker

commands = typer.Typer()


def _started() -> Answer:
    def show(screen: Console) -> None:
        screen.print(safe_text("Running requested and continuous syncs, until Ctrl-C."), style="bold")

    return Answer(lambda: {"working": True}, show)


async def _run(process: Worker, *, as_json: bool) -> None:
    try:
        await process.run_until_cancelled(lambda: print_answer(_started(), as_json=as_json))
    except MetricsPortUnusable as error:
        raise typer.BadParameter(str(error), param_hint="--metrics-port") from error


@commands.command(
    epilog=examples(
        "gleanin-sync worker",
        "gleanin-sync worker --metrics-port 9100",
        "GLEANIN_SYNC_LOG_LEVEL=info gleanin-sync worker",
    )
)
def worker(
    metrics_port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Serve Prometheus metrics on this port. [default: GLEANIN_SYNC_METRICS_PORT]",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run requested and continuous syncs until Ctrl-C; any number of workers can share a database.

    `serve` runs syncs too; use workers for more capacity or on other machines. With --json, prints one document
    when it has started.
    """
    chosen = settings()
    if metrics_port is not None:
        chosen = chosen.model_copy(update={"metrics_port": metrics_port})

    async def until_stopped() -> Answer:
        async with opened(chosen) as container:
            with suppress(asyncio.CancelledError):  # being stopped is the normal end
                await _run(container.resolve(Worker), as_json=as_json)
        return Answer(lambda: None, lambda _: None)

    answer = run_async(until_stopped, stops_within=chosen.stop_seconds)
    if not as_json:
        finish(answer, as_json=False)
