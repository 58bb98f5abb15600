"""Parses pages and rows into source records; an invalid value is repaired, or its row is reported."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeGuard, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from adapters.sessionboard.repair import (
    MAX_NESTED,
    json_type_of,
    nested_in,
    no_id,
    repair_value,
    unreadable,
)
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
from core.domain.records.feeds import SourceRow
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable, is_id
from ports.plugins import FeedReader

DECISIVE = frozenset({"is_abstract", "composition_status", "status", "custom_status"})
"""Fields that decide whether a session syncs: repairing them could send the wrong session, or report it as gone."""
PEOPLE = frozenset({"participants", "speakers", "chairpersons", "moderators", "contacts"})
"""Lists of people: one left out as unreadable would look as if they had left."""
TOTALS = ("totalResults", "total_results")
MAX_PROBLEMS = 500
"""Of one row; repairing one takes as long as reading a whole row."""
MIN_ROWS_TO_JUDGE = 10
"""Unreadable rows from which on the page is taken for another system's: fewer may just have bad data."""
_MAX_NUMBER_LENGTH = 64
_IN_NUMBERS = b"0123456789.+-eE"

W = TypeVar("W", EventRow, SessionRow, ExhibitorRow)
R = TypeVar("R")


class WrongShape(ValueError):
    """A response of the wrong shape; the text says what it is instead, without quoting it."""


class TooManyRows(WrongShape):
    """A page has more rows than requested, so that a smaller page would not help."""


@dataclass(frozen=True, slots=True)
class PageRead(Generic[R]):
    records: list[R | Unreadable]
    ids: list[SourceId]
    """Of the rows themselves, without nested ones; `totals` counts these."""
    ends: list[int]
    """For each row, the end of its records in `records`."""
    totals: Pagination = field(default_factory=Pagination)
    is_cut: bool = False
    """Whether its only row is too large to be read as a whole."""

    @property
    def is_foreign(self) -> bool:
        """Check whether the rows cannot be Sessionboard's: there are many, and all are unreadable."""
        return len(self.ids) >= MIN_ROWS_TO_JUDGE and all(
            isinstance(record, Unreadable) for record in self.records
        )

    def take_new(self, known: set[SourceId]) -> list[R | Unreadable]:
        """Return the records of rows whose id is not in `known`, and add their ids to it."""
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

    def read_page(self, body: bytes, requested: int) -> PageRead[R]:
        """Read a page of at most `requested` rows.

        Raises:
            WrongShape: it is not JSON, or not a page of rows.
            TooManyRows: it has more rows than requested.
        """
        document = parse(body)
        if not isinstance(document, dict):
            raise WrongShape(f"{json_type_of(document)} instead of an object")
        rows = _rows_in(document)
        totals = _totals(document.get("pagination"))
        if rows is None and totals.total_results != 0:
            raise WrongShape("an object without results")
        if not isinstance(rows, list | None):
            raise WrongShape(f"results that are {json_type_of(rows)} instead of a list")
        if rows and len(rows) > requested:
            raise TooManyRows(f"a page of {len(rows):,} rows instead of at most {requested}")
        return self.read_rows(rows or (), totals)

    def read_rows(self, rows: Sequence[object], totals: Pagination | None = None) -> PageRead[R]:
        """Read rows one by one: pydantic is no faster with a list, and would block all other threads meanwhile."""
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
            paths = _paths(error)
        repaired = copy.deepcopy(row)
        # Innermost first: repairing an outer value could remove the inner ones.
        for path in sorted(paths, key=len, reverse=True):
            repair_value(repaired, path)
        try:
            return self.row.validate_python(repaired)
        except ValidationError as error:
            fields = sorted({".".join(map(str, path)) for path in _paths(error)})
            if fields == ["id"]:
                return unreadable(row, "The row has no valid id.")
            return unreadable(row, f"These fields cannot be read: {', '.join(fields)[:200]}.")


class PluginSchema(RowSchema[Any, SourceRow]):
    """Rows of a feed that another kind brings: parsed by its plug-in, one by one."""

    def __init__(self, reader: FeedReader) -> None:
        super().__init__(TypeAdapter(dict), reader.parse)

    def read_rows(self, rows: Sequence[object], totals: Pagination | None = None) -> PageRead[SourceRow]:
        page: PageRead[SourceRow] = PageRead([], [], [], totals or Pagination())
        for row in rows:
            read = self._parsed(row)
            page.records.extend(read)
            page.ids.append(SourceId(str(row["id"])) if _has_id(row) else read[0].id)
            page.ends.append(len(page.records))
        return page

    def _parsed(self, row: object) -> list[SourceRow | Unreadable]:
        if not _has_id(row):
            return [unreadable(row, _problem_with(row) or "The row has no valid id.")]
        return [*self.to_records(row)]  # a row that the plug-in cannot parse comes as an unreadable one


