"""Metrics in Prometheus format: counters since the start, and gauges of the current queue."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.usecases.runs.get_status import Queue
from ports.store.errors import PersistenceError

_DATABASE_TIMEOUT = 10.0
"""Seconds that a scrape waits for the database; without its answer, the queue's gauges are left out."""
_CONTINUOUS = "Mappings with continuous sync"


class PrometheusMetrics:
    def __init__(self, show_queue: Callable[[], Awaitable[Queue]]) -> None:
        self._show_queue = show_queue

    async def render(self) -> bytes:
        """Return all metrics as text of the type `CONTENT_TYPE_LATEST`."""
        return generate_latest(_registry(await self._queue()))

    async def _queue(self) -> Queue | None:
        with suppress(PersistenceError, TimeoutError):
            async with asyncio.timeout(_DATABASE_TIMEOUT):
                return await self._show_queue()
        return None

    @contextmanager
    def serving(self, host: str, port: int) -> Iterator[None]:
        """Serve the metrics from a thread while the context lasts; the running event loop queries the database.

        Raises:
            OSError: the port is not available.
        """
        loop = asyncio.get_running_loop()

        def queue() -> Queue | None:
            return asyncio.run_coroutine_threadsafe(self._queue(), loop).result(2 * _DATABASE_TIMEOUT)

        registry = CollectorRegistry()
        registry.register(_MetricsCollector(queue))
        server, thread = start_http_server(port, host, registry)
        try:
            yield
        finally:
            server.shutdown()  # stops listening; a scrape that waits for this loop runs in another thread
            server.server_close()
            thread.join()


class _MetricsCollector(Collector):
    def __init__(self, queue: Callable[[], Queue | None]) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        queue = self._queue()
        if queue is not None:
            yield from _gauges(queue)


def _registry(queue: Queue | None) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_MetricsCollector(lambda: queue))
    return registry


def _gauges(queue: Queue) -> Iterator[Metric]:
    for name, description, value in (
        ("mappings_due", "Mappings whose continuous sync is due and has no run yet.", queue.due),
        ("mappings_failing", f"{_CONTINUOUS} whose last runs were stopped.", queue.failing),
        ("mappings_halted", f"{_CONTINUOUS} that need another token.", queue.halted),
        ("runs_queued", "Runs in the queue, including those to be recovered.", queue.queued),
        ("runs_running", "Runs in progress.", queue.running),
        (
            "due_seconds",
            "Seconds since the earliest due mapping without a run became due.",
            queue.due_for.total_seconds(),
        ),
        (
            "queued_seconds",
            "Seconds since the oldest queued run was requested.",
            queue.queued_for.total_seconds(),
        ),
    ):
        yield GaugeMetricFamily(f"gleanin_sync_{name}", description, value)
