"""Worker processes that are killed and replaced, suspended and resumed, at moments decided by a seed."""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import timeouts
from tests.support.processes import COMMAND

Json = dict[str, Any]
MAX_WORKERS = 60
"""More than are ever started. Each uses a different host name for Gleanin: 127.0.0.2 and so on."""
ENDS_WITHIN = 30.0
"""Seconds from SIGTERM to the end of a process."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """From SIGSTOP to SIGCONT, in seconds since the epoch."""

    at: float
    until: float


@dataclass(slots=True)
class Worker:
    host: str
    process: subprocess.Popen[str]
    log: Path
    killed_at: float | None = None
    stops: list[Stopped] = field(default_factory=list)

    def events(self) -> Iterator[Json]:
        """Read the log; a kill may have truncated its last line."""
        for line in self.log.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                assert self.killed_at or not line.startswith("{"), line


@dataclass(slots=True)
class WorkerPool:
    gleanin_url: str
    """Its host is 127.0.0.1."""
    settings: Mapping[str, str]
    folder: Path
    lease: float
    workers: list[Worker] = field(default_factory=list)

    def begin(self, *command: str) -> Worker:
        """Start a process that executes runs: by default a worker."""
        host = f"127.0.0.{len(self.workers) + 2}"
        log = self.folder / f"{host}.log"
        variables = {**self.settings, "GLEANIN_SYNC_GLEANIN_URL": self.gleanin_url.replace("127.0.0.1", host)}
        with log.open("w") as stderr:
            process = subprocess.Popen(
                [COMMAND, *(command or ("worker",)), "--json"],
                env=os.environ | variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        worker = Worker(host, process, log)
        self.workers.append(worker)
        return worker

    async def all_working(self) -> None:
        for worker in self.workers:
            assert await asyncio.to_thread(timeouts.next_line, worker.process), worker.log.read_text()

    @property
    def alive(self) -> Sequence[Worker]:
        return [worker for worker in self.workers if worker.process.poll() is None]

    async def inject_faults(self, dice: random.Random, seconds: float, pause: tuple[float, float]) -> None:
        """Kill workers, or suspend them for less or more than the lease; resume all in the end."""
        until = time.monotonic() + seconds
        stopped: list[asyncio.Task[None]] = []
        busy: set[str] = set()
        while time.monotonic() + 1 < until:
            await asyncio.sleep(dice.uniform(*pause))
            action, share, pick = dice.randrange(4), dice.random(), dice.random()
            free = [worker for worker in self.alive if worker.host not in busy]
            if not free:
                continue
            worker = free[int(pick * len(free))]
            if action < 2:
                await self.kill(worker)
                self.begin()
            else:
                busy.add(worker.host)
                length = self.lease * (0.1 + 0.3 * share if action == 2 else 1.2 + 0.8 * share)
                stopped.append(asyncio.create_task(self._stop(worker, length, busy)))
        await asyncio.gather(*stopped)

    async def kill(self, worker: Worker) -> None:
        worker.killed_at = time.time()
        worker.process.kill()
        await asyncio.to_thread(timeouts.end, worker.process)

    @staticmethod
    async def _stop(worker: Worker, seconds: float, busy: set[str]) -> None:
        at = time.time()
        worker.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        worker.stops.append(Stopped(at, time.time()))
        worker.process.send_signal(signal.SIGCONT)
        busy.discard(worker.host)

    async def end(self) -> float:
        """Ask all workers to end, and return the seconds that the slowest took."""
        begun, slowest = time.monotonic(), 0.0
        alive = self.alive
        for worker in alive:
            worker.process.terminate()
        for worker in alive:
            code = await asyncio.to_thread(timeouts.end, worker.process)
            slowest = time.monotonic() - begun
            assert code == 0, f"{worker.host} ended with {code}: {worker.log.read_text()[-2000:]}"
        return slowest

    def close(self) -> None:
        for worker in self.workers:
            worker.process.kill()
            timeouts.end(worker.process)
            assert worker.process.stdout is not None
            worker.process.stdout.close()
