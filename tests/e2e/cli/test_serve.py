"""`serve` as a process: its output, its refusals and its end."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from tests.e2e.cli.conftest import CommandLine
from tests.support.processes import end, first_document, free_port, started, until_ready, until_requested
from tests.support.timeouts import WITHIN, next_line, wait_until

SIGNALS = pytest.mark.parametrize(
    "stop_signal", [signal.SIGTERM, signal.SIGINT], ids=["termination", "ctrl-c"]
)


@contextmanager
def serving(*arguments: str, port: int | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `serve`, and yield the process with its URL."""
    port = port or free_port()
    with started("serve", "--port", str(port), *arguments) as process:
        yield process, f"http://127.0.0.1:{port}"


@SIGNALS
def test_it_serves_until_a_signal_ends_it(cli: CommandLine, stop_signal: signal.Signals) -> None:
    with serving() as (process, url):
        assert next_line(process) == f"Serving at {url}/ until Ctrl-C.\n"
        until_ready(process, url)
        assert httpx.get(f"{url}/healthz", trust_env=False, timeout=WITHIN).is_success
        _, output = end(process, stop_signal)
        assert output.startswith("Stopping.")


def test_the_first_start_offers_to_sign_up_and_later_ones_do_not(cli: CommandLine) -> None:
    with serving("--json") as (process, url):
        at = first_document(process)
        assert at["address"] == f"{url}/"
        assert re.fullmatch(rf"{url}/sign-up/[\w.-]+", at["sign_up"])
        until_ready(process, url)
        assert httpx.get(at["sign_up"], trust_env=False, timeout=WITHIN).is_success
        end(process)
    assert cli.json("user", "add", "ada@example.org", "--no-password").exit_code == 0
    with serving("--json") as (process, url):
        assert first_document(process) == {"address": f"{url}/", "sign_up": None}
        until_ready(process, url)
        wrong_link = f"{url}/sign-up/{at['sign_up'].rpartition('/')[2]}"
        assert httpx.get(wrong_link, trust_env=False, timeout=WITHIN).is_error
        end(process)
    with serving() as (process, url):
        until_ready(process, url)
        out, _ = end(process)
        assert out == f"Serving at {url}/ until Ctrl-C.\n"


def test_an_offer_to_sign_up_stays_used_over_a_restart_and_a_new_one_is_made(cli: CommandLine) -> None:
    with serving("--json") as (process, url):
        used = first_document(process)["sign_up"].rpartition("/")[2]
        end(process)
    assert cli.json("user", "add", "ada@example.org", "--no-password").exit_code == 0
    assert cli.json("user", "remove", "ada@example.org").exit_code == 0
    with serving("--json") as (process, url):
        at = first_document(process)
        until_ready(process, url)
        assert httpx.get(f"{url}/sign-up/{used}", trust_env=False, timeout=WITHIN).is_error
        assert httpx.get(at["sign_up"], trust_env=False, timeout=WITHIN).is_success
        end(process)


def test_the_address_that_signs_in_opens_where_it_is_served(cli: CommandLine) -> None:
    assert cli.json("user", "add", "ada@example.org", "--no-password").exit_code == 0
    with serving() as (process, url):
        until_ready(process, url)
        offered = cli.json("user", "sign-in", "ada@example.org").document["address"]
        assert offered.startswith(f"{url}/sign-in/once/")
        assert httpx.get(offered, trust_env=False, timeout=WITHIN).is_success
        end(process)


