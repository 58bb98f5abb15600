"""From rows and pages to source records: at once where all is well, row by row where something is odd."""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from adapters.sessionboard.wire import (
    LONGEST_ID,
    EventRow,
    ExhibitorRow,
    Page,
    Pagination,
    SessionRow,
    to_event,
    to_exhibitor,
    to_sessions,
)
from core.domain.identifiers import SourceId
from core.domain.source import Exhibitor, Session, SourceEvent, Unreadable, id_from_content
from core.domain.text import normalize_line

UNSAFE = re.compile("[\x00\ud800-\udfff]")
TIMES = frozenset({"starts_at", "ends_at"})
DECISIVE = frozenset({"is_abstract", "composition_status"})
"""They decide whether a session may sync at all, so a guess at one could send what nobody wanted sent."""
TOTALS = ("totalResults", "total_results")
WHO = ("first_name", "last_name", "full_name", "email")

W = TypeVar("W", EventRow, SessionRow, ExhibitorRow)
R = TypeVar("R")


class WrongShape(ValueError):
    """The text says what it is instead, without quoting it."""


@dataclass(frozen=True, slots=True)
class PageRead(Generic[R]):
    records: list[R | Unreadable]
    ids: list[SourceId]
    """Of the rows themselves, without what is nested in them: what `totals` counts."""
    totals: Pagination = field(default_factory=Pagination)


@dataclass(frozen=True, slots=True)
class Shape(Generic[W, R]):
    row: TypeAdapter[W]
    rows: TypeAdapter[list[W]]
    page: TypeAdapter[Page[W]]
    to_records: Callable[[W], Iterable[R]]

    def read_page(self, body: bytes) -> PageRead[R]:
        """Read a page as it came over the wire.

        Raises:
            WrongShape: it is no JSON, or not a page of rows.
        """
        try:
            page = self.page.validate_json(body)
        except ValidationError:
            return self._read_page_patiently(body)
        rows = page.results if page.results is not None else page.data
        if rows is None:
            return self._read_page_patiently(body)
        return self._all_well(rows, page.pagination)

    def read_rows(self, rows: Sequence[object]) -> PageRead[R]:
        try:
            return self._all_well(self.rows.validate_python(rows))
        except ValidationError:
            return self._one_by_one(rows, Pagination())

    def _all_well(self, rows: Sequence[W], totals: Pagination | None = None) -> PageRead[R]:
        records: list[R | Unreadable] = [record for row in rows for record in self.to_records(row)]
        return PageRead(records, [SourceId(row.id) for row in rows], totals or Pagination())

    def _read_page_patiently(self, body: bytes) -> PageRead[R]:
        document = parse(body)
        if not isinstance(document, dict):
            raise WrongShape(f"{_kind_of(document)} instead of an object")
        rows = next((document[key] for key in ("results", "data") if document.get(key) is not None), None)
        totals = _totals(document.get("pagination"))
        if rows is None and totals.total_results != 0:
            raise WrongShape("an object without results")
        if not isinstance(rows, list | None):
            raise WrongShape(f"results that are {_kind_of(rows)} instead of a list")
        return self._one_by_one(rows or (), totals)

    def _one_by_one(self, rows: Sequence[object], totals: Pagination) -> PageRead[R]:
        page: PageRead[R] = PageRead([], [], totals)
        for row in rows:
            try:
                read = self._read_row(row)
            except RecursionError:
                read = _unreadable(row, "The row is nested too deeply.")
            if isinstance(read, Unreadable):
                page.records.append(read)
                page.ids.append(read.id)
            else:
                page.records.extend(self.to_records(read))
                page.ids.append(SourceId(read.id))
        return page

    def _read_row(self, row: object) -> W | Unreadable:
        if not isinstance(row, dict):
            return _unreadable(row, f"The row is {_kind_of(row)} instead of an object.")
        try:
            return self.row.validate_python(row)
        except ValidationError as error:
            places = [problem["loc"] for problem in error.errors(include_url=False, include_input=False)]
        if decisive := {str(place[0]) for place in places} & DECISIVE:
            return _unreadable(row, f"{' and '.join(sorted(decisive))} cannot be read.")
        mended = copy.deepcopy(row)
        # The innermost first, so that no place is gone before its turn.
        for place in sorted(places, key=len, reverse=True):
            _mend(mended, place)
        try:
            return self.row.validate_python(mended)
        except ValidationError as error:
            fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
            if fields == ["id"]:
                return _unreadable(row, "The row has no id, or one that is none.")
            return _unreadable(row, f"These fields cannot be read: {', '.join(fields)[:200]}.")


EVENTS: Shape[EventRow, SourceEvent] = Shape(
    TypeAdapter(EventRow), TypeAdapter(list[EventRow]), TypeAdapter(Page[EventRow]), to_event
)
SESSIONS: Shape[SessionRow, Session] = Shape(
    TypeAdapter(SessionRow), TypeAdapter(list[SessionRow]), TypeAdapter(Page[SessionRow]), to_sessions
)
EXHIBITORS: Shape[ExhibitorRow, Exhibitor] = Shape(
    TypeAdapter(ExhibitorRow), TypeAdapter(list[ExhibitorRow]), TypeAdapter(Page[ExhibitorRow]), to_exhibitor
)


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
        document: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongShape("no JSON") from error
    return document


def _mend(row: Any, place: tuple[int | str, ...]) -> None:
    """Replace one value that did not pass: cleaned, or left out where nothing can be made of it."""
    *way, last = place
    outer, holder = None, row
    for step in way:
        outer, holder = holder, holder[step]
        if holder is None:
            return
    value = holder.get(last) if isinstance(holder, dict) else holder[last]
    clean = UNSAFE.sub("\ufffd", value) if isinstance(value, str) else value
    if clean != value:
        holder[last] = clean
    elif last == "id" and outer is not None:
        if any(given for key, given in holder.items() if key != "participant_role"):
            holder["id"] = _made_up_id(holder)
        else:
            outer[way[-1]] = None
    elif last in TIMES and value:
        holder[last] = json.dumps(value)[:80]
    else:
        holder[last] = None


def _made_up_id(nested: dict[str, Any]) -> str:
    """Know a person without an id again by name and e-mail, on whichever session they stand."""
    who = {key: nested[key] for key in WHO if nested.get(key)}
    return no_id(who or nested)


def no_id(content: object) -> SourceId:
    """Make an id from what there is, so that the same content gets the same."""
    try:
        text = json.dumps(content, sort_keys=True, default=str)
    except RecursionError:
        text = "nested too deeply"
    return id_from_content(hashlib.sha256(text.encode()).hexdigest()[:12])


def _unreadable(row: object, problem: str) -> Unreadable:
    found = row if isinstance(row, dict) else {}
    given = found.get("id")
    text = str(given).strip() if isinstance(given, str | int) and not isinstance(given, bool) else ""
    row_id = UNSAFE.sub("\ufffd", str(given)) if 0 < len(text) <= LONGEST_ID else no_id(row)
    names = (found.get(key) for key in ("title", "name"))
    label = next((name for name in names if isinstance(name, str) and normalize_line(name)), row_id)
    return Unreadable(SourceId(row_id), UNSAFE.sub("\ufffd", label), problem)


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


def _kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
