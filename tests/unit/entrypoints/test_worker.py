"""The worker's process: metrics first, then jobs, until it is cancelled."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from core.domain.ids import RunId
from entrypoints.settings import Settings
from entrypoints.worker.process import MetricsPortUnusable, Worker

WITHIN = 10


@dataclass(slots=True)
class Recorder:
    """Jobs and metrics that only note what begins and ends."""

    is_port_free: bool = True
    events: list[str] = field(default_factory=list)

    def start(self, run_id: RunId) -> None: ...

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        self.events.append("jobs begin")
        try:
            yield
        finally:
            self.events.append("jobs end")

    @contextmanager
    def serving(self, host: str, port: int) -> Iterator[None]:
        if not self.is_port_free:
            raise OSError(98, "Address already in use")
        self.events.append(f"metrics begin on {host}:{port}")
        try:
            yield
        finally:
            self.events.append("metrics end")


async def run_and_cancel(recorder: Recorder, settings: Settings) -> None:
    started = asyncio.Event()
    worker = Worker(recorder, recorder, settings)
    task = asyncio.create_task(worker.run_until_cancelled(started.set))
    async with asyncio.timeout(WITHIN):
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_worker_ends_its_jobs_before_its_metrics() -> None:
    recorder = Recorder()
    await run_and_cancel(recorder, Settings(metrics_port=9100))
    assert recorder.events == ["metrics begin on 127.0.0.1:9100", "jobs begin", "jobs end", "metrics end"]


async def test_without_a_port_a_worker_serves_no_metrics() -> None:
    recorder = Recorder()
    await run_and_cancel(recorder, Settings(metrics_port=None))
    assert recorder.events == ["jobs begin", "jobs end"]


async def test_a_worker_whose_metrics_port_is_taken_starts_no_jobs() -> None:
    recorder = Recorder(is_port_free=False)
    message = "^Cannot serve metrics on 127.0.0.1, port 9100: Address already in use.$"
    with pytest.raises(MetricsPortUnusable, match=message):
        await run_and_cancel(recorder, Settings(metrics_port=9100))
    assert recorder.events == []
