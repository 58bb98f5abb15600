"""Run a sandbox in a thread or in a separate process."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.server import Sandbox, serve
from entrypoints.sandbox.state import SandboxState

START_TIMEOUT = 120
"""Seconds; generating a large event takes time."""
STOP_TIMEOUT = 30
"""Seconds; requests in progress are cut off."""


@dataclass(frozen=True, slots=True)
class Addresses:
    sessionboard_url: str
    gleanin_url: str
    control_url: str

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.control_url)


@contextmanager
def in_thread(state: SandboxState, port: int = 0) -> Iterator[Sandbox]:
    """Serve a sandbox from a thread, for callers that are synchronous or block.

    The state may be read meanwhile; to change it, use the control routes over HTTP (`ControlClient`).
    """
    served: list[Sandbox] = []
    failed: list[BaseException] = []
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def until_stopped() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(over.set))
        async with serve(state, port=port) as sandbox:
            served.append(sandbox)
            ready.set()
            await over.wait()

    def run() -> None:
        try:
            asyncio.run(until_stopped())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="sandbox", daemon=True)
    thread.start()
    is_ready = ready.wait(START_TIMEOUT)
    try:
        if failed:
            raise failed[0]
        if not is_ready:
            raise RuntimeError(f"the sandbox is not served after {START_TIMEOUT} s")
        yield served[0]
    finally:
        for end in stop:
            with suppress(RuntimeError):  # its loop is closed already
                end()
        thread.join(STOP_TIMEOUT)
    if thread.is_alive():
        raise RuntimeError(f"the sandbox still runs after {STOP_TIMEOUT} s")


@contextmanager
def in_process(arguments: Sequence[str] = ()) -> Iterator[Addresses]:
    """Serve from a separate process, `python -m entrypoints.sandbox ARGUMENTS`; it ends with this one.

    Raises:
        RuntimeError: it did not start.
    """
    command = [sys.executable, "-m", "entrypoints.sandbox", "--with-parent", *arguments]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    timer = threading.Timer(START_TIMEOUT, process.kill)
    timer.start()
    with process:
        assert process.stdin
        assert process.stdout
        try:
            line = process.stdout.readline()
            timer.cancel()
            if not line:
                message = f"the sandbox did not start: {' '.join(command)}"
                raise RuntimeError(message)
            urls = json.loads(line)
            yield Addresses(urls["sessionboard_url"], urls["gleanin_url"], urls["control_url"])
        finally:
            timer.cancel()
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
