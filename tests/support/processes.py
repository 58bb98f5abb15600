"""Processes of the command line: starting them, reading their output, waiting for them and ending them."""

import json
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from entrypoints.sandbox.state import SandboxState
from tests.support.timeouts import WITHIN, lines_up_to, wait_until

SERVER_PORTS = 10_000, 32_000
COMMAND = str(Path(sys.executable).with_name("gleanin-sync"))


@contextmanager
def started(*arguments: str, command: Sequence[str] = (COMMAND,)) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_document(process: subprocess.Popen[str]) -> Any:
    """Read the JSON document that the process prints, without waiting for its end."""
    return json.loads(lines_up_to(process, lambda line: line == "}\n"))


def until_requested(process: subprocess.Popen[str], state: SandboxState) -> None:
    """Wait until the process waits for a response of the sandbox."""

    def has_requested() -> bool:
        assert process.poll() is None, process.communicate(timeout=WITHIN)
        return bool(state.log.in_flight)

    wait_until(has_requested, "the process has sent a request")


def free_port() -> int:
    """Return a port that a server can listen on.

    It is below those that the system gives to clients: one of them could get it before the server does.
    """
    while True:
        port = random.randrange(*SERVER_PORTS)
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            return port


def until_ready(process: subprocess.Popen[str], url: str) -> None:
    """Wait until `serve` reports that it is ready."""

    def is_ready() -> bool:
        assert process.poll() is None, process.communicate(timeout=WITHIN)
        try:
            return httpx.get(f"{url}/readyz", trust_env=False, timeout=WITHIN).is_success
        except httpx.TransportError:
            return False

    wait_until(is_ready, "it is ready")


def end(process: subprocess.Popen[str], stop_signal: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
    """Signal the process to end, and return its output and errors."""
    process.send_signal(stop_signal)
    output = process.communicate(timeout=WITHIN)
    assert process.returncode == 0, output  # otherwise it was cut off after its time limit
    assert "Traceback" not in output[1]
    return output
