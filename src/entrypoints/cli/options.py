"""The arguments and options that many commands share."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.domain.records.kinds import Scope
from core.domain.tenancy.secrets import Token

_LONGEST_LINE = 10_000


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else, errors too.")]
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
    Scope, typer.Option("--scope", help="What to sync: agenda means sessions and their speakers.")
]
TokenStdin = Annotated[
    bool, typer.Option("--token-stdin", help="Read the token from standard input instead of asking for it.")
]
ConfirmTimeZone = Annotated[
    bool,
    typer.Option(
        "--confirm-time-zone",
        help="Confirm that the Gleanin event has the Sessionboard event's time zone.",
    ),
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", help="Write them to this CSV file too.", dir_okay=False, show_default=False),
]


def examples(*lines: str) -> str:
    """Write the end of a command's help page."""
    return "\n\n".join((f"[bold]Example{'s' if len(lines) > 1 else ''}[/]", *map(_escaped, lines)))


def _escaped(line: str) -> str:
    return line.replace("[", r"\[")


def token(question: str, *, from_stdin: bool) -> Token:
    """Get a token: never from the command line, where other users and the shell's history would see it.

    Raises:
        InvalidInput: it cannot be one.
        typer.BadParameter: nobody can be asked.
    """
    return Token(secret(question, from_stdin=from_stdin, option="--token-stdin").strip())


def secret(
    question: str, *, from_stdin: bool, confirm: bool = False, option: str = "--password-stdin"
) -> str:
    """Get a secret from a line of standard input, or by asking at the terminal, twice to `confirm` it.

    Raises:
        typer.BadParameter: nobody can be asked.
    """
    if from_stdin:
        return _line_from_stdin(option)
    if not _somebody_is_there():
        raise typer.BadParameter(
            "There is no terminal to ask at. Pass it on standard input.", param_hint=option
        )
    asked: str = typer.prompt(question, hide_input=True, confirmation_prompt=confirm, err=True)
    return asked


def _line_from_stdin(option: str) -> str:
    unreadable = typer.BadParameter("Standard input cannot be read.", param_hint=option)
    if sys.stdin is None:  # the shell closed it
        raise unreadable
    try:
        # One character is read beyond the limit so that a longer line is refused and not cut.
        # Without the end of the line only: a password may begin or end with a space.
        return sys.stdin.buffer.readline(_LONGEST_LINE).decode(errors="replace").rstrip("\r\n")
    except OSError as error:
        raise unreadable from error


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def typed(question: str) -> str | None:
    """Let somebody at a terminal type an answer; None where nobody is there."""
    if not _somebody_is_there():
        return None
    answer: str = typer.prompt(question, err=True)
    return answer
