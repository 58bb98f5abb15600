"""Long lists on pages: search, filter by outcome, pagination. Each page of a list has its own URL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query
from pydantic import AfterValidator

from core.domain.links.link_outcomes import LinkOutcome
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Outcome
from core.domain.records.search import MAX_SEARCH_LENGTH

PER_PAGE = 50
MAX_PAGE = 1_000_000

T = TypeVar("T")
AnyOutcome = TypeVar("AnyOutcome", Outcome, LinkOutcome)
ListQuery = Mapping[str, object]
"""The query parameters of a list's URL; empty ones are left out."""
Tab = Mapping[str, object]


def clean_search_text(search: str) -> str:
    # Some databases reject unprintable characters in a query.
    return "".join(char for char in search[:MAX_SEARCH_LENGTH] if char.isprintable()).strip()


SearchText = Annotated[str, Query(alias="q"), AfterValidator(clean_search_text)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)]
OutcomeFilter = Annotated[Outcome | None, Query(alias="outcome")]
LinkOutcomeFilter = Annotated[LinkOutcome | None, Query(alias="outcome")]
KindFilter = Annotated[str, Query(alias="kind", max_length=50)]


def with_query(url: str, query: ListQuery) -> str:
    """Return a URL with a query, leaving out empty parameters."""
    encoded = urlencode({name: value for name, value in query.items() if value})
    return f"{url}?{encoded}" if encoded else url


def kind_named(name: str) -> RecordKind | None:
    return next((kind for kind in KINDS if kind.name == name), None)


@dataclass(frozen=True, slots=True)
class PageSlice(Generic[T]):
    """One page of a list."""

    items: Sequence[T]
    total: int
    where: str
    previous_url: str
    next_url: str


def paginate(rows: Sequence[T], number: int, url: str, query: ListQuery) -> PageSlice[T]:
    """Return a page of a list; the last page for a number beyond it."""
    pages = max(1, -(-len(rows) // PER_PAGE))
    number = min(number, pages)
    start = (number - 1) * PER_PAGE
    return page_slice(rows[start : start + PER_PAGE], start, len(rows), url, query)


def page_slice(items: Sequence[T], start: int, total: int, url: str, query: ListQuery) -> PageSlice[T]:
    """Return the page that starts at a position of a longer list."""
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
    """Return a tab for all outcomes, and one for each outcome that occurs."""
    return _tabs_of(Outcome, url, query, counts, chosen)


def link_outcome_tabs(
    url: str,
    query: ListQuery,
    counts: Mapping[LinkOutcome, int],
    chosen: LinkOutcome | None,
    *,
    name: str = "outcome",
    fragment: str = "",
) -> Sequence[Tab]:
    """Return the same for outcomes of links.

    Args:
        url: of the list.
        query: of the list.
        counts: by outcome.
        chosen: the outcome that is shown alone, if any.
        name: of the query parameter.
        fragment: the part of the page that the list is in.
    """
    return _tabs_of(LinkOutcome, url, query, counts, chosen, name=name, fragment=fragment)


def _tabs_of(
    outcomes: Iterable[AnyOutcome],
    url: str,
    query: ListQuery,
    counts: Mapping[AnyOutcome, int],
    chosen: AnyOutcome | None,
    *,
    name: str = "outcome",
    fragment: str = "",
) -> Sequence[Tab]:
    rest: dict[str, object] = {key: value for key, value in query.items() if key != name}
    all_of_them = {
        "label": "All",
        "url": with_query(url, rest) + fragment,
        "count": f"{sum(counts.values()):,}",
        "current": chosen is None,
    }
    return [
        all_of_them,
        *(
            {
                "label": item.value.capitalize(),
                "url": with_query(url, {**rest, name: item.value}) + fragment,
                "count": f"{counts.get(item, 0):,}",
                "current": item is chosen,
            }
            for item in outcomes
            if counts.get(item) or item is chosen
        ),
    ]


def kind_tabs(
    url: str, query: ListQuery, chosen: RecordKind | None, kinds: Iterable[RecordKind] = KINDS
) -> Sequence[Tab]:
    rest = {name: value for name, value in query.items() if name != "kind"}
    return [
        {"label": "All kinds", "url": with_query(url, rest), "current": chosen is None},
        *(
            {
                "label": kind.plural.capitalize(),
                "url": with_query(url, {**rest, "kind": kind.name}),
                "current": kind is chosen,
            }
            for kind in kinds
        ),
    ]
