"""Carrying out booked runs, while whoever booked them goes on."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from core.domain.ids import RunId


class Jobs(Protocol):
    def start(self, run_id: RunId) -> None:
        """See that a booked run is carried out as soon as it is its turn."""
        ...

    def working(self) -> AbstractAsyncContextManager[None]:
        """Carry out runs, those that others booked too, and tick for continuous sync, for as long as the context lasts.

        Leaving it ends the runs under way cleanly: what has been sent is seen through and noted, and the rest is
        left to whoever works on.
        """
        ...
