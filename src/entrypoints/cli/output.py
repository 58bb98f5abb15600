"""What a command has to say, once for machines and once for people."""

import csv
import json
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrypoints.cli.errors import ExitCode, Failure
from entrypoints.text import safe, shortened, spreadsheet_cell

_WIDTH_OF_FILES = 200
"""Where nobody's window limits it, a table must not break ids in two."""


@dataclass(frozen=True, slots=True)
class Answer:
    document: Any
    """The one JSON document of `--json`."""
    show: Callable[[Console], None]
    exit_code: ExitCode = ExitCode.DONE


def say(text: object) -> Text:
    """Make text from anywhere printable: no markup in it is interpreted, no escape sequence passes."""
    return Text(safe(text))


def table(
    heading: str, columns: Sequence[str], rows: Iterable[Sequence[object]], whole: Collection[str] = ()
) -> Table:
    """Lay out rows under a heading; a cell that is a `Text` already keeps its style.

    Columns that are ids, and those named in `whole`, are the last to be made narrower.
    """
    made = Table(
        title=say(heading), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, header_style="bold"
    )
    for name in columns:
        made.add_column(say(name), overflow="fold", no_wrap=name in whole or name.lower().endswith("id"))
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(shortened(cell)) for cell in row))
    return made


def console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream, width=None if stream.isatty() else _WIDTH_OF_FILES, highlight=False, emoji=False
    )


def print_json(document: Any) -> None:
    # In ASCII: valid in whatever encoding the pipe has, and a terminal obeys nothing of it.
    sys.stdout.write(json.dumps(document, indent=2).replace("\x7f", "\\u007f") + "\n")
    sys.stdout.flush()


def print_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        print_json(answer.document)
    else:
        answer.show(console())


def print_failure(failure: Failure, *, as_json: bool) -> None:
    if as_json:
        error = {"code": failure.code, "message": failure.message}
        print_json({"error": error | ({"hint": failure.hint} if failure.hint else {})})
        return
    screen = console(stderr=True)
    screen.print(Text.assemble(("Error: ", "bold red"), safe(failure.message)), soft_wrap=True)
    if failure.hint:
        screen.print(say(failure.hint), style="dim", soft_wrap=True)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Write a CSV file (RFC 4180, UTF-8).

    Raises:
        typer.BadParameter: the file cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([spreadsheet_cell(cell) for cell in row] for row in rows)
    except OSError as error:
        raise typer.BadParameter(
            f"{path} cannot be written: {error.strerror}.", param_hint="--csv"
        ) from error
