"""Sessionboard's searches as a handler for httpx.MockTransport, with prepared faults."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from aiohttp import web

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
TOKEN = "sb-token-0123456789"


@dataclass
class FakeApi:
    events: list[Any] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)
    exhibitors: list[Any] = field(default_factory=list)
    speakers: list[Any] = field(default_factory=list)
    """The change feed of people, which includes those on sessions."""
    event_id: str = "1"
    first_answers: deque[Answer] = field(default_factory=deque)
    """Responses to the first requests, one each, before the regular pages."""
    rows_key: str = "results"
    pagination: Callable[[int, int], object] | None = None
    """By page and total; by default, as documented."""
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.first_answers:
            answer = self.first_answers.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, httpx.Response) else answer(request)
        if request.headers["x-access-token"] != TOKEN:
            return httpx.Response(401, text="who are you?")
        rows = self._rows(request)
        if rows is None:
            return httpx.Response(404, json={"error": "NotFound"})
        rows = [row for row in rows if _is_after(_wanted(request), row)]
        page, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
        pagination = {
            "currentPage": page,
            "pageSize": size,
            "totalPages": -(-len(rows) // size),
            "totalResults": len(rows),
        }
        document = {
            self.rows_key: rows[(page - 1) * size : page * size],
            "pagination": self.pagination(page, len(rows)) if self.pagination else pagination,
        }
        return httpx.Response(200, text=json.dumps(document), headers={"content-type": "application/json"})

    def _rows(self, request: httpx.Request) -> list[Any] | None:
        return {
            "GET /v1/events": self.events,
            f"POST /v1/event/{self.event_id}/sessions": self.sessions,
            f"POST /v1/event/{self.event_id}/exhibitors": self.exhibitors,
            f"POST /v1/event/{self.event_id}/speakers": self.speakers,
        }.get(f"{request.method} {request.url.path}")

    @property
    def pages_asked(self) -> list[int]:
        return [int(request.url.params["page"]) for request in self.requests]

    @property
    def places_asked(self) -> list[tuple[int, int]]:
        """Return (page, page size) of every request."""
        params = (request.url.params for request in self.requests)
        return [(int(param["page"]), int(param["pageSize"])) for param in params]


def _wanted(request: httpx.Request) -> str | None:
    """Return the instant after which the requested rows were changed."""
    body = json.loads(request.content) if request.content else {}
    after: str | None = body.get("filters", {}).get("updatedAt", {}).get("after")
    return after


def _is_after(instant: str | None, row: Any) -> bool:
    if instant is None:
        return True
    changed = row.get("updated_at")
    return changed is not None and datetime.fromisoformat(changed) > datetime.fromisoformat(instant)


async def served(api: FakeApi) -> tuple[web.AppRunner, str]:
    """Serve the fake over real HTTP."""

    async def handle(request: web.Request) -> web.Response:
        content, headers = await request.read(), dict(request.headers)
        answer = api(httpx.Request(request.method, str(request.url), headers=headers, content=content))
        return web.Response(status=answer.status_code, body=answer.content, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"
