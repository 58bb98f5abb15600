"""A run works in slices, so that neither a huge event nor a side that answers slowly holds a worker (rule 23).

A slice ends as an interruption does: writes under way are seen through, and what they did is noted. The run's next
slice reads both sides anew, for they go on changing, and sees to the records that have no outcome yet.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

SLICE = timedelta(minutes=2)
STILL_READING = 1 / 4
"""Of a slice: so long the next page of a reading is waited for, however long the reading has taken. It cannot be gone
on with later, so it is seen through for as long as its pages keep coming."""
FOR_WRITING = 1 / 2
"""Of a slice: so much is left for writing at the least, however long the reading has taken."""
MOST_IN_VAIN = 30
"""Slices in a row in which nothing became of any record: an hour of trying."""


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

    def page_came(self) -> None:
        self._leave(STILL_READING)

    def writing_begins(self) -> None:
        self._leave(FOR_WRITING)

    def _leave(self, share: float) -> None:
        """Let so much of a slice be left from now on at the least."""
        if self.longest is None or self._planned is None or self.is_over:
            return
        least = asyncio.get_running_loop().time() + share * self.longest.total_seconds()
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
