"""A small Gleanin over real HTTP, written from the contract and not from the adapter."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web

from tests.support.assertions import present

TOKEN = "gln_test_token_0001"
BASE = "/api/clients/v1"
TEXT, NUMBER, TEXTS, NUMBERS = "text", "number", "texts", "numbers"
EVERY = {"event_id": NUMBER, "external_idx": TEXT}
ATTRIBUTES: dict[str, dict[str, str]] = {
    "sessions": EVERY
    | dict.fromkeys(("title", "description", "starts_at", "ends_at", "schedule"), TEXT)
    | {"tracks": TEXTS},
    "speakers": EVERY
    | dict.fromkeys(
        ("name", "first_name", "last_name", "email", "job_title", "company_name", "headshot_url"), TEXT
    )
    | {"session_ids": NUMBERS},
    "exhibitors": EVERY | dict.fromkeys(("company_name", "email", "logo_url"), TEXT),
}
REQUIRED = {
    "sessions": ("title", "starts_at", "ends_at"),
    "speakers": ("name", "email"),
    "exhibitors": ("company_name", "email"),
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Resource:
    type: str
    id: str
    attributes: dict[str, Any]
    reads: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, "id": self.id, "attributes": dict(self.attributes)}


@dataclass
class Misstep:
    """A fault that one request meets instead of, or after, being executed."""

    answer: Callable[[], web.StreamResponse] | None
    """None cuts the connection."""
    carried_out: bool = False
    method: str | None = None


@dataclass
class FakeGleanin:
    page_size: int | None = None
    links_after_reads: int = 0
    cuts: bool = False
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    missteps: deque[Misstep] = field(default_factory=deque)
    rejected: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    writes: list[dict[str, Any]] = field(default_factory=list)
    cookies_seen: int = 0
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    at_once: int = 0
    most_at_once: int = 0
    lingers: float = 0.0
    """Seconds."""
    may_answer: asyncio.Event = field(default_factory=_set_event)
    _numbers: "count[int]" = field(default_factory=lambda: count(501))

    def add(self, type_: str, attributes: dict[str, Any]) -> Resource:
        resource = Resource(type_, str(next(self._numbers)), attributes)
        self.resources[resource.id] = resource
        return resource

    def list_by_event(self, event_id: str, type_: str) -> list[Resource]:
        return [
            resource
            for resource in self.resources.values()
            if resource.type == type_ and str(resource.attributes.get("event_id")) == event_id
        ]

    def misstep(self, *steps: Misstep) -> None:
        self.missteps.extend(steps)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        application = web.Application(middlewares=[self._around])
        application.router.add_get(f"{BASE}/events", self._list)
        application.router.add_get(f"{BASE}/events/{{id}}", self._show)
        application.router.add_post(f"{BASE}/{{type}}", self._create)
        application.router.add_patch(f"{BASE}/{{type}}/{{id}}", self._update)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}{BASE}"
        finally:
            await runner.cleanup()

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        self.cookies_seen += len(request.cookies)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.lingers:
                await asyncio.sleep(self.lingers)
            await self.may_answer.wait()
            return await self._answer(request, handler)
        finally:
            self.at_once -= 1

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Authorization") not in {f"Bearer {token}" for token in self.tokens}:
            return refusal(401, {"errors": [{"status": "401", "title": "Invalid token"}]})
        if request.headers.get("Content-Type") != "application/json":
            return refusal(415, "Content-Type must be application/json")
        if not self.missteps or self.missteps[0].method not in (None, request.method):
            return await handler(request)
        step = self.missteps.popleft()
        if step.carried_out:
            await handler(request)
        if step.answer is not None:
            return step.answer()
        present(request.transport).abort()
        return web.Response(status=500)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        return self._paged(request, {}, [self._event(event_id) for event_id in self.events], "data")

    async def _show(self, request: web.Request) -> web.StreamResponse:
        event_id = request.match_info["id"]
        if event_id not in self.events:
            return refusal(404, {"error": "Couldn't find Event"})
        event = self._event(event_id)
        type_ = request.query.get("include")
        if type_ is None:
            return web.json_response({"data": event})
        related = self.list_by_event(event_id, type_)
        event["relationships"] = {type_: {"data": [{"type": type_, "id": item.id} for item in related]}}
        for item in related:
            if "email" in item.attributes:
                made = item.reads >= self.links_after_reads
                item.attributes["campaign_links"] = [campaign_link(item.id)] if made else []
            item.reads += 1
        given = related[: len(related) // 2] if self.cuts else related
        return self._paged(request, {"data": event}, [item.to_json() for item in given], "included")

    def _paged(
        self, request: web.Request, document: dict[str, Any], items: list[Any], member: str
    ) -> web.StreamResponse:
        size = self.page_size or max(len(items), 1)
        page = int(request.query.get("page", "1"))
        document[member] = items[(page - 1) * size : page * size]
        if page * size < len(items):
            document["links"] = {"next": str(request.rel_url.update_query(page=str(page + 1)))}
        return web.json_response(document)

    def _event(self, event_id: str) -> dict[str, Any]:
        return {"type": "events", "id": event_id, "attributes": dict(self.events[event_id])}

    async def _create(self, request: web.Request) -> web.StreamResponse:
        type_ = request.match_info["type"]
        data = (await request.json())["data"]
        attributes: dict[str, Any] = data["attributes"]
        if type_ not in ATTRIBUTES or data["type"] != type_ or "id" in data:
            return refusal(422, "type or id is wrong")
        if str(attributes.get("event_id")) not in self.events:
            return refusal(404, {"error": "Couldn't find Event"})
        missing = [name for name in (*EVERY, *REQUIRED[type_]) if not attributes.get(name)]
        if missing:
            return invalid(missing[0], "can't be blank")
        return self._problem(type_, attributes, attributes["external_idx"]) or self._stored(
            self.add(type_, attributes), attributes, 201
        )

    async def _update(self, request: web.Request) -> web.StreamResponse:
        resource = self.resources.get(request.match_info["id"])
        data = (await request.json())["data"]
        if resource is None or resource.type != request.match_info["type"]:
            return refusal(404, {"error": "Not found"})
        if data["id"] != resource.id or data["type"] != resource.type:
            return refusal(422, "type or id is wrong")
        attributes: dict[str, Any] = data["attributes"]
        emptied = [name for name in REQUIRED[resource.type] if name in attributes and not attributes[name]]
        if emptied:
            return invalid(emptied[0], "can't be blank")
        problem = self._problem(resource.type, attributes, resource.attributes.get("external_idx"))
        if problem is not None:
            return problem
        resource.attributes |= attributes
        return self._stored(resource, attributes, 200)

    def _problem(
        self, type_: str, attributes: dict[str, Any], external_idx: str | None
    ) -> web.Response | None:
        for name, value in attributes.items():
            if name not in ATTRIBUTES[type_]:
                return invalid(name, "is not an attribute")
            if not _fits(ATTRIBUTES[type_][name], value):
                return invalid(name, "has the wrong type")
        if external_idx in self.rejected:
            return refusal(422, {"errors": [{"detail": self.rejected[external_idx]}]})
        sessions = {item.id for item in self.resources.values() if item.type == "sessions"}
        if not sessions.issuperset(map(str, attributes.get("session_ids", ()))):
            return invalid("session_ids", "there is no such session")
        return None

    def _stored(self, resource: Resource, attributes: dict[str, Any], status: int) -> web.Response:
        self.writes.append(attributes)
        return web.json_response({"data": resource.to_json()}, status=status)


def _fits(expected: str, value: Any) -> bool:
    match expected:
        case "text":
            return value is None or isinstance(value, str)
        case "number":
            return isinstance(value, int)
        case "texts":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case _:
            return isinstance(value, list) and all(isinstance(item, int) for item in value)


def campaign_link(person: str) -> dict[str, Any]:
    return {"campaign_id": 11411, "title": "Campaign", "url": f"https://app.gleanin.com/share/{person}"}


def refusal(status: int, body: object, headers: dict[str, str] | None = None) -> web.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return web.Response(status=status, text=text, headers=headers)


def invalid(name: str, words: str) -> web.Response:
    error = {"status": "422", "detail": words, "source": {"pointer": f"/data/attributes/{name}"}}
    return refusal(422, {"errors": [error]})


def too_many(**headers: str) -> Misstep:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Misstep(lambda: refusal(429, "slow down", named))
