"""The stand-in for Sessionboard's public API: searches according to its contract."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from math import ceil, inf
from typing import Any

from aiohttp import web

from entrypoints.sandbox.fault_injection import FAULT_DECISION, FaultDecision
from entrypoints.sandbox.pictures import signed
from entrypoints.sandbox.record_copies import instant
from entrypoints.sandbox.responses import Service, answer, host_of, json_bytes, refusal
from entrypoints.sandbox.saved_row import SavedRow
from entrypoints.sandbox.search import ProgrammeSearch, Query
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN, SandboxState

Json = dict[str, Any]
BASE = "/sessionboard"
STATUSES = ("accepted", "accept_queue", "pending", "decline_queue", "declined")
EXPANSIONS = ("translated_fields", "subsession_details", "linked_sources", "composition")
LAST_PAGE = 999
MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 25
UNPADDED = frozenset({"statuses", "speakers"})
# The limits that the contract documents are for single records, which are not counted here.
LIMITS = {"RateLimit-Limit": "100", "RateLimit-Remaining": "100", "RateLimit-Reset": "900"}

bad_request = partial(refusal, Service.SESSIONBOARD, HTTPStatus.BAD_REQUEST)


class InvalidRequest(ValueError):
    """A parameter or a part of the body that the contract does not allow."""


@dataclass(frozen=True, slots=True)
class Sessionboard:
    state: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.get(f"{BASE}/v1/events", self.events)
        for path, feed in (
            ("sessions", "sessions"),
            ("sessions/status", "statuses"),
            ("speakers", "speakers"),
            ("exhibitors", "exhibitors"),
            ("contacts", "contacts"),
            *((further.path, further.name) for further in self.state.kinds.feeds),
        ):
            yield web.post(f"{BASE}/v1/event/{{event}}/{path}", partial(self.search, feed))

    def refuse(self, request: web.Request) -> web.Response | None:
        """Return a refusal if the token is missing or wrong."""
        if request.headers.get("x-access-token") == SESSIONBOARD_TOKEN:
            return None
        return refusal(Service.SESSIONBOARD, HTTPStatus.UNAUTHORIZED, "The access token is not valid.")

    async def events(self, request: web.Request) -> web.Response:
        programmes = self.state.programmes
        shown = self.state.shown.get(host_of(request), programmes)
        rows = [json_bytes(programmes[event_id].event) for event_id in shown if event_id in programmes]
        try:
            page, size = paging(request)
        except InvalidRequest as error:
            return bad_request(str(error))
        return page_of(rows, page, size, bytes, request[FAULT_DECISION])

    async def search(self, feed: str, request: web.Request) -> web.Response:
        programme = self._programme(request.match_info["event"])
        if programme is None:
            return refusal(Service.SESSIONBOARD, HTTPStatus.NOT_FOUND, "Event not found.")
        try:
            page, size = paging(request)
            query, expand = read_search(await request.read(), feed)
        except InvalidRequest as error:
            return bad_request(str(error))
        decision = request[FAULT_DECISION]

        def body(row: SavedRow) -> bytes:
            shown = row.body(expand)
            if decision.signed_pictures:
                shown = json_bytes(signed(json.loads(shown), self.state.now()))
            return _padded(shown, decision.padding_of(row.id)) if feed not in UNPADDED else shown

        return page_of(programme.found(feed, query), page, size, body, decision)

    def _programme(self, event_id: str) -> ProgrammeSearch | None:
        is_number = event_id.isascii() and event_id.isdecimal()
        return self.state.programmes.get(int(event_id)) if is_number else None


def paging(request: web.Request) -> tuple[int, int]:
    """Return page and page size.

    Raises:
        InvalidRequest: one is not a number or out of range.
    """

    def number(name: str, default: int, maximum: int) -> int:
        value = request.query.get(name, str(default))
        if not value.isascii() or not value.isdecimal() or not 1 <= int(value) <= maximum:
            raise InvalidRequest(f"{name} must be a number from 1 to {maximum}.")
        return int(value)

    return number("page", 1, LAST_PAGE), number("pageSize", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def page_of(
    rows: list[Any], page: int, size: int, body: Callable[[Any], bytes], decision: FaultDecision
) -> web.Response:
    pagination = {
        "currentPage": page,
        "pageSize": size,
        "totalPages": ceil(len(rows) / size),
        "totalResults": len(rows),
    }
    at = max(1, page - 1) if page in decision.repeated_pages else page
    there = [] if page in decision.empty_pages else rows[(at - 1) * size : at * size]
    result = answer(
        b'{"results":[%s],"pagination":%s}' % (b",".join(map(body, there)), json_bytes(pagination))
    )
    result.headers.update(LIMITS)
    return result


def _padded(row: bytes, size: int) -> bytes:
    if not size or not row.endswith(b"}"):
        return row
    return b'%s%s"padding":"%s"}' % (row[:-1], b"" if row == b"{}" else b",", b"x" * size)


def read_search(body: bytes, feed: str) -> tuple[Query, frozenset[str]]:
    """Parse the body of a search, which may be empty.

    Raises:
        InvalidRequest: it does not match the contract.
    """
    in_status = feed == "statuses"
    times = ("createdAt", "updatedAt", *(("deletedAt",) if in_status else ()))
    known = (*times, "status", *(("isAbstract",) if feed == "sessions" else ()))
    filters, sort, expand = _parts(body, known, times)
    if not set(map(str, expand)) <= set(EXPANSIONS):
        raise InvalidRequest(f"expand must be a list of: {', '.join(EXPANSIONS)}.")
    status = filters.get("status")
    if status not in (None, *STATUSES):
        raise InvalidRequest(f"filters.status must be one of: {', '.join(STATUSES)}.")
    is_abstract = filters.get("isAbstract")
    if not isinstance(is_abstract, bool | None):
        raise InvalidRequest("filters.isAbstract must be true or false.")
    query = Query(
        # Only sessions have a status; people and exhibitors do not.
        status=status if feed in ("sessions", "statuses") else None,
        is_abstract=is_abstract,
        ranges=_ranges(filters, times),
        order=sort.get("order"),
        descending=sort.get("sort") == "desc",
        sources=feed != "sessions" or "linked_sources" in expand,
    )
    return query, frozenset(expand)


def read_filters(
    body: bytes, words: Mapping[str, Sequence[str]]
) -> tuple[Json, tuple[tuple[str, float, float], ...], str | None, bool]:
    """Parse the body of a search of something that is no record: filters, ranges of times, order, descending.

    Raises:
        InvalidRequest: it does not match the contract.
    """
    times = ("createdAt", "updatedAt")
    filters, sort, _ = _parts(body, (*times, *words), times)
    for name, known in words.items():
        if filters.get(name) not in (None, *known):
            raise InvalidRequest(f"filters.{name} must be one of: {', '.join(known)}.")
    return filters, _ranges(filters, times), sort.get("order"), sort.get("sort") == "desc"


def _parts(body: bytes, filters: tuple[str, ...], times: tuple[str, ...]) -> tuple[Json, Json, list[Any]]:
    """Return filters, sort and expand of a body, with no other keys than those that are known."""
    try:
        document = json.loads(body) if body else {}
    except ValueError as error:
        raise InvalidRequest("The body is not JSON.") from error
    document = _object(document, "The body", ("filters", "sort", "expand"))
    found = _object(document.get("filters"), "filters", filters)
    expand = document.get("expand") or []
    if not isinstance(expand, list):
        raise InvalidRequest("expand must be a list.")
    sort = _object(document.get("sort"), "sort", ("order", "sort"))
    if sort.get("order") not in (None, *times) or sort.get("sort") not in (None, "asc", "desc"):
        raise InvalidRequest(f"sort must have an order of {', '.join(times)} and a sort of asc, desc.")
    return found, sort, expand


def _ranges(filters: Json, times: tuple[str, ...]) -> tuple[tuple[str, float, float], ...]:
    return tuple(_range(name, filters[name]) for name in times if filters.get(name) is not None)


def _object(value: Any, name: str, known: tuple[str, ...]) -> dict[str, Any]:
    value = {} if value is None else value
    if not isinstance(value, dict) or not set(value) <= set(known):
        raise InvalidRequest(f"{name} must be an object with no other keys than: {', '.join(known)}.")
    return value


def _range(name: str, value: Any) -> tuple[str, float, float]:
    ends = _object(value, f"filters.{name}", ("after", "before"))
    after, before = instant(ends.get("after")), instant(ends.get("before"))
    if (after is None and ends.get("after")) or (before is None and ends.get("before")):
        raise InvalidRequest(f"filters.{name} must have times in ISO 8601.")
    return name, -inf if after is None else after, inf if before is None else before
