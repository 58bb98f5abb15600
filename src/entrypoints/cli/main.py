"""The console script: all commands together, and the one door through which errors leave."""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from entrypoints.cli.errors import UNFORESEEN, ExitCode, Failure, failure_of
from entrypoints.cli.output import print_failure
from entrypoints.cli.streams import StdoutLost, give_up_stdout, set_up_streams
from entrypoints.text import safe

COMMANDS = {
    "demo": (
        "demo",
        "Show everything at work: stand-ins, connect, map, preview, sync, sync again, links; nothing is left behind.",
    ),
    "serve": (
        "serve",
        "Serve the product UI, the portals and the JSON API, and carry out syncs, until Ctrl-C.",
    ),
    "worker": (
        "worker",
        "Carry out booked and continuous syncs until Ctrl-C; any number of workers can share a database.",
    ),
    "status": ("status", "Show for each organization what is due, queued, running and failing."),
    "connect": (
        "organizations",
        "Connect an organization to Gleanin with an API token (Gleanin: My Profile > API Tokens).",
    ),
    "token": (
        "organizations",
        "Replace a token that was renewed; connection, mappings and all that was synced stay.",
    ),
    "disconnect": (
        "organizations",
        "Disconnect an organization from Gleanin: ends all its mappings and erases the token.",
    ),
    "organization": ("organizations", "Add organizations, each with its Sessionboard access; list them."),
    "events": ("mappings", "List the events of both sides, and which of them can still be mapped."),
    "map": ("mappings", "Map a Sessionboard event to a Gleanin event: one to one."),
    "unmap": ("mappings", "Remove a mapping; nothing is removed from Gleanin, and other mappings go on."),
    "mappings": ("mappings", "List an organization's event mappings."),
    "settings": (
        "mappings",
        "Show what a mapping syncs, and change it; the next sync re-sends just what that changes.",
    ),
    "preview": (
        "sync",
        "Say for each record what a sync would do, with the old and the new value of each field; nothing is written.",
    ),
    "sync": ("sync", "Sync a mapping now, and wait for the end."),
    "runs": ("results", "List a mapping's sync runs, newest first."),
    "run": ("results", "Show a run: its counts, and what it did with each record and why."),
    "record": ("results", "Tell all that ever happened to one record, and why."),
    "links": (
        "share_links",
        "List the share links of speakers and exhibitor contacts, as the last sync found them in Gleanin.",
    ),
    "notices": (
        "notifications",
        "Show or choose where notices go: one when a sync starts to fail, one when it works again.",
    ),
    "user": ("access", "Accounts of people, and their roles."),
    "key": ("access", "API keys for other programs."),
    "probe": (
        "maintenance",
        "Compare an organization's real Gleanin account with what this program assumes of Gleanin; reads only.",
    ),
    "doctor": (
        "maintenance",
        "Check settings, keys, database, migrations, queue and clock, and whether both sides can be reached.",
    ),
    "database": ("maintenance", "The database's upkeep."),
    "sandbox": ("sandbox", "Serve stand-ins of Sessionboard and Gleanin on this machine, until Ctrl-C."),
}
"""Each command with its module below `entrypoints.cli`, and what its help begins with."""
NOBODY_READS = 141
"""128 and the number of SIGPIPE, as shells have it."""


class Commands(TyperGroup):
    """The commands, of which only those are loaded that are asked for: all of them together take a while."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - they are the same for everybody
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command; its name and what it is for, if nobody has asked for it."""
        if cmd_name not in COMMANDS:
            return None
        return super().get_command(ctx, cmd_name) or TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in COMMANDS:
            self.add_command(loaded(args[0]), args[0])
        return super().resolve_command(ctx, args)


def loaded(name: str) -> Any:
    """Import a command."""
    module, _ = COMMANDS[name]
    return get_group(import_module(f"entrypoints.cli.{module}").commands).commands[name]


app = typer.Typer(
    name="gleanin-sync",
    cls=Commands,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Exit codes: 0 done; 1 a fault of ours, or a run that was cut short; 2 wrong usage; 3 refused by a rule; "
        "4 finished with problems; 5 the other side is unreachable or refused us; 130 interrupted; "
        "141 nobody reads the output any more."
        "\n\nEverything is set by GLEANIN_SYNC_* variables; `gleanin-sync doctor` shows them."
        "\n\nTo see it all at work, with nothing to prepare: gleanin-sync demo"
    ),
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"gleanin-sync {version('gleanin-sync')}")
        raise typer.Exit


@app.callback()
def sync_to_gleanin(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Sync conference programmes one way, from Sessionboard to Gleanin."""


def main() -> None:
    """Run the command that the shell was given."""
    gc.set_threshold(
        50_000, 20, 100
    )  # nothing that is imported is garbage: looking for it takes a tenth of the start
    try:
        set_up_streams()
        exit_code = run(sys.argv[1:])
        sys.stdout.flush()
    except StdoutLost as error:
        exit_code = _without_stdout(error)
    sys.exit(exit_code)


def _without_stdout(error: StdoutLost) -> int:
    give_up_stdout()
    if error.nobody_reads:
        return NOBODY_READS
    # On stderr even with --json: it is the only place left.
    print_failure(Failure(ExitCode.FAULT, "stdout_lost", str(error)), as_json=False)
    return ExitCode.FAULT


def run(arguments: Sequence[str]) -> int:
    """Run one command, and return its exit code.

    Raises:
        StdoutLost
    """
    as_json = "--json" in arguments[: arguments.index("--") if "--" in arguments else None]
    try:
        _check_text(arguments)
        code = app(args=list(arguments), prog_name="gleanin-sync", standalone_mode=False)
    except typer.TyperException as error:
        return _usage(error, as_json=as_json)
    except typer.Abort:
        failure = Failure(ExitCode.INTERRUPTED, "interrupted", "Interrupted. Nothing was changed.")
    except StdoutLost:
        raise
    except Exception as error:  # noqa: BLE001 - the last door: what nobody foresaw becomes a sentence here
        failure = failure_of(error)
        _log(error, failure)
    else:
        return code if isinstance(code, int) else ExitCode.DONE
    print_failure(failure, as_json=as_json)
    return failure.exit_code


def _check_text(arguments: Sequence[str]) -> None:
    # What is no text in the terminal's encoding comes as lone surrogates, which no database takes.
    if any("\ud800" <= character <= "\udfff" for argument in arguments for character in argument):
        raise typer.BadParameter("An argument is not text in this terminal's encoding (UTF-8).")


def _usage(error: typer.TyperException, *, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if not as_json and context is not None:
        typer.echo(safe(context.get_usage()), err=True)
        message = f"{message} Try {context.command_path} --help."
    print_failure(Failure(ExitCode.USAGE, "usage", message), as_json=as_json)
    return ExitCode.USAGE


def _log(error: Exception, failure: Failure) -> None:
    if failure.code == UNFORESEEN:
        import structlog

        from entrypoints.late_logs import set_up_announced_logs
        from entrypoints.logs import set_up_logs

        set_up_announced_logs()
        if not structlog.is_configured():  # left to itself, it would write to stdout
            set_up_logs("error")
        structlog.get_logger().error("cli.fault", exc_info=error)
