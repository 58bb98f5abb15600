"""Rule 21 after an upgrade: records synced by an earlier version are not sent again because a rule is stricter.

`database_0005.sql` was written by the version with revision 0005, after two syncs of `conference.json`. That version did
not normalize texts, e-mails and pictures. `gleanin.json` is what it sent.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SandboxState
from tests.e2e.cli.conftest import CommandLine

HERE = Path(__file__).parent
KEY = "xcRIWIVfwNpQ9hVpmneJ3NFTeR6-Mr2pJ8qeUeR5NJo="
"""Decrypts the sandbox's tokens in the database."""
RECORDS = 17


@pytest.fixture
def state() -> SandboxState:
    state = SandboxState(link_delay=0)
    state.add(json.loads((HERE / "conference.json").read_text()))
    for sent in json.loads((HERE / "gleanin.json").read_text()):
        record = state.gleanin.add(sent["type"], sent["attributes"]["event_id"], sent["attributes"])
        assert record.id == str(sent["id"])
    return state


@pytest.fixture
def sandbox(state: SandboxState) -> Iterator[Sandbox]:
    with in_thread(state) as sandbox:
        yield sandbox


@pytest.fixture
def database(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "earlier.db"
    with sqlite3.connect(path) as database:
        database.executescript((HERE / "database_0005.sql").read_text().replace("{sandbox}", sandbox.url))
    database.close()
    monkeypatch.setenv("GLEANIN_SYNC_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("GLEANIN_SYNC_SECRET_KEYS", KEY)
    monkeypatch.setenv("GLEANIN_SYNC_GLEANIN_URL", sandbox.gleanin_url)
    monkeypatch.setenv("GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES", "true")
    return path


@pytest.fixture
def cli(database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    assert database.exists()
    return CommandLine(capsys, monkeypatch)


def mapping_in(database: Path) -> str:
    with sqlite3.connect(database) as connection:
        (found,) = connection.execute("SELECT id FROM event_mappings").fetchone()
    connection.close()
    return str(found)


def test_rule_21_after_the_upgrade_the_first_sync_of_an_unchanged_event_writes_nothing(
    cli: CommandLine, database: Path, state: SandboxState
) -> None:
    mapping = mapping_in(database)
    preview = cli.json("preview", mapping)
    assert {step["outcome"] for step in preview.document["steps"]} == {"unchanged"}
    for _ in range(2):
        result = cli.json("sync", mapping)
        assert result.exit_code == 0, result.out
        counts = result.document["counts"]
        assert sum(tally["unchanged"] for tally in counts.values()) == RECORDS
    assert not state.writes


def test_rule_21_after_the_upgrade_an_edit_sends_just_what_it_changes(
    cli: CommandLine, database: Path, state: SandboxState
) -> None:
    mapping, programme = mapping_in(database), state.programmes[4100]
    state.programmes[4100] = programme.edited(
        {"sessions": [{"id": "session-1", "title": "Closing"}]}, state.now()
    )
    steps = cli.json("preview", mapping).document["steps"]
    (updated,) = [step for step in steps if step["outcome"] == "updated"]
    assert [(change["field"], change["new"]) for change in updated["changes"]] == [("title", "Closing")]
    assert cli.json("sync", mapping).exit_code == 0
    assert dict(state.writes) == {"PATCH /sessions": 1}


def test_an_upgraded_database_has_no_reading_to_compare_with(database: Path) -> None:
    """It may have been incomplete."""
    engine = engine_at(f"sqlite:///{database}")
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM checkpoints")) == 1
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM checkpoints")) == 0
    engine.dispose()
