"""Where what a run has read is kept until it is sent, beside the memory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from core.domain.records.spooled import InMemorySpool, Spool

Spools = Callable[[], AbstractContextManager[Spool]]
"""Opens a spool of a run's own; leaving the context erases what it holds."""


@contextmanager
def memory_spool() -> Iterator[Spool]:
    """Keep it in memory after all."""
    yield InMemorySpool()
