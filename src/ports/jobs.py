"""Background execution of queued runs, and what it calls."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from core.domain.ids import MappingId, RunId
from core.domain.runs.fair_queue import QueuedWork


class Jobs(Protocol):
    def start(self, run_id: RunId) -> None:
        """Start a queued run as soon as its turn comes."""
        ...

    def working(self) -> AbstractAsyncContextManager[None]:
        """Execute queued runs, whichever process queued them, and tick for continuous sync, within the context.

        Leaving the context ends the current runs cleanly: requests that were sent are awaited and recorded, and the
        rest is left to other workers.
        """
        ...


@dataclass(frozen=True, slots=True)
class JobHandlers:
    """The use cases that jobs call."""

    select: Callable[[int, int], Awaitable[Sequence[QueuedWork]]]
    """Return what to start next, given the number of slots and how many of them are reserved for manual runs."""
    recover: Callable[[RunId], Awaitable[object]]
    """End an abandoned run, and request it again."""
    run: Callable[[RunId], Awaitable[object]]
    check: Callable[[MappingId, Callable[[RunId], None]], Awaitable[object]]
    """Check a mapping that is due; if the check becomes a run, pass its id to the callback immediately."""
    requeue: Callable[[RunId], Awaitable[object]]
    """Request another run for one that was interrupted or lost its database."""
    purge: Callable[[], Awaitable[object]]
    """Delete what is older than its retention."""
    notify: Callable[[], Awaitable[object]]
    """Deliver notifications; this depends on other servers, so nothing else may wait for it."""
