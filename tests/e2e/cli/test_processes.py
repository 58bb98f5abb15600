"""The commands as processes: Ctrl-C, the stand-ins, the demo."""

import json
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from tests.e2e.cli.conference import EVENT_NAME, conference
from tests.e2e.cli.conftest import CommandLine
from tests.support.processes import first_document, started, until_requested
from tests.support.timeouts import WITHIN, lines_up_to, next_line


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "termination"])
def test_a_sync_that_is_interrupted_is_closed_and_says_how_to_go_on(
    stop_signal: signal.Signals, cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), methods=("POST",), latency_ms=2000))
    with started("sync", mapping) as process:
        assert next_line(process) == "Sync to Gleanin has started.\n"
        until_requested(process, state)  # to write
        process.send_signal(stop_signal)
        _, output = process.communicate(timeout=WITHIN)
    assert process.returncode == 130
    assert f"To continue: gleanin-sync sync {mapping}" in output
    assert "Traceback" not in output
    (run,) = cli.json("runs", mapping).document
    assert (run["state"], run["code"]) == ("stopped", "interrupted")
    assert run["counts"]["sessions"]["created"] == 2, "what had been sent was seen through, and noted"
    state.inject_faults()
    counts = cli.json("sync", mapping).document["counts"]
    assert (counts["sessions"]["unchanged"], counts["speakers"]["created"]) == (2, 2)
    assert not any(any(kinds.values()) for kinds in state.gleanin.duplicates().values())


def test_who_interrupts_twice_is_not_made_to_wait(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), methods=("POST",), latency_ms=600_000))
    with started("sync", mapping) as process:
        until_requested(process, state)
        process.send_signal(signal.SIGINT)
        assert "Ctrl-C again" in next_line(process, of_stderr=True)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WITHIN)
    assert process.returncode == 130


def test_a_sync_that_waits_for_another_says_so_where_nobody_watches(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), methods=("GET",), latency_ms=600_000))
    with started("sync", mapping) as first:
        until_requested(first, state)  # to read
        with started("sync", mapping) as second, started("sync", mapping, "--json") as third:
            waits = "Waiting for another sync of this mapping to finish.\n"
            assert next_line(second, of_stderr=True) == waits
            state.inject_faults()
            first.send_signal(signal.SIGTERM)
            _, output = first.communicate(timeout=WITHIN)
            assert "Waiting for another sync" not in output
            for process in (second, third):
                _, output = process.communicate(timeout=WITHIN)
                assert (process.returncode, output) == (4, "")


def test_a_worker_serves_metrics_where_it_is_told_to(cli: CommandLine, mapping: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started("worker", "--metrics-port", str(port), "--json") as process:
            out, _ = process.communicate(timeout=WITHIN)
            assert process.returncode == 2
            assert f"port {port}: " in json.loads(out)["error"]["message"]
    with started("worker", "--metrics-port", str(port), "--json") as process:
        first_document(process)
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=WITHIN).text
        assert "gleanin_sync_runs_queued 0.0" in text
        assert "gleanin_sync_faults_total 0.0" in text
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WITHIN)
        assert process.returncode == 0


def test_the_stand_ins_tell_where_they_are_and_serve_until_they_are_stopped(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(conference()))
    with started("sandbox", "--event", str(file), "--latency", "1", "--json") as process:
        at = first_document(process)
        assert at["events"] == [
            {
                "sessionboard_id": "4101",
                "gleanin_id": "11846",
                "name": EVENT_NAME,
                "time_zone": "Europe/Paris",
            }
        ]
        monkeypatch.setenv("GLEANIN_SYNC_GLEANIN_URL", at["gleanin_url"])
        url, token = at["sessionboard_url"], at["sessionboard_token"]
        added = cli("organization", "add", "X", "--sessionboard-url", url, "--token-stdin", stdin=token)
        assert added.exit_code == 0
        assert cli("connect", "X", "--token-stdin", stdin=at["gleanin_token"]).exit_code == 0
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WITHIN)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_stand_ins_bring_a_conference_and_say_what_to_type() -> None:
    with started("sandbox") as process:
        text = lines_up_to(process, lambda line: line.startswith("# To see what they contain"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WITHIN)
    assert process.returncode == 0
    assert "export GLEANIN_SYNC_GLEANIN_URL=http://127.0.0.1:" in text
    assert "gleanin-sync map Sandbox 4" in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "does not exist"),
        ("<html>", "invalid JSON"),
        ("{}", "not a saved event"),
        ('{"event": {"name": "x"}}', "id"),
    ],
)
def test_what_is_no_saved_event_is_wrong_usage(
    content: str | None, expected: str, cli: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "event.json"
    if content is not None:
        file.write_text(content)
    result = cli.json("sandbox", "--event", str(file))
    assert (result.exit_code, result.error["code"]) == (2, "usage")
    assert expected in result.error["message"]


def test_a_port_that_is_taken_is_wrong_usage(cli: CommandLine, sandbox: Any) -> None:
    port = sandbox.url.rpartition(":")[2]
    result = cli.json("sandbox", "--port", port)
    assert (result.exit_code, result.error["code"]) == (2, "usage")
    assert port in result.error["message"]


def test_the_demo_shows_the_main_job_and_leaves_nothing_behind(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    result = cli.json("demo")
    assert result.exit_code == 0
    steps = result.document["steps"]
    commands = [step["command"].split()[1] for step in steps]
    assert commands[:5] == ["organization", "connect", "events", "map", "map"]
    assert commands[5:] == ["preview", "sync", "sync", "record", "links"]
    preview, first, second, story, links = (step["result"] for step in steps[-5:])
    assert first["counts"] == preview["counts"]
    assert all(kind["created"] for kind in first["counts"].values())
    assert all(kind["created"] == kind["updated"] == 0 for kind in second["counts"].values())
    assert {kind: counts["unchanged"] for kind, counts in second["counts"].items()} == {
        kind: counts["created"] for kind, counts in first["counts"].items()
    }
    assert [(entry["outcome"], entry["code"]) for entry in story] == [("blocked", "missing_fields")] * 2
    assert all(person["links"] for person in links)
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]
    assert not list((tmp_path / "temporary").iterdir())


def test_the_demo_types_its_commands(cli: CommandLine) -> None:
    result = cli("demo")
    assert result.exit_code == 0
    assert '$ gleanin-sync connect "Demo Conferences" --token-stdin < gleanin-token\n' in result.out
    assert "--confirm-time-zone" in result.out
    assert "Share Your Attendance" in result.out
