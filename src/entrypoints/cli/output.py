"""The output of a command: as JSON for machines, and as text for people."""

import csv
import json
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from entrypoints.cli.errors import ExitCode, Failure
from entrypoints.text import safe, shortened, spreadsheet_cell

_WIDTH_WITHOUT_TERMINAL = 200
"""Characters. Without a terminal a table is wide enough not to break ids."""


@dataclass(frozen=True, slots=True)
class Answer:
    document: Callable[[], Any]
    """Returns the one JSON document of `--json`; nothing else needs it."""
    show: Callable[[Console], None]
    exit_code: ExitCode = ExitCode.DONE


def safe_text(text: object) -> Text:
    """Return text from any source as printable text: markup and escape sequences in it have no effect."""
    return Text(safe(text))


def table(
    heading: str, columns: Sequence[str], rows: Iterable[Sequence[object]], whole: Collection[str] = ()
) -> Table:
    """Return a table with a heading; a cell that is a `Text` keeps its style.

    Id columns, and those named in `whole`, are the last to be narrowed.
    """
    result = Table(
        title=safe_text(heading),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        header_style="bold",
    )
    for name in columns:
        result.add_column(
            safe_text(name), overflow="fold", no_wrap=name in whole or name.lower().endswith("id")
        )
    for row in rows:
        result.add_row(*(cell if isinstance(cell, Text) else Text(shortened(cell)) for cell in row))
    return result


def console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream, width=None if stream.isatty() else _WIDTH_WITHOUT_TERMINAL, highlight=False, emoji=False
    )


def print_json(document: Any) -> None:
    # ASCII is valid in any encoding the pipe may have, and contains no terminal control sequences.
    sys.stdout.write(json.dumps(document, indent=2, default=_instant).replace("\x7f", "\\u007f") + "\n")
    sys.stdout.flush()


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def print_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        print_json(answer.document())
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
        screen.print(safe_text(failure.hint), style="dim", soft_wrap=True)


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
        raise typer.BadParameter(f"Cannot write {path}: {error.strerror}.", param_hint="--csv") from error
