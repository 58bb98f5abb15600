"""Background execution of queued runs."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.domain.ids import RunId


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
