"""The pages that list an event's records, one for each scope: what the source has, and what a sync would do with it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from core.domain.ids import SourceId
from core.domain.planning.plan import Step
from core.domain.records.kinds import RecordKind, Scope
from core.domain.records.outcomes import Outcome
from core.domain.records.reasons import NOT_ALL_READ
from core.domain.records.search import RecordSearch
from core.domain.systems import ExternalSystem
from core.usecases.sync.get_event import EventView
from core.usecases.sync.preview import expected_outcome


class Row(Protocol):
    """A line of such a page: a record, or what else the source has in its place."""

    @property
    def record_id(self) -> SourceId: ...

    @property
    def step(self) -> Step | None:
        """What a sync would do with it, if that is known."""
        ...

    def fits(self, search: RecordSearch) -> bool: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    note: str = ""
    """A second, quieter line."""
    tone: str = ""
    """Shown as a pill of this colour; empty for plain text."""
    lines: int = 2
    """How many lines are shown of the text."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    heading: str
    cell: Callable[[R], Cell]
    is_record: bool = False
    """The record's name, which leads to its history."""
    is_labelled: bool = False
    """The heading is repeated beside the cell where the table is narrow."""


@dataclass(frozen=True, slots=True)
class CsvExport(Generic[R]):
    columns: Sequence[str]
    row: Callable[[R], Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class RecordPage(Generic[R]):
    """How the records of one scope are shown; its address ends in the scope's name."""

    scope: Scope
    label: str
    """Of the tab."""
    what: str
    """Its records, in the plural: "Sessions"."""
    search_label: str
    rows: Callable[[EventView], Iterable[R]]
    columns: Callable[[ExternalSystem, str | None], Sequence[Column[R]]]
    """The columns for a source and the event's time zone, in order; what a sync would do stands after the column with the record's name."""
    csv: CsvExport[R] | None = None
    problems: Callable[[Sequence[R]], Mapping[str, str]] = lambda _rows: {}
    """Why columns, by their heading, cannot be shown of these rows; what is wrong with the rows stands under ""."""
    sync_words: str = ""
    """What the menu entry calls its records: "Sync helpers to"; empty for none."""

    is_read_from: Callable[[ExternalSystem], bool] = lambda _source: True
    """Whether it is known how a source's records are read; without rows, there is then nothing to sync."""

    def shown_columns(
        self, rows: Sequence[R], source: ExternalSystem, zone: str | None
    ) -> tuple[Sequence[Column[R]], Sequence[str]]:
        """Return the columns that can be shown of some rows, and sentences about what cannot."""
        problems = self.problems(rows)
        columns = [
            column
            for column in self.columns(source, zone)
            if not (column.is_labelled and column.heading in problems)
        ]
        sentences = (
            f"The column {heading} is not shown: {sentence}" if heading else sentence
            for heading, sentence in problems.items()
        )
        return columns, [*sentences]

    def empty(self, source: ExternalSystem) -> tuple[str, str]:
        """Return the heading and the text of the page of an event without such records."""
        if not self.is_read_from(source):
            return f"No {self.what.lower()}", f"{self.what} are not read from {source}."
        heading = f"No {self.what.lower()} yet"
        return heading, f"{self.what} appear here once they are added in {source}."

    def chosen(self, rows: Iterable[R], search_text: str, outcome: Outcome | None) -> list[R]:
        search = RecordSearch(search_text)
        return [row for row in rows if (outcome is None or outcome_of(row) is outcome) and row.fits(search)]

    async def csv_rows(self, view: EventView) -> AsyncIterator[Iterable[Sequence[str | None]]]:
        assert self.csv is not None, "only pages with an export have a link to it"
        yield [self.csv.row(row) for row in self.rows(view)]


def outcome_of(row: Row) -> Outcome | None:
    return expected_outcome(row.step) if row.step else None


def counted(rows: Iterable[Row]) -> Mapping[Outcome, int]:
    """Count the expected outcomes of records; one that stands in several lines counts once."""
    return Counter({row.record_id: result for row in rows if (result := outcome_of(row))}.values())


def has_left(step: Step) -> bool:
    """Check whether a record without a row has left the source, rather than being missing from an incomplete read."""
    return step.reason.code != NOT_ALL_READ.code


def steps_of(view: EventView, kind: RecordKind) -> dict[SourceId, Step]:
    steps = view.plan.steps if view.plan else ()
    return {step.record.source_id: step for step in steps if step.record.kind is kind}


class RecordPages:
    """The pages that are known, in the order of their tabs."""

    def __init__(self) -> None:
        self._pages: dict[Scope, RecordPage[Any]] = {}

    def register(self, page: RecordPage[Any]) -> None:
        self._pages[page.scope] = page

    def get(self, scope: str) -> RecordPage[Any] | None:
        return self._pages.get(Scope(scope))

    def __iter__(self) -> Iterator[RecordPage[Any]]:
        return iter(self._pages.values())


RECORD_PAGES = RecordPages()
