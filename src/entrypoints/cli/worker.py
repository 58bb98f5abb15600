"""Run continuous and requested syncs, without the HTTP entrypoint: `worker`."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Annotated

import typer
from rich.console import Console

from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, print_answer, safe_text
from entrypoints.cli.runner import finish, run_async, settings
from entrypoints.container import Container
from entrypoints.database import opened

commands = typer.Typer()


def _started() -> Answer:
    def show(screen: Console) -> None:
        screen.print(safe_text("Running requested and continuous syncs, until Ctrl-C."), style="bold")

    return Answer({"working": True}, show)


async def _work(container: Container, *, as_json: bool) -> None:
    with _metrics_served(container):
        async with container.jobs().working():
            print_answer(_started(), as_json=as_json)
            await asyncio.Event().wait()


@contextmanager
def _metrics_served(container: Container) -> Iterator[None]:
    """Serve metrics if a port is set for them.

    Raises:
        typer.BadParameter: host or port cannot be used.
    """
    host, port = container.settings().metrics_host, container.settings().metrics_port
    with ExitStack() as stack:
        if port is not None:
            try:
                stack.enter_context(container.meters().serving(host, port))
            except OSError as error:
                message = f"Cannot serve metrics on {host:.80}, port {port}: {error.strerror}."
                raise typer.BadParameter(message, param_hint="--metrics-port") from error
        yield


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
                await _work(container, as_json=as_json)
        return Answer(None, lambda _: None)

    answer = run_async(until_stopped, stops_within=chosen.stop_seconds)
    if not as_json:
        finish(answer, as_json=False)
