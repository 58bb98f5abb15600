"""The stand-in for Sessionboard's public API: searches according to its contract."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from math import ceil, inf
from typing import Any

from aiohttp import web

from entrypoints.sandbox.fault_injection import FAULT_DECISION, FaultDecision
from entrypoints.sandbox.pictures import signed
from entrypoints.sandbox.responses import Service, answer, host_of, json_bytes, refusal
from entrypoints.sandbox.search import ProgrammeSearch, Query, SavedRow, instant
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN, SandboxState

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
        return _page(rows, page, size, bytes, request[FAULT_DECISION])

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

        return _page(programme.found(feed, query), page, size, body, decision)

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


def _page(
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
    try:
        document = json.loads(body) if body else {}
    except ValueError as error:
        raise InvalidRequest("The body is not JSON.") from error
    document = _object(document, "The body", ("filters", "sort", "expand"))
    in_status = feed == "statuses"
    times = ("createdAt", "updatedAt", *(("deletedAt",) if in_status else ()))
    known = (*times, "status", *(("isAbstract",) if feed == "sessions" else ()))
    filters = _object(document.get("filters"), "filters", known)
    expand = document.get("expand") or []
    if not isinstance(expand, list) or not set(map(str, expand)) <= set(EXPANSIONS):
        raise InvalidRequest(f"expand must be a list of: {', '.join(EXPANSIONS)}.")
    status = filters.get("status")
    if status not in (None, *STATUSES):
        raise InvalidRequest(f"filters.status must be one of: {', '.join(STATUSES)}.")
    is_abstract = filters.get("isAbstract")
    if not isinstance(is_abstract, bool | None):
        raise InvalidRequest("filters.isAbstract must be true or false.")
    sort = _object(document.get("sort"), "sort", ("order", "sort"))
    if sort.get("order") not in (None, *times) or sort.get("sort") not in (None, "asc", "desc"):
        raise InvalidRequest(f"sort must have an order of {', '.join(times)} and a sort of asc, desc.")
    query = Query(
        # Only sessions have a status; people and exhibitors do not.
        status=status if feed in ("sessions", "statuses") else None,
        is_abstract=is_abstract,
        ranges=tuple(_range(name, filters[name]) for name in times if filters.get(name) is not None),
        order=sort.get("order"),
        descending=sort.get("sort") == "desc",
        sources=feed != "sessions" or "linked_sources" in expand,
    )
    return query, frozenset(expand)


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
