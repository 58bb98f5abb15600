"""From pages and rows to source records: what is odd in a row is mended, or the row is reported."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from adapters.sessionboard.repair import MOST_IN_A_ROW, kind_of, mend, nested_in, no_id, unreadable
from adapters.sessionboard.wire import (
    EventRow,
    ExhibitorRow,
    Pagination,
    SessionRow,
    to_event,
    to_exhibitor,
    to_sessions,
)
from core.domain.ids import SourceId
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable, is_id

DECISIVE = frozenset({"is_abstract", "composition_status", "status", "custom_status"})
"""They decide whether a session may sync at all: a guess could send what is not to be sent, or call it gone."""
PEOPLE = frozenset({"participants", "speakers", "chairpersons", "moderators", "contacts"})
"""Lists in which whoever cannot be read would seem to have left."""
TOTALS = ("totalResults", "total_results")
MOST_PROBLEMS = 500
"""Of one row; each takes as long to mend as a whole row takes to read."""
FEWEST_TO_JUDGE_BY = 10
"""Rows of which none can be read: fewer may be the fault of what stands in them."""
_LONGEST_NUMBER = 64
_IN_NUMBERS = b"0123456789.+-eE"

W = TypeVar("W", EventRow, SessionRow, ExhibitorRow)
R = TypeVar("R")


class WrongShape(ValueError):
    """The text says what it is instead, without quoting it."""


class TooManyRows(WrongShape):
    """More than were asked for, so that no smaller page would help."""


@dataclass(frozen=True, slots=True)
class PageRead(Generic[R]):
    records: list[R | Unreadable]
    ids: list[SourceId]
    """Of the rows themselves, without what is nested in them: what `totals` counts."""
    ends: list[int]
    """Of each row, where its records end in `records`."""
    totals: Pagination = field(default_factory=Pagination)
    is_cut: bool = False
    """Its only row is too large to be received as a whole."""

    @property
    def is_foreign(self) -> bool:
        """Check whether so many rows came, and none of them can be read, that they are not Sessionboard's."""
        return len(self.ids) >= FEWEST_TO_JUDGE_BY and all(
            isinstance(record, Unreadable) for record in self.records
        )

    def take_new(self, known: set[SourceId]) -> list[R | Unreadable]:
        """Return the records of rows whose id is not known, and add their ids to those known."""
        before = len(known)
        if known.isdisjoint(self.ids):
            known.update(self.ids)
            if len(known) - before == len(self.ids):
                return self.records
            known.difference_update(self.ids)
        new: list[R | Unreadable] = []
        for row_id, start, end in zip(self.ids, (0, *self.ends), self.ends, strict=False):
            if row_id not in known:
                known.add(row_id)
                new += self.records[start:end]
        return new


@dataclass(frozen=True, slots=True)
class RowSchema(Generic[W, R]):
    row: TypeAdapter[W]
    to_records: Callable[[W], Iterable[R]]

    def read_page(self, body: bytes, asked_for: int) -> PageRead[R]:
        """Read a page as it came over the wire.

        Raises:
            WrongShape: it is no JSON, or not a page of rows.
            TooManyRows: it has more rows than were asked for.
        """
        document = parse(body)
        if not isinstance(document, dict):
            raise WrongShape(f"{kind_of(document)} instead of an object")
        rows = _rows_in(document)
        totals = _totals(document.get("pagination"))
        if rows is None and totals.total_results != 0:
            raise WrongShape("an object without results")
        if not isinstance(rows, list | None):
            raise WrongShape(f"results that are {kind_of(rows)} instead of a list")
        if rows and len(rows) > asked_for:
            raise TooManyRows(f"a page of {len(rows):,} rows instead of at most {asked_for}")
        return self.read_rows(rows or (), totals)

    def read_rows(self, rows: Sequence[object], totals: Pagination | None = None) -> PageRead[R]:
        """Read rows one by one: pydantic reads many at once no faster, and blocks all other threads meanwhile."""
        page: PageRead[R] = PageRead([], [], [], totals or Pagination())
        for row in rows:
            try:
                read = self._read_row(row)
            except RecursionError:
                read = unreadable(row, "The row is nested too deeply.")
            if isinstance(read, Unreadable):
                page.records.append(read)
                page.ids.append(read.id)
            else:
                page.records.extend(self.to_records(read))
                page.ids.append(SourceId(read.id))
            page.ends.append(len(page.records))
        return page

    def _read_row(self, row: object) -> W | Unreadable:
        if problem := _problem_with(row):
            return unreadable(row, problem)
        try:
            return self.row.validate_python(row)
        except ValidationError as error:
            if problem := _decisive_problem(error):
                return unreadable(row, problem)
            places = _places(error)
        mended = copy.deepcopy(row)
        # The innermost first, so that no place is gone before its turn.
        for place in sorted(places, key=len, reverse=True):
            mend(mended, place)
        try:
            return self.row.validate_python(mended)
        except ValidationError as error:
            fields = sorted({".".join(map(str, place)) for place in _places(error)})
            if fields == ["id"]:
                return unreadable(row, "The row has no id, or one that is none.")
            return unreadable(row, f"These fields cannot be read: {', '.join(fields)[:200]}.")


