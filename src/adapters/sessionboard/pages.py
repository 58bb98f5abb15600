"""Reads a list once: all announced pages, several concurrently, and in smaller pages where they are too large."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from adapters.sessionboard.client import NoSuchPage, TooLarge
from adapters.sessionboard.parsing import PageRead
from adapters.sessionboard.tally import LAST_PAGE, PAGE_SIZE, SINGLE, SIZES, RowPosition, RowTally
from ports.source import SourceUnreadable

MAX_TOO_LARGE = 10
"""Rows in a row that may be too large: with more, the responses are at fault and not the rows."""

R = TypeVar("R")
ReadPage = Callable[[RowPosition], asyncio.Task[PageRead[R]]]


@dataclass(slots=True)
class _PendingPage(Generic[R]):
    """A page that is queued or being read."""

    position: RowPosition
    task: asyncio.Task[PageRead[R]] | None = None


@dataclass(slots=True)
class ListReader(Generic[R]):
    """Iterates over the pages of the usual size, each read whole or in parts."""

    read: ReadPage[R]
    parallel: int
    tally: RowTally
    size: int = PAGE_SIZE
    """The size in which the next pages are requested."""
    _ahead: deque[_PendingPage[R]] = field(default_factory=deque)
    _queued: int = 0
    """Pages of the usual size, including those already read."""
    _split_size: int = PAGE_SIZE
    """The size into which the current page was split."""
    _has_large_row: bool = False
    """Whether the current page has one, so that its size says nothing about the other pages."""
    _too_large: int = 0
    """Consecutive rows that are too large."""

    async def pages(self) -> AsyncGenerator[PageRead[R]]:
        tally, first_rows = self.tally, 0
        number, last = 0, 1
        try:
            while number < last:
                number += 1
                rows_before, ids_before = tally.rows, len(tally.ids)
                self._request(number)
                while self._ahead and self._ahead[0].position.whole == number:
                    page = await self._next()
                    if page is not None and page.ids:
                        yield page
                    self._request(number)
                self._adjust_size()
                rows = tally.rows - rows_before
                first_rows = first_rows or rows
                is_full = rows > 0 and rows >= first_rows and len(tally.ids) > ids_before
                last = tally.pages
                # The announced number of pages can be too low.
                if number >= last and is_full and (tally.total is None or tally.rows < tally.total):
                    last = number + 1
                if number == LAST_PAGE and last > number:
                    raise SourceUnreadable(
                        f"Sessionboard's list has more than {LAST_PAGE} pages, the most that its API returns."
                    )
        finally:
            tasks = [pending.task for pending in self._ahead if pending.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _request(self, number: int) -> None:
        """Request the pages up to this one, and some of those that are expected after it."""
        while self._ahead and not self._ahead[0].task and self.tally.is_beyond(self._ahead[0].position):
            self._ahead.popleft()
        last = min(max(self.tally.pages, number), LAST_PAGE)
        # While the current page is being split, the size of the next ones is not known yet.
        while self._split_size == PAGE_SIZE and self._queued < last and len(self._ahead) < self.parallel:
            self._queued += 1
            parts = self._without_rest(self._parts_of(self._queued))
            self._ahead.extend(_PendingPage(part) for part in parts)
        running = sum(pending.task is not None for pending in self._ahead)
        for pending in self._ahead:
            is_due = pending is self._ahead[0] or self.tally.is_expected(pending.position)
            if running >= self.parallel or not is_due:
                return
            if pending.task is None:
                pending.task = self.read(pending.position)
                running += 1

    def _parts_of(self, number: int) -> list[RowPosition]:
        """Return the parts of a page in the current size, or in the smallest size in which all have a page number."""
        sizes = (size for size in reversed(SIZES) if size >= self.size)
        choices = (RowPosition(number).parts(size) for size in sizes)
        return next(parts for parts in choices if parts[-1].number <= LAST_PAGE)

    def _without_rest(self, parts: Sequence[RowPosition]) -> list[RowPosition]:
        return [part for part in parts if not self.tally.is_beyond(part)]

    async def _next(self) -> PageRead[R] | None:
        """Return the next page; None if it does not exist or was split."""
        pending = self._ahead.popleft()
        position = pending.position
        assert pending.task
        try:
            page = await pending.task
        except NoSuchPage:
            self.tally.add_absent(position)
            self._skip_rest(position)
            return None
        except TooLarge as error:
            if position.size == SINGLE:
                raise
            self._split(position, error)
            return None
        self.tally.add(position, page)
        if page.is_cut:
            self._has_large_row = True
            self._too_large += 1
            if self._too_large > MAX_TOO_LARGE:
                raise SourceUnreadable(
                    f"More than {MAX_TOO_LARGE} {self.tally.words} in a row are too large to read."
                )
        elif page.ids:
            self._too_large = 0
        elif not self.tally.is_announced(position):
            self._skip_rest(position)
        return page

    def _skip_rest(self, position: RowPosition) -> None:
        """Skip the other parts of a page after a part beyond the end of the list."""
        whole = position.whole
        while self._ahead and self._ahead[0].position.whole == whole and self._ahead[0].task is None:
            self._ahead.popleft()

    def _split(self, position: RowPosition, error: TooLarge) -> None:
        size = SIZES[SIZES.index(position.size) + 1]
        parts = self._without_rest(position.parts(size))
        without_number = [part for part in parts if part.number > LAST_PAGE]
        if without_number:
            first, last = without_number[0].rows_before + 1, without_number[-1].number * size
            self.tally.missing.append(f"{first:,}" if first == last else f"{first:,} to {last:,}")
            self.tally.why_missing = str(error)
        self._ahead.extendleft(_PendingPage(part) for part in reversed(parts) if part.number <= LAST_PAGE)
        self._split_size = min(self._split_size, size)

    def _adjust_size(self) -> None:
        """Continue in the size of the current page's parts, unless a single large row caused the split."""
        if not self._has_large_row:
            self.size = min(self.size, self._split_size)
        self._split_size, self._has_large_row = PAGE_SIZE, False
