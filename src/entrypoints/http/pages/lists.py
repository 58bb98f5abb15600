"""Long lists on pages: searched, filtered by outcome, shown a part at a time, each part an address of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query
from pydantic import AfterValidator

from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Outcome

PER_PAGE = 50
MAX_SEARCH_LENGTH = 200
MAX_PAGE = 1_000_000

T = TypeVar("T")
ListQuery = Mapping[str, object]
"""The query of a list's address; what is empty is left out."""
Tab = Mapping[str, object]


def clean_search_text(search: str) -> str:
    # Some databases refuse to be asked for characters that cannot be printed.
    return "".join(each for each in search[:MAX_SEARCH_LENGTH] if each.isprintable()).strip()


SearchText = Annotated[str, Query(alias="q"), AfterValidator(clean_search_text)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)]
OutcomeFilter = Annotated[Outcome | None, Query(alias="outcome")]
KindFilter = Annotated[str, Query(alias="kind", max_length=50)]


def with_query(url: str, query: ListQuery) -> str:
    """Give a list's address."""
    encoded = urlencode({name: value for name, value in query.items() if value})
    return f"{url}?{encoded}" if encoded else url


def kind_named(name: str) -> RecordKind | None:
    return next((kind for kind in KINDS if kind.name == name), None)


@dataclass(frozen=True, slots=True)
class PageSlice(Generic[T]):
    """A part of a list, as it is shown."""

    items: Sequence[T]
    total: int
    where: str
    previous_url: str
    next_url: str


def paginate(rows: Sequence[T], number: int, url: str, query: ListQuery) -> PageSlice[T]:
    """Cut a page out of a list that is at hand; behind its end is its last page."""
    pages = max(1, -(-len(rows) // PER_PAGE))
    number = min(number, pages)
    start = (number - 1) * PER_PAGE
    return page_slice(rows[start : start + PER_PAGE], start, len(rows), url, query)


def page_slice(items: Sequence[T], start: int, total: int, url: str, query: ListQuery) -> PageSlice[T]:
    """Describe a part of a longer list."""
    number, end = start // PER_PAGE + 1, start + len(items)
    return PageSlice(
        items,
        total,
        f"{start + 1:,} to {end:,} of {total:,}",
        with_query(url, {**query, "page": number - 1 if number > 2 else ""}) if number > 1 else "",  # noqa: PLR2004 - the first page needs no number
        with_query(url, {**query, "page": number + 1}) if end < total else "",
    )


def outcome_tabs(
    url: str, query: ListQuery, counts: Mapping[Outcome, int], chosen: Outcome | None
) -> Sequence[Tab]:
    """Give a tab for all outcomes, and one for each that there is."""
    rest = {name: value for name, value in query.items() if name != "outcome"}
    all_of_them = {
        "label": "All",
        "url": with_query(url, rest),
        "count": f"{sum(counts.values()):,}",
        "current": chosen is None,
    }
    return [
        all_of_them,
        *(
            {
                "label": each.value.capitalize(),
                "url": with_query(url, {**rest, "outcome": each.value}),
                "count": f"{counts.get(each, 0):,}",
                "current": each is chosen,
            }
            for each in Outcome
            if counts.get(each) or each is chosen
        ),
    ]


def kind_tabs(
    url: str, query: ListQuery, chosen: RecordKind | None, kinds: Sequence[RecordKind] = KINDS
) -> Sequence[Tab]:
    rest = {name: value for name, value in query.items() if name != "kind"}
    return [
        {"label": "All kinds", "url": with_query(url, rest), "current": chosen is None},
        *(
            {
                "label": each.plural.capitalize(),
                "url": with_query(url, {**rest, "kind": each.name}),
                "current": each is chosen,
            }
            for each in kinds
        ),
    ]
