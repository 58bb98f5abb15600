"""Sessionboard's public API, by its searches only: never one request per record."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx

from adapters.http_client.connections import Connections, careful_client
from adapters.http_client.patience import Patience
from adapters.sessionboard.answers import Answers, Bounds, NoSuchPage
from adapters.sessionboard.reading import EVENTS, EXHIBITORS, SESSIONS, PageRead, Shape, has_rows
from core.domain.addresses import check_address
from core.domain.identifiers import SessionboardEventId, SourceId
from core.domain.secrets import Token
from core.domain.sessions import instant_text
from core.domain.source import Exhibitor, Session, SourceEvent, Unreadable
from ports.session_source import (
    SessionSource,
    SourceError,
    SourceEventGone,
    SourceUnavailable,
    SourceUnreadable,
)

PAGE_SIZE = 100
LAST_PAGE = 999
"""Both are the API's own limits."""
READINGS = 3
"""How often a list is read at most, when rows move between its pages meanwhile."""
# By creation: sorted by change, rows would move between pages while we read.
OLDEST_FIRST = {"order": "createdAt", "sort": "asc"}

R = TypeVar("R")
ReadPage = Callable[[int, bool], asyncio.Task[PageRead[R]]]
"""By its number, and whether it was announced."""


@dataclass(frozen=True, slots=True)
class SessionboardHttp:
    answers: Answers
    parallel: int = 5
    """Pages in flight or waiting to be taken: what memory is bounded by."""

    async def events(self) -> Sequence[SourceEvent]:
        pages = self._list(EVENTS, "GET", "/v1/events", None)
        return [event async for page in pages for event in page if isinstance(event, SourceEvent)]

    async def event(self, event_id: SessionboardEventId) -> SourceEvent:
        for event in await self.events():
            if event.id == event_id:
                return event
        raise SourceEventGone(f"Sessionboard has no event {event_id!r:.60}, or the token does not see it.")

    def sessions(self, event_id: SessionboardEventId) -> AsyncIterator[Sequence[Session | Unreadable]]:
        # Without this, sources of compositions would be missing without a word instead of being skipped.
        body = {"sort": OLDEST_FIRST, "expand": ["linked_sources"]}
        return self._list(SESSIONS, "POST", f"{_path(event_id)}/sessions", body)

    def exhibitors(self, event_id: SessionboardEventId) -> AsyncIterator[Sequence[Exhibitor | Unreadable]]:
        return self._list(EXHIBITORS, "POST", f"{_path(event_id)}/exhibitors", {"sort": OLDEST_FIRST})

    async def has_changed(self, event_id: SessionboardEventId, since: datetime) -> bool:
        changed = {"filters": {"updatedAt": {"after": instant_text(since)}}}
        one = {"page": 1, "pageSize": 1}
        try:
            for search, more in (("sessions", {"expand": ["linked_sources"]}), ("speakers", {})):
                path = f"{_path(event_id)}/{search}"
                if await self.answers.read("POST", path, one, changed | more, has_rows):
                    return True
        except SourceUnavailable:
            raise
        except SourceError:  # whoever reads everything then learns what is wrong
            return True
        return False

    async def _list(
        self, shape: Shape[Any, R], method: str, path: str, body: object
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        """Give all pages; and when rows moved meanwhile, what a further reading brings."""

        def read(page: int, announced: bool) -> asyncio.Task[PageRead[R]]:
            params = {"page": page, "pageSize": PAGE_SIZE}
            reading = self.answers.read(method, path, params, body, shape.read_page, announced=announced)
            return asyncio.create_task(reading)

        known: set[SourceId] = set()
        for _ in range(READINGS):
            reading: _Reading[R] = _Reading(read, self.parallel)
            before = len(known)
            async with aclosing(reading.pages()) as pages:
                async for page in pages:
                    if not known.issuperset(page.ids):
                        yield page.records
                    known.update(page.ids)
            if not reading.moved or len(known) == before:
                return


@dataclass(slots=True)
class _Reading(Generic[R]):
    """One reading of a list from its first page to its last, several pages at once."""

    read: ReadPage[R]
    parallel: int
    ids: set[SourceId] = field(default_factory=set)
    rows: int = 0
    totals: set[int | None] = field(default_factory=set)

    @property
    def moved(self) -> bool:
        """Tell whether rows moved between pages, so that some may have been missed."""
        said = max((total for total in self.totals if total is not None), default=None)
        if said is None:
            return self.rows > len(self.ids)
        return len(self.totals - {None}) > 1 or len(self.ids) < said

    async def pages(self) -> AsyncGenerator[PageRead[R]]:
        ahead: deque[asyncio.Task[PageRead[R]]] = deque([self.read(1, True)])
        number, announced = 0, 1
        first_size = 0
        try:
            while ahead:
                try:
                    page = await ahead.popleft()
                except NoSuchPage:
                    return
                number += 1
                self.totals.add(page.totals.total_results)
                if not page.ids:
                    return
                repeats = self.ids.issuperset(page.ids)
                self.ids.update(page.ids)
                self.rows += len(page.ids)
                yield page
                first_size = first_size or len(page.ids)
                announced = max(announced, page.totals.total_pages or 1)
                if number >= announced and not self._goes_on(page, first_size, repeats=repeats):
                    return
                last = min(max(announced, number + 1), LAST_PAGE)
                if number == LAST_PAGE:
                    raise SourceUnreadable(
                        f"Sessionboard has more than {LAST_PAGE} pages, and gives no more than those."
                    )
                while len(ahead) < self.parallel and number + len(ahead) < last:
                    following = number + len(ahead) + 1
                    ahead.append(self.read(following, following <= announced))
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)

    def _goes_on(self, page: PageRead[R], first_size: int, *, repeats: bool) -> bool:
        """Judge after the last page that was announced: announcements are not always right."""
        said = page.totals.total_results
        if said is not None:
            return self.rows < said and len(page.ids) >= first_size
        return len(page.ids) >= first_size and not repeats


@dataclass(frozen=True, slots=True)
class SessionboardSources:
    allow_private: bool = False
    transport: Callable[[], httpx.AsyncBaseTransport] = Connections
    patience: Patience = field(default_factory=lambda: Patience(whole_read=120))  # pages are small
    bounds: Bounds = field(default_factory=Bounds)
    parallel: int = 5

    def open(self, url: str, token: Token) -> AbstractAsyncContextManager[SessionSource]:
        return self._opened(check_address(url, allow_private=self.allow_private), token)

    @asynccontextmanager
    async def _opened(self, address: str, token: Token) -> AsyncIterator[SessionSource]:
        timeout = httpx.Timeout(self.patience.silence, connect=self.patience.connecting)
        headers = {"x-access-token": token.value, "accept": "application/json"}
        async with careful_client(self.transport(), timeout, address, headers) as client:
            yield SessionboardHttp(Answers(client, self.patience, self.bounds), self.parallel)


def _path(event_id: SessionboardEventId) -> str:
    segment = quote(event_id, safe="")
    if segment.strip(".") == "":
        raise SourceEventGone("An event's id cannot be empty.")
    return f"/v1/event/{segment}"
