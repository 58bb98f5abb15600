"""Spools, which hold the records of a run outside of memory until they are sent."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from core.domain.records.spooled import InMemorySpool, Spool

Spools = Callable[[], AbstractContextManager[Spool]]
"""Opens the spool of one run; leaving the context erases its contents."""


@contextmanager
def memory_spool() -> Iterator[Spool]:
    """Open a spool that keeps its contents in memory."""
    yield InMemorySpool()
