"""Positions of pages in a list, and a tally that checks whether the pages are complete and consistent."""

from dataclasses import dataclass, field
from typing import Any

from adapters.sessionboard.parsing import PageRead
from core.domain.ids import SourceId

SIZES = (100, 50, 25, 5, 1)
"""Page sizes in rows: the API's maximum, then smaller ones, each of which divides the larger ones."""
PAGE_SIZE, SINGLE = SIZES[0], SIZES[-1]
LAST_PAGE = 999
"""The API's maximum, whatever the page size."""


@dataclass(frozen=True, slots=True)
class RowPosition:
    """A page, by its number and size: the rows `rows_before + 1` to `number * size` of a list."""

    number: int
    size: int = PAGE_SIZE

    @property
    def rows_before(self) -> int:
        return (self.number - 1) * self.size

    @property
    def whole(self) -> int:
        """Return the number of the page of the usual size that contains this one."""
        return self.rows_before // PAGE_SIZE + 1

    def parts(self, size: int) -> list["RowPosition"]:
        count = self.size // size
        return [
            RowPosition(number, size)
            for number in range((self.number - 1) * count + 1, self.number * count + 1)
        ]


@dataclass(slots=True)
class RowTally:
    """What the pages of one list announced and returned, and whether that adds up (rule 34)."""

    words: str
    """The name of the rows in messages, in the plural."""
    ids: set[SourceId] = field(default_factory=set)
    rows: int = 0
    totals: list[int] = field(default_factory=list)
    """The distinct announced totals, in order of appearance."""
    rows_announced: int = 1
    """The least number of rows by the announced pages; at least 1, because the first page is always requested."""
    rows_expected: int = 1
    """The same by the announced rows, if the number of pages is not announced."""
    missing: list[str] = field(default_factory=list)
    """Ranges of rows that could not be requested."""
    why_missing: str = ""
    empty_page: int = 0
    repeats_page: bool = False
    _first: tuple[int, int] = 0, 0
    """(rows, requested rows) of the first page."""

    @property
    def total(self) -> int | None:
        return max(self.totals, default=None)

    @property
    def pages(self) -> int:
        """Return how many pages of the usual size there are, as far as announced."""
        return -(-max(self.rows_announced, self.rows_expected) // PAGE_SIZE)

    def is_announced(self, position: RowPosition) -> bool:
        return position.rows_before < self.rows_announced

    def is_expected(self, position: RowPosition) -> bool:
        return position.rows_before < max(self.rows_announced, self.rows_expected, self.total or 0)

    def is_beyond(self, part: RowPosition) -> bool:
        """Check whether a part of a page is after the last announced row; the first part of a page never is."""
        is_first = part.rows_before % PAGE_SIZE == 0
        return not is_first and self.total is not None and not self.is_expected(part)

    def add(self, position: RowPosition, page: PageRead[Any]) -> None:
        self._first = self._first if self._first[1] else (len(page.ids), position.size)
        pages, total = page.totals.total_pages, page.totals.total_results
        if total is not None and total not in self.totals:
            self.totals.append(total)
        if pages is not None:
            self.rows_announced = max(self.rows_announced, (pages - 1) * position.size + 1)
        elif total is not None:
            rows, requested = self._first
            expected = (-(-total // (rows or requested)) - 1) * requested + 1
            self.rows_expected = max(self.rows_expected, total, expected)
        if page.ids:
            self.repeats_page |= self.ids.issuperset(page.ids)
        elif self.rows_announced > 1:
            self.add_absent(position)
        self.ids.update(page.ids)
        self.rows += len(page.ids)

    def add_absent(self, position: RowPosition) -> None:
        """Record a page that does not exist or has no rows."""
        if self.is_announced(position):
            self.empty_page = self.empty_page or position.number

    @property
    def fault(self) -> str:
        """Return why the pages do not add up, as a sentence; empty if they do."""
        return next(filter(None, (self._missing(), self._short(), self._inconsistent())), "")

    def _missing(self) -> str:
        if not self.missing:
            return ""
        return f"{self.why_missing} These rows of the {self.words} are missing: {', '.join(self.missing)}."

    def _short(self) -> str:
        total, known = self.total, len(self.ids)
        if total is None or known >= total:
            return ""
        announced = f"1 row of {self.words}" if total == 1 else f"{total:,} {self.words}"
        return f"Sessionboard reports {announced} but returned {known or 'none'}."

    def _inconsistent(self) -> str:
        """Return what is inconsistent about the pages although no row is known to be missing."""
        words = self.words
        if self.repeats_page:
            return f"Sessionboard returned the same page of {words} twice."
        if self.empty_page:
            return f"Sessionboard announced page {self.empty_page} of the {words}, but it has no rows."
        if len(self.totals) > 1:
            first, second, *_ = self.totals
            return f"Sessionboard first reported {first:,} {words}, then {second:,}."
        if self.total is None and self.rows > len(self.ids):
            return f"Sessionboard returned some {words} twice, so others may be missing."
        return ""
