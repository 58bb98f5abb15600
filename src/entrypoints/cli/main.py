"""The console script: all commands together, and the one door through which errors leave."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from entrypoints.cli import (
    access,
    demo,
    links,
    mappings,
    notices,
    organizations,
    results,
    sandbox,
    serve,
    status,
    sync,
    upkeep,
    worker,
)
from entrypoints.cli.errors import UNFORESEEN, ExitCode, Failure, failure_of
from entrypoints.cli.output import print_failure
from entrypoints.cli.streams import StdoutLost, give_up_stdout, set_up_streams
from entrypoints.text import safe

NOBODY_READS = 141
"""128 and the number of SIGPIPE, as shells have it."""

app = typer.Typer(
    name="gleanin-sync",
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
for topic in (
    demo,
    serve,
    worker,
    status,
    organizations,
    mappings,
    sync,
    results,
    links,
    notices,
    access,
    upkeep,
    sandbox,
):
    app.add_typer(topic.commands)


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

        from entrypoints.logs import set_up_logs

        if not structlog.is_configured():  # left to itself, it would write to stdout
            set_up_logs("error")
        structlog.get_logger().error("cli.fault", exc_info=error)
