"""The worker's process: it carries out runs, and serves metrics if a port is set for them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from entrypoints.settings import Settings
from ports.jobs import Jobs


class MetricsPortUnusable(Exception):
    """The port for metrics is in use, or its host is not one of this machine. The message is for the operator."""


class MetricsServer(Protocol):
    def serving(self, host: str, port: int) -> AbstractContextManager[None]:
        """Serve the metrics while the context lasts.

        Raises:
            OSError: the port is not available.
        """
        ...


@dataclass(frozen=True, slots=True)
class Worker:
    jobs: Jobs
    metrics: MetricsServer
    settings: Settings

    async def run_until_cancelled(self, on_started: Callable[[], None]) -> None:
        """Carry out runs until cancelled; then await the responses to what was sent, and leave the rest to others.

        Raises:
            MetricsPortUnusable
        """
        with self._metrics_served():
            async with self.jobs.working():
                on_started()
                await asyncio.Event().wait()

    @contextmanager
    def _metrics_served(self) -> Iterator[None]:
        host, port = self.settings.metrics_host, self.settings.metrics_port
        with ExitStack() as stack:
            if port is not None:
                try:
                    stack.enter_context(self.metrics.serving(host, port))
                except OSError as error:
                    message = f"Cannot serve metrics on {host:.80}, port {port}: {error.strerror}."
                    raise MetricsPortUnusable(message) from error
            yield