def test_other_machines_reach_it_only_where_it_knows_its_address(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("--host", "0.0.0.0", "--json") as (process, _):
        out, _ = process.communicate(timeout=WITHIN)
        assert process.returncode == 2
        error = json.loads(out)["error"]
        assert error["code"] == "usage"
        assert "set GLEANIN_SYNC_PUBLIC_URL" in error["message"]
    monkeypatch.setenv("GLEANIN_SYNC_PUBLIC_URL", "https://sync.example.org")
    with serving("--host", "0.0.0.0", "--json") as (process, url):
        at = first_document(process)
        assert at["address"] == "https://sync.example.org/"
        assert at["sign_up"].startswith("https://sync.example.org/sign-up/")
        until_ready(process, url)
        end(process)


def test_a_port_that_is_taken_is_wrong_usage(cli: CommandLine) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        result = cli.json("serve", "--port", str(port))
    assert (result.exit_code, result.error["code"]) == (2, "usage")
    assert str(port) in result.error["message"]
    assert os.strerror(98) in result.error["message"]


@pytest.mark.parametrize("host", ["nothing.invalid", "192.0.2.1", "a..b", "x" * 100])
def test_a_host_that_is_not_of_this_machine_is_wrong_usage(
    cli: CommandLine, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_PUBLIC_URL", "https://sync.example.org")
    result = cli.json("serve", "--host", host)
    assert (result.exit_code, result.error["code"]) == (2, "usage")
    assert host[:80] in result.error["message"]
    assert "Unknown error" not in result.error["message"]


def test_a_database_that_cannot_be_used_ends_it_at_once(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "cli.db").write_text("this is no database, but a text of some length " * 100)
    result = cli.json("serve", "--port", str(free_port()))
    assert (result.exit_code, result.error["code"]) == (1, "store_unusable")


def ask_for_a_sync(cli: CommandLine, url: str, mapping: str, organization: str) -> dict[str, Any]:
    key = cli.json("key", "add", "test", "--role", "admin", "--organization", organization).document
    response = httpx.post(
        f"{url}/api/v1/mappings/{mapping}/runs",
        json={},
        headers={"Authorization": f"Bearer {key['secret']}"},
        trust_env=False,
        timeout=WITHIN,
    )
    assert response.status_code == 202, response.text
    run: dict[str, Any] = response.json()
    return run


@SIGNALS
def test_rule_32_a_run_that_is_interrupted_is_noted_and_taken_up_at_the_next_start(
    stop_signal: signal.Signals, cli: CommandLine, connected: str, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), methods=("POST",), latency_ms=1000))
    with serving() as (process, url):
        until_ready(process, url)
        response = ask_for_a_sync(cli, url, mapping, connected)
        until_requested(process, state)  # to write
        end(process, stop_signal)
    again, interrupted = cli.json("runs", mapping).document
    assert (interrupted["run_id"], interrupted["state"], interrupted["code"]) == (
        response["run_id"],
        "stopped",
        "interrupted",
    )
    assert interrupted["counts"]["sessions"]["created"] == 2, "what had been sent was seen through, and noted"
    assert (again["state"], again["requested_by"]) == ("queued", "API key test")
    state.inject_faults()
    with serving() as (process, url):
        wait_until(lambda: cli.json("runs", mapping).document[0]["finished_at"], "the run has ended")
        end(process)
    done, *others = cli.json("runs", mapping).document
    assert len(others) == 1
    assert done["run_id"] == again["run_id"]
    assert done["counts"]["sessions"]["unchanged"] == 2
    assert done["counts"]["speakers"]["created"] == 2
    assert not any(any(kinds.values()) for kinds in state.gleanin.duplicates().values())


def test_rule_24_continuous_sync_runs_by_itself(cli: CommandLine, mapping: str, state: SandboxState) -> None:
    assert cli.json("settings", mapping, "--continuous", "on").exit_code == 0

    def has_run() -> bool:
        runs = cli.json("runs", mapping).document
        return bool(runs) and runs[0]["finished_at"] is not None

    with serving() as (process, _):
        wait_until(has_run, "a run has ended")
        end(process)
    (run,) = cli.json("runs", mapping).document
    assert (run["trigger"], run["requested_by"]) == ("continuous", "continuous sync")
    assert run["counts"]["sessions"]["created"] == 2


def test_who_ends_it_twice_is_not_made_to_wait(
    cli: CommandLine, connected: str, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), methods=("POST",), latency_ms=600_000))
    with serving() as (process, url):
        until_ready(process, url)
        ask_for_a_sync(cli, url, mapping, connected)
        until_requested(process, state)
        process.send_signal(signal.SIGINT)
        assert "Ctrl-C again" in next_line(process, of_stderr=True)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WITHIN)
    assert process.returncode == 130
