"""Stand-ins for both services, to experiment with: `sandbox`."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, print_answer, safe_text, table
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SandboxState
from ports.source import SourceUnreadable

commands = typer.Typer()


def describe(sandbox: Sandbox) -> Answer:
    from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN

    state = sandbox.state.summary()
    by_title = {event["title"]: event["id"] for event in reversed(state["gleanin"])}
    events: list[dict[str, Any]] = [
        {
            "sessionboard_id": str(event["id"]),
            "gleanin_id": by_title.get(event["name"]),
            "name": event["name"],
            "time_zone": event["time_zone"],
        }
        for event in state["sessionboard"]
    ]
    document = {
        "sessionboard_url": sandbox.sessionboard_url,
        "gleanin_url": sandbox.gleanin_url,
        "control_url": sandbox.control_url,
        "sessionboard_token": SESSIONBOARD_TOKEN,
        "gleanin_token": GLEANIN_TOKEN,
        "events": events,
    }
    return Answer(lambda: document, lambda console: _show(console, document))


def _show(console: Console, at: dict[str, Any]) -> None:
    console.print(
        "Stand-ins for Sessionboard and Gleanin are running. Press Ctrl-C to stop them.", style="bold"
    )
    rows = ((e["sessionboard_id"], e["gleanin_id"] or "", e["name"], e["time_zone"]) for e in at["events"])
    console.print(table("Events", ("Sessionboard id", "Gleanin id", "Name", "Time zone"), rows))
    for line in _to_paste(at):
        console.print(safe_text(line), soft_wrap=True)


def _to_paste(at: dict[str, Any]) -> Sequence[str]:
    paired = next((event for event in at["events"] if event["gleanin_id"]), None)
    ids = (
        f"{paired['sessionboard_id']} {paired['gleanin_id']}"
        if paired
        else "SESSIONBOARD_EVENT GLEANIN_EVENT"
    )
    return (
        "# In another terminal:",
        f"export GLEANIN_SYNC_GLEANIN_URL={at['gleanin_url']}",
        "export GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES=true",
        "export GLEANIN_SYNC_DATABASE_URL=sqlite:///sandbox.db",
        (
            f"echo {at['sessionboard_token']} | gleanin-sync organization add Sandbox "
            f"--sessionboard-url {at['sessionboard_url']} --token-stdin"
        ),
        f"echo {at['gleanin_token']} | gleanin-sync connect Sandbox --token-stdin",
        "gleanin-sync events Sandbox",
        f"gleanin-sync map Sandbox {ids} --confirm-time-zone",
        f"# To see what they contain: curl {at['control_url']}/state",
    )


@commands.command(
    epilog=examples(
        "gleanin-sync sandbox",
        "gleanin-sync sandbox --event my-event.json --shift-dates --port 8765 --latency 20",
    )
)
def sandbox(
    event: Annotated[
        list[Path] | None,
        typer.Option(
            help="A saved event, as a JSON file; can be repeated. [default: a small fictional conference]",
            show_default=False,
        ),
    ] = None,
    shift_dates: Annotated[
        bool, typer.Option("--shift-dates", help="Move the events' dates into the future.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free port.")] = 0,
    latency: Annotated[
        float, typer.Option(min=0, metavar="MS", help="Delay each answer by this many milliseconds.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Serve stand-ins for Sessionboard and Gleanin on this machine, until Ctrl-C.

    With --json, prints one document with URLs, tokens and events once they are served.
    """
    state = _load_state(event or (), latency, shift=shift_dates)

    async def until_stopped() -> None:
        task = asyncio.current_task()
        assert task is not None
        with suppress(NotImplementedError):  # Windows has no such handlers
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await _serve(state, port, as_json=as_json)

    # Being stopped is the normal end.
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(until_stopped())


def _load_state(files: Sequence[Path], latency: float, *, shift: bool) -> SandboxState:
    from entrypoints.sandbox.fault_injection import Fault
    from entrypoints.sandbox.loading import load_state

    try:
        state = load_state(files, shift_dates=shift)
    except SourceUnreadable as error:
        raise typer.BadParameter(str(error), param_hint="--event") from error
    except (LookupError, TypeError, ValueError) as error:
        message = f"Cannot serve a saved event: its event needs a numeric id and a name ({error!r})."
        raise typer.BadParameter(message, param_hint="--event") from error
    if latency:
        state.inject_faults(Fault(latency_ms=latency))
    return state


async def _serve(state: SandboxState, port: int, *, as_json: bool) -> None:
    from entrypoints.sandbox.server import serve

    try:
        async with serve(state, port=port) as running:
            print_answer(describe(running), as_json=as_json)
            await asyncio.Event().wait()
    except OSError as error:
        message = f"Cannot use port {port}: {error.strerror}."
        raise typer.BadParameter(message, param_hint="--port") from error