def _problem_with(row: object) -> str:
    """Return why a row is not even tried; nothing if it is."""
    if not isinstance(row, dict):
        return f"The row is {kind_of(row)} instead of an object."
    if (nested := nested_in(row)) > MOST_IN_A_ROW:
        return (
            f"The row has {nested:,} people, tags and subsessions. More than {MOST_IN_A_ROW:,} are not read."
        )
    return ""


def _places(error: ValidationError) -> list[tuple[int | str, ...]]:
    return [problem["loc"] for problem in error.errors(include_url=False, include_input=False)]


def _decisive_problem(error: ValidationError) -> str:
    """Return why a row is not mended; nothing if it can be."""
    if error.error_count() > MOST_PROBLEMS:
        return f"The row has {error.error_count():,} values that cannot be read."
    places = _places(error)
    decisive = {str(place[0]) for place in places} & DECISIVE
    # The list itself, or somebody in it; of what somebody has, the rest can be read.
    decisive |= {str(place[0]) for place in places if len(place) <= len(("list", 0))} & PEOPLE
    return f"{' and '.join(sorted(decisive))} cannot be read." if decisive else ""


EVENT_SCHEMA: RowSchema[EventRow, SourceEvent] = RowSchema(TypeAdapter(EventRow), to_event)
SESSION_SCHEMA: RowSchema[SessionRow, Session] = RowSchema(TypeAdapter(SessionRow), to_sessions)
EXHIBITOR_SCHEMA: RowSchema[ExhibitorRow, Exhibitor] = RowSchema(TypeAdapter(ExhibitorRow), to_exhibitor)
SCHEMAS: Mapping[str, RowSchema[Any, Any]] = {"sessions": SESSION_SCHEMA, "exhibitors": EXHIBITOR_SCHEMA}
"""By the name of the feed, which is also that of the search."""


def read_cut(body: bytearray, asked_for: int) -> tuple[object, Pagination]:
    """Return the first row, and the totals, in the beginning of a page that is too large to be read as a whole.

    Args:
        body: the beginning; it is changed.
        asked_for: how many rows the page was asked to have.

    Raises:
        WrongShape: it is no JSON, or not a page of rows.
        TooManyRows: already the beginning has more rows than were asked for.
    """
    # A number that was cut would be read as another one.
    end = bytes(body[-_LONGEST_NUMBER:])
    del body[len(body) - len(end) + len(end.rstrip(_IN_NUMBERS)) :]
    try:
        document = from_json(body, allow_partial=True)
    except ValueError as error:
        raise WrongShape("no JSON") from error
    if not isinstance(document, dict):
        raise WrongShape(f"{kind_of(document)} instead of an object")
    rows = _rows_in(document)
    if not isinstance(rows, list):
        raise WrongShape("no page of rows")
    if len(rows) > asked_for:
        raise TooManyRows(f"a page of at least {len(rows):,} rows instead of at most {asked_for}")
    return next(iter(rows), None), _totals(document.get("pagination"))


def cut_page(row: object, totals: Pagination, problem: str, place: str) -> PageRead[Any]:
    """Return the page of a row that is too large.

    Args:
        row: the beginning of it.
        totals: of the page.
        problem: what is said of the row.
        place: names it where neither its id nor its title was received.
    """
    read = unreadable(row, problem)
    if not is_id(read.id):
        read = replace(read, id=no_id(place), label=place if read.label == read.id else read.label)
    return PageRead([read], [read.id], [1], totals, is_cut=True)


def has_rows(body: bytes) -> bool:
    """Tell whether a page has rows; only one that plainly says so has none.

    Raises:
        WrongShape: it is no JSON.
    """
    document = parse(body)
    if not isinstance(document, dict):
        return True
    rows = [document[key] for key in ("results", "data") if document.get(key) is not None]
    pagination = document.get("pagination")
    totals = [pagination.get(key) for key in TOTALS] if isinstance(pagination, dict) else []
    return rows != [[]] or any(total not in (None, 0, "0") for total in totals)


def parse(body: bytes) -> object:
    """Read JSON.

    Raises:
        WrongShape: it is none, or one nested too deeply.
    """
    try:
        document: object = from_json(body, cache_strings="keys")
    except ValueError:
        return _parse_leniently(body)
    return document


def _parse_leniently(body: bytes) -> object:
    """Read also what only Python's parser takes: a byte-order mark, lone surrogates, deep nesting."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongShape("no JSON") from error
    return document


def _rows_in(document: dict[str, object]) -> object:
    return next((document[key] for key in ("results", "data") if document.get(key) is not None), None)


def _totals(pagination: object) -> Pagination:
    """Take of a pagination what is a number."""
    if not isinstance(pagination, dict):
        return Pagination()
    kept = {}
    for key, value in pagination.items():
        if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
            # Python refuses to read thousands of digits; so many are more than any list has.
            kept[key] = int(value[:18]) if isinstance(value, str) else value
    return Pagination.model_validate(kept)