def _has_id(row: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(row, dict) and isinstance(row.get("id"), str | int) and is_id(SourceId(str(row["id"])))


def _problem_with(row: object) -> str:
    """Return why a row cannot be read at all; empty if it can."""
    if not isinstance(row, dict):
        return f"The row is {json_type_of(row)} instead of an object."
    if (nested := nested_in(row)) > MAX_NESTED:
        return f"The row has {nested:,} people, tags and subsessions. At most {MAX_NESTED:,} are allowed."
    return ""


def _paths(error: ValidationError) -> list[tuple[int | str, ...]]:
    return [problem["loc"] for problem in error.errors(include_url=False, include_input=False)]


def _decisive_problem(error: ValidationError) -> str:
    """Return why a row cannot be repaired; empty if it can."""
    if error.error_count() > MAX_PROBLEMS:
        return f"The row has {error.error_count():,} values that cannot be read."
    paths = _paths(error)
    decisive = {str(path[0]) for path in paths} & DECISIVE
    # The list itself or a whole person in it; a person's single fields can be repaired.
    decisive |= {str(path[0]) for path in paths if len(path) <= len(("list", 0))} & PEOPLE
    return f"{' and '.join(sorted(decisive))} cannot be read." if decisive else ""


EVENT_SCHEMA: RowSchema[EventRow, SourceEvent] = RowSchema(TypeAdapter(EventRow), to_event)
SESSION_SCHEMA: RowSchema[SessionRow, Session] = RowSchema(TypeAdapter(SessionRow), to_sessions)
EXHIBITOR_SCHEMA: RowSchema[ExhibitorRow, Exhibitor] = RowSchema(TypeAdapter(ExhibitorRow), to_exhibitor)
SCHEMAS: Mapping[str, RowSchema[Any, Any]] = {"sessions": SESSION_SCHEMA, "exhibitors": EXHIBITOR_SCHEMA}
"""By the name of the feed, which is also that of the search."""


def read_cut(body: bytearray, requested: int) -> tuple[object, Pagination]:
    """Return the first row and the totals from the beginning of a page that is too large.

    Args:
        body: the beginning; it is changed.
        requested: the number of rows requested.

    Raises:
        WrongShape: it is not JSON, or not a page of rows.
        TooManyRows: the beginning alone has more rows than requested.
    """
    # A number that is cut off would be read as a different number.
    end = bytes(body[-_MAX_NUMBER_LENGTH:])
    del body[len(body) - len(end) + len(end.rstrip(_IN_NUMBERS)) :]
    try:
        document = from_json(body, allow_partial=True)
    except ValueError as error:
        raise WrongShape("invalid JSON") from error
    if not isinstance(document, dict):
        raise WrongShape(f"{json_type_of(document)} instead of an object")
    rows = _rows_in(document)
    if not isinstance(rows, list):
        raise WrongShape("an object that is not a page of rows")
    if len(rows) > requested:
        raise TooManyRows(f"a page of at least {len(rows):,} rows instead of at most {requested}")
    return next(iter(rows), None), _totals(document.get("pagination"))


def cut_page(row: object, totals: Pagination, problem: str, fallback_name: str) -> PageRead[Any]:
    """Return the page of a single row that is too large.

    Args:
        row: its beginning.
        totals: of the page.
        problem: why the row cannot be read.
        fallback_name: names the row if neither its id nor its title was received.
    """
    record = unreadable(row, problem)
    if not is_id(record.id):
        label = fallback_name if record.label == record.id else record.label
        record = replace(record, id=no_id(fallback_name), label=label)
    return PageRead([record], [record.id], [1], totals, is_cut=True)


def has_rows(body: bytes) -> bool:
    """Check whether a page has rows; only a page that clearly says so has none.

    Raises:
        WrongShape: it is not JSON.
    """
    document = parse(body)
    if not isinstance(document, dict):
        return True
    rows = [document[key] for key in ("results", "data") if document.get(key) is not None]
    pagination = document.get("pagination")
    totals = [pagination.get(key) for key in TOTALS] if isinstance(pagination, dict) else []
    return rows != [[]] or any(total not in (None, 0, "0") for total in totals)


def parse(body: bytes) -> object:
    """Parse JSON.

    Raises:
        WrongShape: it is not JSON, or nested too deeply.
    """
    try:
        document: object = from_json(body, cache_strings="keys")
    except ValueError:
        return _parse_leniently(body)
    return document


def _parse_leniently(body: bytes) -> object:
    """Parse JSON that only Python's parser accepts: with a byte-order mark, lone surrogates or deep nesting."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongShape("invalid JSON") from error
    return document


def _rows_in(document: dict[str, object]) -> object:
    return next((document[key] for key in ("results", "data") if document.get(key) is not None), None)


def _totals(pagination: object) -> Pagination:
    """Return a pagination's numbers, and ignore its other values."""
    if not isinstance(pagination, dict):
        return Pagination()
    numbers = {}
    for key, value in pagination.items():
        if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()):
            # Python refuses to parse thousands of digits, and 18 are more than any list needs.
            numbers[key] = int(value[:18]) if isinstance(value, str) else value
    return Pagination.model_validate(numbers)
