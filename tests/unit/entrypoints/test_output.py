"""Tables, JSON and CSV show any data as data."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from rich.console import Console

from entrypoints.cli.errors import ExitCode, Failure
from entrypoints.cli.output import Answer, print_answer, print_failure, safe_text, table, write_csv

NASTY = "[bold]x[/] :boom: \x1b[31mred\x1b[0m"


def shown(columns: Sequence[str], row: Sequence[object]) -> str:
    screen = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    screen.print(table("Some [red]heading[/]", columns, [row]))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_markup_and_escape_sequences_in_a_name_are_neither_obeyed_nor_an_error() -> None:
    text = shown(("Name", "[/oops]"), (NASTY, "[/unbalanced]"))
    assert "[bold]x[/] :boom: red" in text
    assert "[/unbalanced]" in text
    assert "Some [red]heading[/]" in text
    assert "\x1b[31m" not in text


def test_an_id_is_never_broken_in_two() -> None:
    name, identifier = "word " * 60, "k7mfw2q9xz4c"
    assert identifier in shown(("Name", "Run id"), (name, identifier))


def test_json_is_one_document_in_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"name": "Zoë \x9b31m \x7f " + NASTY}
    print_answer(Answer(lambda: document, lambda _: None), as_json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == document
    assert captured.out.isascii()
    assert captured.out.replace("\n", "").isprintable()
    assert captured.err == ""


def test_people_get_what_is_made_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(
        Answer(lambda: {"not": "this"}, lambda console: console.print(safe_text("Done [sic]"))), as_json=False
    )
    assert capsys.readouterr().out == "Done [sic]\n"


def test_people_do_not_wait_for_the_document() -> None:
    def document() -> None:
        pytest.fail("only --json needs the document")

    print_answer(Answer(document, lambda _: None), as_json=False)


def test_instants_are_printed_with_an_offset(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2027, 7, 21, 9, 15, tzinfo=UTC)
    print_answer(Answer(lambda: {"at": at}, lambda _: None), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"at": "2027-07-21T09:15:00+00:00"}


def test_a_failure_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure(
        Failure(ExitCode.REFUSED, "not_found", f"There is no {NASTY}.", "Try --list."), as_json=False
    )
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Error: There is no [bold]x[/] :boom: red.\nTry --list.\n"


def test_a_failure_with_json_goes_to_stdout_in_its_agreed_shape(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure(Failure(ExitCode.REFUSED, "not_found", "There is none."), as_json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"error": {"code": "not_found", "message": "There is none."}}
    assert captured.err == ""


def test_a_csv_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "links.csv"
    rows: list[list[str | None]] = [['Zoë, "the" one', "two\nlines"], ["=SUM(A1)", None], ["مريم", ""]]
    write_csv(file, ["name", "note"], rows)
    assert b"\r\n" in file.read_bytes()
    with file.open(encoding="utf-8", newline="") as opened:
        assert list(csv.reader(opened)) == [
            ["name", "note"],
            ['Zoë, "the" one', "two\nlines"],
            ["'=SUM(A1)", ""],
            ["مريم", ""],
        ]


def test_a_csv_file_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"Cannot write .*: No such file or directory"):
        write_csv(tmp_path / "nowhere" / "links.csv", ["name"], [])
