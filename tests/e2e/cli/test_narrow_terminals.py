"""At 80 columns, the width of most terminals, tables are complete and no word is broken."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from entrypoints.cli import output
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN
from tests.e2e.cli.conference import EVENT_NAME
from tests.e2e.cli.conftest import CommandLine, Mapper

NARROW, WIDE = 80, 1000
LONGEST_WORD = 60
"""Characters; file paths may be longer than a column."""
LONG_NAME = "International Association of Conference Organizers in Europe"


def _words(text: str) -> Counter[str]:
    return Counter(word for word in text.split() if set(word) != {"─"})


def _printed(cli: CommandLine, patch: pytest.MonkeyPatch, width: int, *command: str) -> str:
    patch.setattr(output, "_WIDTH_WITHOUT_TERMINAL", width)
    result = cli(*command)
    assert not result.err, result.err
    return result.out


@pytest.fixture
def commands(
    cli: CommandLine, sandbox: Sandbox, connected: str, map_event: Mapper, tmp_path: Path
) -> list[tuple[str, ...]]:
    added = (
        "organization",
        "add",
        LONG_NAME,
        "--sessionboard-url",
        sandbox.sessionboard_url,
        "--token-stdin",
    )
    assert cli(*added, stdin=SESSIONBOARD_TOKEN).exit_code == 0
    mapping = map_event(EVENT_NAME)
    cli("link-fields", mapping, "--order")
    cli("settings", mapping, "--link-field", "gleanin_link")
    cli("sync", mapping)
    run = cli.json("runs", mapping).document[0]["run_id"]
    with closing(
        sqlite3.connect(tmp_path / "cli.db")
    ) as connection:  # as if it had been checked, which takes half an hour
        connection.execute("UPDATE schedules SET last_checked_at = '2099-01-01 09:00:00.000000'")
        connection.commit()
    assert "last found unchanged" in cli("status").out
    cli("user", "add", "ada.lovelace@example.org", "--organization", connected, "--no-password")
    cli("key", "add", "Nightly export of outcomes", "--role", "viewer", "--organization", connected)
    cli("key", "add", "Dashboard", "--role", "admin")
    record = cli.json("run", run).document["outcomes"][0]["source_id"]
    return [
        ("status",),
        ("organization", "list"),
        ("events", connected),
        ("mappings", connected),
        ("settings", mapping),
        ("preview", mapping),
        ("runs", mapping),
        ("run", run),
        ("record", mapping, record),
        ("links", mapping),
        ("links", mapping, "--missing"),
        ("links", mapping, "--write-back", "--preview"),
        ("link-fields", mapping),
        ("user", "list"),
        ("key", "list"),
        ("key", "list", "--organization", connected),
        ("probe", connected),
        ("doctor",),
    ]


def test_no_table_breaks_a_word_at_80_columns(
    cli: CommandLine, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in commands:
        wide, narrow = (_printed(cli, monkeypatch, width, *command) for width in (WIDE, NARROW))
        broken = {word for word in _words(wide) - _words(narrow) if len(word) <= LONGEST_WORD}
        assert not broken, (command, narrow)


def test_the_status_of_a_long_name_fits_and_keeps_its_headings(
    cli: CommandLine, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = _printed(cli, monkeypatch, NARROW, *commands[0])
    assert max(map(len, output.splitlines())) <= NARROW
    header = next(line for line in output.splitlines() if "Organization" in line)
    assert header.split() == ["Organization", "Due", "Queued", "Running", "Failing", "Halted"]
    assert "0 continuous" in output
