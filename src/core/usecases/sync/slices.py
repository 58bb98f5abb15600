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
STILL_READING = timedelta(seconds=30)
"""A reading cannot be gone on with later: it is seen through for as long as its pages keep coming."""
MOST_IN_VAIN = 30
"""Slices in a row in which nothing became of any record: an hour of trying."""


class SliceOver(Exception):
    """Others have their turn."""


@dataclass(slots=True)
class Slice:
    longest: timedelta | None
    _cut: asyncio.Timeout

    def page_came(self) -> None:
        self._not_before(STILL_READING)

    def writing_begins(self) -> None:
        """Leave the writing half of a slice at least, however long the reading took."""
        if self.longest is not None:
            self._not_before(self.longest / 2)

    def _not_before(self, wait: timedelta) -> None:
        planned = self._cut.when()
        if planned is not None and not self._cut.expired():
            self._cut.reschedule(max(planned, asyncio.get_running_loop().time() + wait.total_seconds()))


@asynccontextmanager
async def slice_of(longest: timedelta | None) -> AsyncIterator[Slice]:
    """Work for so long; None for as long as it takes.

    Raises:
        SliceOver
    """
    cut = asyncio.timeout(None if longest is None else longest.total_seconds())
    try:
        async with cut:
            yield Slice(longest, cut)
    except TimeoutError:
        if cut.expired():
            raise SliceOver from None
        raise
