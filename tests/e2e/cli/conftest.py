"""A sandbox for each test, served from a thread, and the command line."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from entrypoints.cli.main import run
from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN, SandboxState
from tests.e2e.cli.conference import EVENT_NAME, clean_conference, conference, masked_conference
from tests.support.command_result import CommandResult

ORG = "ACME [bold]Events[/]"


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`gleanin-sync` in this process, with its output and exit code."""

    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def __call__(self, *arguments: str, stdin: str = "") -> CommandResult:
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self.capture.readouterr()
        exit_code = run(arguments)
        captured = self.capture.readouterr()
        return CommandResult(exit_code, captured.out, captured.err)

    def json(self, *arguments: str, stdin: str = "") -> CommandResult:
        return self(*arguments, "--json", stdin=stdin)


@pytest.fixture
def state() -> SandboxState:
    state = SandboxState(link_delay=0)
    for saved in (conference(), clean_conference(), masked_conference()):
        state.add(saved)
    return state


@pytest.fixture
def sandbox(state: SandboxState) -> Iterator[Sandbox]:
    with in_thread(state) as sandbox:
        yield sandbox


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Return a command line with an empty database and without a terminal."""
    for name in ("GLEANIN_SYNC_BROWSER", "GLEANIN_SYNC_CHROMIUM"):  # of these tests, and no settings
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GLEANIN_SYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'cli.db'}")
    monkeypatch.setenv("GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES", "true")
    return CommandLine(capsys, monkeypatch)


@pytest.fixture
def organization(cli: CommandLine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of an organization that has access to Sessionboard."""
    monkeypatch.setenv("GLEANIN_SYNC_GLEANIN_URL", sandbox.gleanin_url)
    url = sandbox.sessionboard_url
    added = cli.json(
        "organization",
        "add",
        ORG,
        "--sessionboard-url",
        url,
        "--token-stdin",
        stdin=SESSIONBOARD_TOKEN + "\n",
    )
    assert added.exit_code == 0, added.out
    return str(added.document["id"])


@pytest.fixture
def connected(cli: CommandLine, organization: str) -> str:
    """Return the id of an organization that is connected to Gleanin."""
    result = cli.json("connect", organization, "--token-stdin", stdin=GLEANIN_TOKEN)
    assert result.exit_code == 0, result.out
    return organization


Mapper = Callable[[str], str]


@pytest.fixture
def map_event(cli: CommandLine, connected: str) -> Mapper:
    """Map the events with this name to each other, and return the mapping's id."""

    def map_event(name: str) -> str:
        events = cli.json("events", connected).document
        ours, theirs = (
            next(event["id"] for event in events[side] if event["name"] == name)
            for side in ("sessionboard", "gleanin")
        )
        result = cli.json("map", connected, ours, theirs, "--confirm-time-zone")
        assert result.exit_code == 0, result.out
        return str(result.document["id"])

    return map_event


@pytest.fixture
def mapping(map_event: Mapper) -> str:
    return map_event(EVENT_NAME)
