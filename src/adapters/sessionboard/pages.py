"""One reading of a list: every page that is announced, several at once, in smaller ones where they are too large."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from adapters.sessionboard.client import NoSuchPage, TooLarge
from adapters.sessionboard.parsing import PageRead
from adapters.sessionboard.tally import LAST_PAGE, PAGE_SIZE, SINGLE, SIZES, RowPosition, RowTally
from ports.source import SourceUnreadable

MOST_TOO_LARGE = 10
"""Rows in succession: more are taken for a fault of the answers, not of the rows."""

R = TypeVar("R")
ReadPage = Callable[[RowPosition], asyncio.Task[PageRead[R]]]


@dataclass(slots=True)
class _Asked(Generic[R]):
    """A page that is going to be read, or is being read."""

    place: RowPosition
    task: asyncio.Task[PageRead[R]] | None = None


@dataclass(slots=True)
class Reading(Generic[R]):
    """Walks over the pages of the usual size, each whole or in parts."""

    read: ReadPage[R]
    parallel: int
    tally: RowTally
    size: int = PAGE_SIZE
    """Of the pages that are still to be asked for."""
    _ahead: deque[_Asked[R]] = field(default_factory=deque)
    _queued: int = 0
    """Pages of the usual size, those that have been read included."""
    _passed: int = PAGE_SIZE
    """The size into which the present page had to be split."""
    _has_large_row: bool = False
    """In the present page, so that its size proves nothing about the others."""
    _too_large: int = 0
    """Rows in succession."""

    async def pages(self) -> AsyncGenerator[PageRead[R]]:
        tally, first_rows = self.tally, 0
        number, last = 0, 1
        try:
            while number < last:
                number += 1
                rows_before, ids_before = tally.rows, len(tally.ids)
                self._ask(number)
                while self._ahead and self._ahead[0].place.whole == number:
                    page = await self._next()
                    if page is not None and page.ids:
                        yield page
                    self._ask(number)
                self._keep_size()
                rows = tally.rows - rows_before
                first_rows = first_rows or rows
                is_full = rows > 0 and rows >= first_rows and len(tally.ids) > ids_before
                last = tally.pages
                # Announcements are not always right.
                if number >= last and is_full and (tally.total is None or tally.rows < tally.total):
                    last = number + 1
                if number == LAST_PAGE and last > number:
                    raise SourceUnreadable(
                        f"Sessionboard has more than {LAST_PAGE} pages, and gives no more than those."
                    )
        finally:
            tasks = [asked.task for asked in self._ahead if asked.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, number: int) -> None:
        """Ask for the pages up to this one, and for some of those that are expected after it."""
        while self._ahead and not self._ahead[0].task and self.tally.is_beyond(self._ahead[0].place):
            self._ahead.popleft()
        last = min(max(self.tally.pages, number), LAST_PAGE)
        # In which size they are to be asked for shows when the present page has passed.
        while self._passed == PAGE_SIZE and self._queued < last and len(self._ahead) < self.parallel:
            self._queued += 1
            self._ahead.extend(_Asked(part) for part in self._wanted(self._places(self._queued)))
        running = sum(asked.task is not None for asked in self._ahead)
        for asked in self._ahead:
            is_due = asked is self._ahead[0] or self.tally.is_expected(asked.place)
            if running >= self.parallel or not is_due:
                return
            if asked.task is None:
                asked.task = self.read(asked.place)
                running += 1

    def _places(self, number: int) -> list[RowPosition]:
        """Return the parts of a page in the present size, or in the smallest one in which all have a number."""
        sizes = (size for size in reversed(SIZES) if size >= self.size)
        choices = (RowPosition(number).parts(size) for size in sizes)
        return next(places for places in choices if places[-1].number <= LAST_PAGE)

    def _wanted(self, parts: Sequence[RowPosition]) -> list[RowPosition]:
        return [part for part in parts if not self.tally.is_beyond(part)]

    async def _next(self) -> PageRead[R] | None:
        """Read what comes next; None where it is not there, or comes in parts."""
        asked = self._ahead.popleft()
        place = asked.place
        assert asked.task
        try:
            page = await asked.task
        except NoSuchPage:
            self.tally.add_absent(place)
            self._skip_rest(place)
            return None
        except TooLarge as error:
            if place.size == SINGLE:
                raise
            self._split(place, error)
            return None
        self.tally.add(place, page)
        if page.is_cut:
            self._has_large_row = True
            self._too_large += 1
            if self._too_large > MOST_TOO_LARGE:
                raise SourceUnreadable(
                    f"More than {MOST_TOO_LARGE} {self.tally.words} in succession are too large to be read."
                )
        elif page.ids:
            self._too_large = 0
        elif not self.tally.is_announced(place):
            self._skip_rest(place)
        return page

    def _skip_rest(self, place: RowPosition) -> None:
        """Leave out the other parts of a page of which one is beyond the end."""
        while self._ahead and self._ahead[0].place.whole == place.whole and self._ahead[0].task is None:
            self._ahead.popleft()

    def _split(self, place: RowPosition, error: TooLarge) -> None:
        size = SIZES[SIZES.index(place.size) + 1]
        parts = self._wanted(place.parts(size))
        without_number = [part for part in parts if part.number > LAST_PAGE]
        if without_number:
            first, last = without_number[0].rows_before + 1, without_number[-1].number * size
            self.tally.missing.append(f"{first:,}" if first == last else f"{first:,} to {last:,}")
            self.tally.why_missing = str(error)
        self._ahead.extendleft(_Asked(part) for part in reversed(parts) if part.number <= LAST_PAGE)
        self._passed = min(self._passed, size)

    def _keep_size(self) -> None:
        """Go on in the size that passed, unless a single row was to blame."""
        if not self._has_large_row:
            self.size = min(self.size, self._passed)
        self._passed, self._has_large_row = PAGE_SIZE, False
