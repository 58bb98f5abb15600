"""Arguments and options that several commands share."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.domain.tenancy.secrets import Token

_MAX_LINE_LENGTH = 10_000


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


AsJson = Annotated[bool, typer.Option("--json", help="Print a single JSON document, also for errors.")]
Org = Annotated[str, typer.Argument(metavar="ORG", help="The organization's id or name.", show_default=False)]
Mapping = Annotated[
    str,
    typer.Argument(
        metavar="MAPPING", help="The mapping's id; `mappings ORG` lists them.", show_default=False
    ),
]
Run = Annotated[
    str,
    typer.Argument(metavar="RUN", help="The run's id; `runs MAPPING` lists them.", show_default=False),
]
WithScope = Annotated[
    str,
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help="What to sync: all; agenda (sessions and their speakers); exhibitors; or what a plug-in adds.",
    ),
]
TokenStdin = Annotated[
    bool,
    typer.Option("--token-stdin", help="Read the token from standard input instead of prompting for it."),
]
ConfirmTimeZone = Annotated[
    bool,
    typer.Option(
        "--confirm-time-zone",
        help="Confirm that the destination's event has the time zone of the source's event.",
    ),
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", help="Also write the list to this CSV file.", dir_okay=False, show_default=False),
]


def examples(*lines: str) -> str:
    """Return the examples at the end of a command's help page."""
    return "\n\n".join((f"[bold]Example{'s' if len(lines) > 1 else ''}[/]", *map(_escape, lines)))


def _escape(line: str) -> str:
    return line.replace("[", r"\[")


def token(question: str, *, from_stdin: bool) -> Token:
    """Read a token, never from the command line, where other users and the shell history would show it.

    Raises:
        InvalidInput: the text is not a valid token.
        typer.BadParameter: there is no terminal to prompt at, or standard input cannot be read.
    """
    return Token(secret(question, from_stdin=from_stdin, option="--token-stdin").strip())


def secret(
    question: str, *, from_stdin: bool, confirm: bool = False, option: str = "--password-stdin"
) -> str:
    """Read a secret from a line of standard input, or prompt for it, twice if `confirm`.

    Raises:
        typer.BadParameter: there is no terminal to prompt at, or standard input cannot be read.
    """
    if from_stdin:
        return _line_from_stdin(option)
    if not has_terminal():
        raise typer.BadParameter(
            "There is no terminal to prompt at. Pass it on standard input.", param_hint=option
        )
    answer: str = typer.prompt(question, hide_input=True, confirmation_prompt=confirm, err=True)
    return answer


def _line_from_stdin(option: str) -> str:
    unreadable = typer.BadParameter("Cannot read standard input.", param_hint=option)
    if sys.stdin is None:  # the shell closed it
        raise unreadable
    try:
        # The limit exceeds those of tokens and passwords, so that a longer line is refused and not cut.
        # Strip only the line ending: a password may begin or end with a space.
        return sys.stdin.buffer.readline(_MAX_LINE_LENGTH).decode(errors="replace").rstrip("\r\n")
    except OSError as error:
        raise unreadable from error


def has_terminal() -> bool:
    """Check whether there is a terminal to prompt at."""
    return sys.stdin is not None and sys.stdin.isatty()


def typed(question: str) -> str | None:
    """Prompt for an answer; return None without a terminal."""
    if not has_terminal():
        return None
    answer: str = typer.prompt(question, err=True)
    return answer
