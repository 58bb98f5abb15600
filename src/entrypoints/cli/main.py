"""The console script: the list of commands, and the one place where errors become messages and exit codes."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from entrypoints.cli.errors import INTERNAL_ERROR, ExitCode, Failure, failure_of
from entrypoints.cli.memory import collect_garbage_rarely
from entrypoints.cli.output import print_failure
from entrypoints.cli.streams import StdoutLost, discard_stdout, set_up_streams
from entrypoints.text import safe

COMMANDS = {
    "demo": (
        "demo",
        "Run a full example against stand-ins: connect, map, preview, sync, sync again, links. Nothing is left behind.",
    ),
    "serve": (
        "serve",
        "Serve the product UI, the portals and the JSON API, and run syncs, until Ctrl-C.",
    ),
    "worker": (
        "worker",
        "Run requested and continuous syncs until Ctrl-C; any number of workers can share a database.",
    ),
    "status": ("status", "Show what is due, queued, running and failing in each organization."),
    "connect": (
        "organizations",
        "Connect an organization to a destination with an API token (such as Gleanin: My Profile > API Tokens).",
    ),
    "token": (
        "organizations",
        "Replace a token or other fields of an access; the connection, its mappings and everything synced stay.",
    ),
    "disconnect": (
        "organizations",
        "Disconnect an organization from its destination: ends all its mappings and erases the token.",
    ),
    "organization": ("organizations", "Add, list and remove organizations and their access to a source."),
    "events": (
        "mappings",
        "List the events in the source and the destination, and which of them can still be mapped.",
    ),
    "map": ("mappings", "Map an event of the source to one of the destination, one to one."),
    "unmap": (
        "mappings",
        "Remove a mapping; nothing is removed from the destination, and other mappings are not affected.",
    ),
    "mappings": ("mappings", "List an organization's event mappings."),
    "settings": (
        "mappings",
        "Show or change what a mapping syncs; the next sync resends only what the new settings affect.",
    ),
    "preview": (
        "sync",
        "Show what a sync would do with each record, with the old and new value of each field; nothing is written.",
    ),
    "sync": ("sync", "Sync a mapping now, and wait until it has finished."),
    "runs": ("results", "List a mapping's sync runs, newest first."),
    "run": ("results", "Show a run: its counts, what it did with each record, and why."),
    "record": ("results", "Show the full history of one record, and why each thing happened."),
    "links": (
        "share_links",
        "List the share links of the people who were synced, as of the last sync, or write them back into the source.",
    ),
    "link-fields": (
        "link_fields",
        "List the fields of the source that share links can be written back to, or order one to be made.",
    ),
    "portal": (
        "portal",
        "List, make or revoke the portal addresses of people: each opens one person's page with the share links.",
    ),
    "notices": (
        "notifications",
        "Show or choose where notifications go: one when a sync starts failing, one when it recovers.",
    ),
    "user": ("access", "Manage people's accounts and roles."),
    "key": ("access", "Manage API keys for other programs."),
    "probe": (
        "maintenance",
        "Check what this program assumes about both systems against an organization's accounts; nothing is written.",
    ),
    "doctor": (
        "maintenance",
        "Check settings, keys, database, migrations, queue and clock, and that sources and destinations can be reached.",
    ),
    "plugins": (
        "plugins",
        "List the sources, destinations and kinds of records that are installed, and why one was refused.",
    ),
    "database": ("maintenance", "Maintain the database."),
    "sandbox": ("sandbox", "Serve stand-ins for Sessionboard and Gleanin on this machine, until Ctrl-C."),
}
"""Each command with its module below `entrypoints.cli`, and what its help begins with."""
OUTPUT_CLOSED = 141
"""128 and the number of SIGPIPE, as shells have it."""


class Commands(TyperGroup):
    """The commands, each loaded when it is used: importing all of them takes a while."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the list does not depend on the context
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command if it is loaded, otherwise one that has only its name and help."""
        if cmd_name not in COMMANDS:
            return None
        return super().get_command(ctx, cmd_name) or TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in COMMANDS:
            self.add_command(load_command(args[0]), args[0])
        return super().resolve_command(ctx, args)


def load_command(name: str) -> Any:
    """Import a command's module and return the command."""
    module, _ = COMMANDS[name]
    return get_group(import_module(f"entrypoints.cli.{module}").commands).commands[name]


app = typer.Typer(
    name="gleanin-sync",
    cls=Commands,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Exit codes: 0 done; 1 internal error or run interrupted; 2 wrong usage; 3 refused by a rule; "
        "4 finished with problems; 5 the source or the destination is unreachable or refused the request; 130 interrupted; "
        "141 output closed (SIGPIPE)."
        "\n\nAll settings are GLEANIN_SYNC_* environment variables; `gleanin-sync doctor` shows them."
        "\n\nTo try everything without preparation: gleanin-sync demo"
    ),
)


def _version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"gleanin-sync {version('gleanin-sync')}")
        raise typer.Exit


@app.callback()
def sync_to_gleanin(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Sync conference programmes one way, from a source such as Sessionboard to a destination such as Gleanin."""


def main() -> None:
    """Run the command given on the command line, and exit."""
    collect_garbage_rarely()  # before the imports of the command
    try:
        set_up_streams()
        exit_code = run(sys.argv[1:])
        sys.stdout.flush()
    except StdoutLost as error:
        exit_code = _without_stdout(error)
    sys.exit(exit_code)


def _without_stdout(error: StdoutLost) -> int:
    discard_stdout()
    if error.reader_closed:
        return OUTPUT_CLOSED
    # On stderr even with --json, because stdout cannot be written.
    print_failure(Failure(ExitCode.INTERNAL_ERROR, "stdout_lost", str(error)), as_json=False)
    return ExitCode.INTERNAL_ERROR


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
    except Exception as error:  # noqa: BLE001 - the last handler: unexpected errors become a message here
        failure = failure_of(error)
        _log(error, failure)
    else:
        return code if isinstance(code, int) else ExitCode.DONE
    print_failure(failure, as_json=as_json)
    return failure.exit_code


def _check_text(arguments: Sequence[str]) -> None:
    # Bytes that are not valid in the terminal's encoding become lone surrogates, which no database accepts.
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
    if failure.code == INTERNAL_ERROR:
        import structlog

        from entrypoints.late_logs import set_up_announced_logs
        from entrypoints.logs import set_up_logs

        set_up_announced_logs()
        if not structlog.is_configured():  # its default configuration writes to stdout
            set_up_logs("error")
        structlog.get_logger().error("cli.fault", exc_info=error)
