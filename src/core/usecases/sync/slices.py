"""A run works in slices, so that neither a huge event nor a side that answers slowly holds a worker (rule 23).

A slice ends as an interruption does: writes under way are seen through, and what they did is noted. The run's next
slice reads both sides anew, for they go on changing, and sees to the records that have no outcome yet.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

SLICE = timedelta(seconds=80)
"""Two minutes at most, with what is left for writing. One in which nothing became of any record was too short, for the
other sides may be slow, or ask for pauses: the next one is twice as long."""
FOR_WRITING = 1 / 2
"""Of a slice: so much is left for writing at the least, however long the reading took."""
MOST_IN_VAIN = 5
"""Slices of a run in which nothing became of any record: three quarters of an hour of trying."""


class SliceOver(Exception):
    """Others have their turn."""


@dataclass(slots=True)
class Slice:
    longest: timedelta | None
    _cut: asyncio.Timeout
    is_over: bool = False
    _planned: float | None = None
    """When it ends, by the event loop's clock."""

    def __post_init__(self) -> None:
        self._planned = self._cut.when()

    def end(self) -> None:
        """End it now, if it has not ended by itself."""
        if not self.is_over:
            self._cut.reschedule(asyncio.get_running_loop().time())

    def writing_begins(self) -> None:
        """See that enough of the slice is left for it."""
        if self.longest is None or self._planned is None or self.is_over:
            return
        least = asyncio.get_running_loop().time() + FOR_WRITING * self.longest.total_seconds()
        self._cut.reschedule(max(self._planned, least))


@asynccontextmanager
async def slice_of(longest: timedelta | None) -> AsyncIterator[Slice]:
    """Work for so long; None for as long as it takes.

    Raises:
        SliceOver
    """
    cut = asyncio.timeout(None if longest is None else longest.total_seconds())
    try:
        async with cut:
            its_slice = Slice(longest, cut)
            try:
                yield its_slice
            finally:
                its_slice.is_over = True
    except TimeoutError:
        if cut.expired():
            raise SliceOver from None
        raise
