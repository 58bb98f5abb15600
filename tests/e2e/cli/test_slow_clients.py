"""`serve` as a process, with clients that send half a request: other clients are served, and logs stay short."""

import json
import resource
import select
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e.cli.conftest import CommandLine
from tests.support.processes import COMMAND, end, free_port, started, until_ready
from tests.support.timeouts import WITHIN, wait_until

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Fil"
HALF_A_BODY = b"POST /hooks/sessionboard/acme HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{"


@contextmanager
def serving(limits: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start `serve` with other limits of open files, in the format of the shell's `ulimit`."""
    port = free_port()
    shell = ("/bin/sh", "-c", f'ulimit {limits}; exec "$0" serve --port {port}')
    with started(COMMAND, command=shell) as process:
        until_ready(process, f"http://127.0.0.1:{port}")
        yield process, port


def half_sent(port: int, data: bytes, number: int, opened: ExitStack) -> list[socket.socket]:
    clients = []
    for _ in range(number):
        client = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WITHIN))
        with suppress(ConnectionError):  # refused already
            client.sendall(data)
        clients.append(client)
    return clients


def rest(client: socket.socket) -> bytes:
    """Return what is received until the connection is closed."""
    output = b""
    try:
        while piece := client.recv(65536):
            output += piece
    except ConnectionError:
        pass
    return output


def is_ended(client: socket.socket) -> bool:
    """Check whether something was received, either a response or the end of the connection."""
    return bool(select.select([client], [], [], 0)[0])


def test_400_half_sent_requests_do_not_keep_others_out_and_are_no_news(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_REQUEST_SECONDS", "3600")
    with serving("-n 128") as (process, port), ExitStack() as opened:
        half_sent(port, HALF_A_HEAD, 400, opened)
        for path in ("healthz", "readyz", "sign-in"):
            answer = httpx.get(f"http://127.0.0.1:{port}/{path}", trust_env=False, timeout=WITHIN)
            assert answer.is_success
        opened.close()
        _, output = end(process)
    lines = [line for line in output.splitlines() if not line.startswith("Stopping")]
    assert len(output) < 100_000
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_where_there_are_no_descriptors_any_more_that_is_told_a_few_times_and_passes(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_REQUEST_SECONDS", "0.5")
    with serving("-n 256") as (process, port), ExitStack() as opened:
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        now_open = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (now_open + 8, hard))
        half_sent(port, HALF_A_HEAD, 24, opened)
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=WITHIN)
        assert answer.is_success
        _, output = end(process)
    lines = [json.loads(line) for line in output.splitlines() if not line.startswith("Stopping")]
    assert "socket.accept() out of system resource" in {line.get("words") for line in lines}
    assert len(output) < 500_000


@pytest.mark.parametrize("data", [HALF_A_HEAD, HALF_A_BODY], ids=["head", "body"])
def test_who_does_not_complete_a_request_is_cut_off(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_REQUEST_SECONDS", "0.3")
    with serving("-n 256") as (process, port), ExitStack() as opened:
        for client in half_sent(port, data, 5, opened):
            assert rest(client).startswith(b"HTTP/1.1 408 ")
        end(process)


def test_one_address_has_a_limit_of_its_own(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_MAX_CONNECTIONS_PER_ADDRESS", "3")
    monkeypatch.setenv("GLEANIN_SYNC_REQUEST_SECONDS", "3600")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "192.0.2.1")  # so that this machine is no proxy
    with serving("-n 256") as (process, port), ExitStack() as opened:
        clients = half_sent(port, HALF_A_BODY, 10, opened)
        wait_until(lambda: sum(map(is_ended, clients)) == 7, "all but three were refused or made room")
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(transport=transport, timeout=WITHIN) as elsewhere:
            assert elsewhere.get(f"http://127.0.0.1:{port}/healthz").is_success
        opened.close()
        end(process)


def test_as_many_files_may_be_open_as_the_system_lets_it(cli: CommandLine) -> None:
    with serving("-S -n 128") as (process, _):
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        assert soft == hard > 128
        end(process)
