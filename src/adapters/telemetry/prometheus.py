"""All meters as Prometheus asks for them: what was counted since the start, and the queue as it stands now."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.usecases.runs.show_status import Queue
from ports.store.errors import PersistenceError

_LONGEST = 10.0
"""Seconds that a scrape waits for the database: without its answer, the queue is left out."""
_CONTINUOUS = "Mappings with continuous sync, and no others,"


class PrometheusMetrics:
    def __init__(self, show_queue: Callable[[], Awaitable[Queue]]) -> None:
        self._show_queue = show_queue

    async def told(self) -> bytes:
        """Give everything as text, as `CONTENT_TYPE_LATEST` says."""
        return generate_latest(_registry(await self._queue()))

    async def _queue(self) -> Queue | None:
        with suppress(PersistenceError, TimeoutError):
            async with asyncio.timeout(_LONGEST):
                return await self._show_queue()
        return None

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[None]:
        """Serve it from a thread, for as long as the context lasts; the running event loop asks the database.

        Raises:
            OSError: the port cannot be had.
        """
        loop = asyncio.get_running_loop()

        def queue() -> Queue | None:
            return asyncio.run_coroutine_threadsafe(self._queue(), loop).result(2 * _LONGEST)

        registry = CollectorRegistry()
        registry.register(_Collected(queue))
        server, thread = start_http_server(port, host, registry)
        try:
            yield
        finally:
            server.shutdown()  # of its listening; a scrape that waits for this loop is in a thread of its own
            server.server_close()
            thread.join()


class _Collected(Collector):
    def __init__(self, queue: Callable[[], Queue | None]) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        queue = self._queue()
        if queue is not None:
            yield from _gauges(queue)


def _registry(queue: Queue | None) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Collected(lambda: queue))
    return registry


def _gauges(queue: Queue) -> Iterator[Metric]:
    for name, told, value in (
        ("mappings_due", "Mappings whose continuous sync is due, without a run yet.", queue.due),
        ("mappings_failing", f"{_CONTINUOUS} whose last runs stopped as a whole.", queue.failing),
        ("mappings_halted", f"{_CONTINUOUS} that wait for another token.", queue.halted),
        ("runs_queued", "Runs that wait, to be taken over too.", queue.queued),
        ("runs_running", "Runs that are carried out.", queue.running),
        (
            "due_seconds",
            "How long the longest due mapping has been due, without a run yet.",
            queue.due_for.total_seconds(),
        ),
        ("queued_seconds", "How long the longest queued run waits.", queue.queued_for.total_seconds()),
    ):
        yield GaugeMetricFamily(f"gleanin_sync_{name}", told, value)
