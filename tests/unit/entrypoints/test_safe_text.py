"""Text that is safe for terminals and spreadsheets."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.text import safe, shortened, spreadsheet_cell


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]52;c;c3RvbGVu\x1b\\name", "name"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x9b31mred", "red"),
        ("\x1b]never closed", "never closed"),
        ("lone \x1b", "lone "),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("bell\x07 back\x08space del\x7f", "bell backspace del"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("half a \ud83d pair", "half a  pair"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text: str, expected: str) -> None:
    assert safe(text) == expected


@pytest.mark.parametrize(
    "name", ["Zoë Ångström", "مريم", "李小龍", "👩🏽\u200d💻 emoji", "[bold]x[/]", "<b>O'Neil</b> & co"]
)
def test_what_people_are_called_stays(name: str) -> None:
    assert safe(name) == name


@given(st.text() | st.lists(st.sampled_from("\x1b\x9b\x9d[]()0;m\\\x07aA\n"), max_size=30).map("".join))
def test_no_control_character_is_ever_left(text: str) -> None:
    assert not {unicodedata.category(character) for character in safe(text)} & {"Cc", "Cs"}


def test_a_long_text_is_shortened_and_shows_it() -> None:
    assert shortened("x" * 10_000, 20) == "x" * 19 + "…"
    assert shortened("x" * 20, 20) == "x" * 20


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_compute_is_text(start: str) -> None:
    assert spreadsheet_cell(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


def test_other_cells_stay_as_they_are() -> None:
    assert spreadsheet_cell("a=b") == "a=b"
    assert spreadsheet_cell(None) == ""
