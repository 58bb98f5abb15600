"""Reads a list: all of its pages, each row once; what does not add up is said (rule 34)."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from ports.plugins import (
    Http,
    HttpAnswer,
    HttpUnavailable,
    SourceEventGone,
    SourceIncomplete,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)

PAGE_SIZE = 50


class _Record(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Record)


@dataclass(slots=True)
class _Tally:
    """What the pages announced and contained."""

    links: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    total: int = 0
    """The highest number of rows that a page announced: rows may be removed while they are read."""

    has_repeated_page: bool = False

    def take_new(self, records: list[R]) -> list[R]:
        """Return the records that no page had before."""
        new = []
        for record in records:
            if record.id not in self.ids:
                self.ids.add(record.id)
                new.append(record)
        self.has_repeated_page |= bool(records) and not new
        return new

    def check(self) -> None:
        """Raise SourceIncomplete if there are more rows than were returned."""
        if len(self.ids) < self.total:
            raise SourceIncomplete(f"Example reports {self.total:,} rows but returned {len(self.ids):,}.")
        if self.has_repeated_page:
            raise SourceIncomplete("Example returned the same page twice.")


async def pages_of(
    http: Http, path: str, record_of: Callable[[Any], R], *, is_event: bool = False
) -> AsyncIterator[list[R]]:
    """Yield the records of each page.

    Args:
        http: the client that the product gave.
        path: of the list, below the base URL.
        record_of: makes a record from a row, which may be any JSON, and never raises.
        is_event: whether a 404 to the first request means that the event is gone.

    Raises:
        SourceIncomplete: after the last page, if there are more rows than were returned.
        SourceError: any other failure.
    """
    tally, target = _Tally(), path
    params: Mapping[str, str | int] | None = {"page_size": PAGE_SIZE}
    while target:
        is_first = not tally.links
        tally.links.add(target)
        page = await _read(http, target, params, is_event=is_event and is_first)
        total = page.get("count")
        if isinstance(total, int):
            tally.total = max(tally.total, total)
        if new := tally.take_new([record_of(row) for row in page["results"]]):
            yield new
        link = page.get("next")
        if not isinstance(link, str | None):
            raise SourceUnreadable("Example's link to the next page is not text.")
        target, params = link or "", None  # the link has its own parameters
        if target in tally.links:
            raise SourceIncomplete("Example's pages link to one that was read already.")
    tally.check()


async def _read(
    http: Http, target: str, params: Mapping[str, str | int] | None, *, is_event: bool
) -> dict[str, Any]:
    try:
        answer = await http.read(target, params)
    except HttpUnavailable as error:
        raise SourceUnavailable(str(error)) from error
    _check_status(answer.status, is_event=is_event)
    return _page(answer)


def _check_status(status: int, *, is_event: bool) -> None:
    if status == HTTPStatus.OK:
        return
    if status == HTTPStatus.UNAUTHORIZED:
        raise SourceRefused("Example refused the token (401).")
    if status == HTTPStatus.FORBIDDEN:
        raise SourceRefused("The token has no access (403).")
    if status == HTTPStatus.NOT_FOUND and is_event:
        raise SourceEventGone("Example no longer has this event, or the token has no access to it.")
    raise SourceUnreadable(f"Example returned HTTP {status}. Check the address.")


def _page(answer: HttpAnswer) -> dict[str, Any]:
    """Return a page; its `results` are a list, whose rows may be anything."""
    try:
        page = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise SourceUnreadable("Example returned something other than JSON. Check the address.") from error
    if not isinstance(page, dict) or not isinstance(page.get("results"), list):
        raise SourceUnreadable("Example returned something other than a page of rows. Check the address.")
    return page
