"""Where the pages of a list are, what they said and gave, and whether that adds up."""

from dataclasses import dataclass, field
from typing import Any

from adapters.sessionboard.parsing import PageRead
from core.domain.ids import SourceId

SIZES = (100, 50, 25, 5, 1)
"""Of pages, in rows: the API's own limit, then smaller ones, of which the larger ones are made."""
PAGE_SIZE, SINGLE = SIZES[0], SIZES[-1]
LAST_PAGE = 999
"""The API's own limit, whatever the size."""


@dataclass(frozen=True, slots=True)
class RowPosition:
    """A page by its number and size: the rows `rows_before + 1` to `number * size` of a list."""

    number: int
    size: int = PAGE_SIZE

    @property
    def rows_before(self) -> int:
        return (self.number - 1) * self.size

    @property
    def whole(self) -> int:
        """Return the number of the page of the usual size that this is a part of."""
        return self.rows_before // PAGE_SIZE + 1

    def parts(self, size: int) -> list["RowPosition"]:
        each = self.size // size
        return [
            RowPosition(number, size)
            for number in range((self.number - 1) * each + 1, self.number * each + 1)
        ]


@dataclass(slots=True)
class RowTally:
    """What the pages of one reading said and gave, and whether that adds up (rule 34)."""

    words: str
    """What the rows are called."""
    ids: set[SourceId] = field(default_factory=set)
    rows: int = 0
    totals: list[int] = field(default_factory=list)
    """Different ones, in the order in which they came."""
    rows_announced: int = 1
    """At least so many rows there are by the number of pages; the first page is always asked for."""
    rows_expected: int = 1
    """The same by the number of rows, where the number of pages is not told."""
    missing: list[str] = field(default_factory=list)
    """Which rows could not be asked for."""
    why_missing: str = ""
    empty_page: int = 0
    repeats_page: bool = False
    _first: tuple[int, int] = 0, 0
    """(rows, rows asked for) of the first page."""

    @property
    def total(self) -> int | None:
        return max(self.totals, default=None)

    @property
    def pages(self) -> int:
        """Return how many pages of the usual size there are, by all that was told."""
        return -(-max(self.rows_announced, self.rows_expected) // PAGE_SIZE)

    def is_announced(self, place: RowPosition) -> bool:
        return place.rows_before < self.rows_announced

    def is_expected(self, place: RowPosition) -> bool:
        return place.rows_before < max(self.rows_announced, self.rows_expected, self.total or 0)

    def is_beyond(self, part: RowPosition) -> bool:
        """Check whether a part of a page is after the last row, as far as told; its first part never is."""
        is_first = part.rows_before % PAGE_SIZE == 0
        return not is_first and self.total is not None and not self.is_expected(part)

    def add(self, place: RowPosition, page: PageRead[Any]) -> None:
        self._first = self._first if self._first[1] else (len(page.ids), place.size)
        pages, total = page.totals.total_pages, page.totals.total_results
        if total is not None and total not in self.totals:
            self.totals.append(total)
        if pages is not None:
            self.rows_announced = max(self.rows_announced, (pages - 1) * place.size + 1)
        elif total is not None:
            rows, asked_for = self._first
            expected = (-(-total // (rows or asked_for)) - 1) * asked_for + 1
            self.rows_expected = max(self.rows_expected, total, expected)
        if page.ids:
            self.repeats_page |= self.ids.issuperset(page.ids)
        elif self.rows_announced > 1:
            self.add_absent(place)
        self.ids.update(page.ids)
        self.rows += len(page.ids)

    def add_absent(self, place: RowPosition) -> None:
        """Note a page that is not there, or has no rows."""
        if self.is_announced(place):
            self.empty_page = self.empty_page or place.number

    @property
    def fault(self) -> str:
        """Return why the reading does not add up, as a sentence; nothing if it does."""
        return next(filter(None, (self._missing(), self._short(), self._odd())), "")

    def _missing(self) -> str:
        told = f"{self.why_missing} These rows of the {self.words} are missing: {', '.join(self.missing)}."
        return told if self.missing else ""

    def _short(self) -> str:
        total, known = self.total, len(self.ids)
        if total is None or known >= total:
            return ""
        there = f"is 1 row of {self.words}" if total == 1 else f"are {total:,} {self.words}"
        return f"Sessionboard says that there {there}, but gave {known or 'none'}."

    def _odd(self) -> str:
        """Return what is odd about the pages although no row is known to be missing."""
        words = self.words
        if self.repeats_page:
            return f"Sessionboard gave the same page of {words} again."
        if self.empty_page:
            return f"Sessionboard gave no {words} on page {self.empty_page}, which it had announced."
        if len(self.totals) > 1:
            first, second, *_ = self.totals
            return f"Sessionboard says that there are {first:,} {words}, and then that there are {second:,}."
        if self.total is None and self.rows > len(self.ids):
            return f"Sessionboard gave some {words} twice, so others may be missing."
        return ""
