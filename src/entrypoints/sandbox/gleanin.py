"""The stand-in for Gleanin's API, as strict as its contract lets it be."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import chain, islice
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from entrypoints.sandbox.contacts import CAMPAIGNS, SandboxEvent, SandboxRecord
from entrypoints.sandbox.fault_injection import FAULT_DECISION
from entrypoints.sandbox.responses import (
    JSON,
    Service,
    answer,
    gleanin_errors,
    json_bytes,
    page_for_people,
    refusal,
)
from entrypoints.sandbox.schemas import SHAPES, Attributes, ErrorDetail
from entrypoints.sandbox.state import GLEANIN_TOKEN, SandboxState

BASE = "/gleanin/api/clients/v1"
LARGEST_WRITE = 2**20
INCLUDES = frozenset({*SHAPES, "campaigns", "images"})
EVENT = web.RequestKey("event", int)
"""Which one the request turned out to be about."""

refuse = partial(refusal, Service.GLEANIN)


class Refused(Exception):
    def __init__(self, status: int, *complaints: ErrorDetail) -> None:
        super().__init__(status, complaints)
        self.status = status
        self.complaints = list(complaints)


@dataclass(frozen=True, slots=True)
class Gleanin:
    world: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.get(f"{BASE}/events", self.events)
        yield web.get(f"{BASE}/events/{{event}}", self.event)
        # No way to delete: the sync never does, and an admin does it by hand.
        for record_type in SHAPES:
            yield web.post(f"{BASE}/{record_type}", partial(self.create, record_type))
            yield web.patch(f"{BASE}/{record_type}/{{id}}", partial(self.update, record_type))

    def refuse(self, request: web.Request) -> web.Response | None:
        """Refuse who has no token."""
        if request.headers.get("Authorization") == f"Bearer {GLEANIN_TOKEN}":
            return None
        return refuse(HTTPStatus.UNAUTHORIZED, "The API token is not valid.")

    async def events(self, request: web.Request) -> web.Response:
        return self._read(request, list(self.world.gleanin.events.values()), alone=False)

    async def event(self, request: web.Request) -> web.Response:
        told = request.match_info["event"]
        known = self.world.gleanin.events
        event = known.get(int(told)) if told.isascii() and told.isdecimal() else None
        if event is None:
            return refuse(HTTPStatus.NOT_FOUND, "There is no such event.")
        request[EVENT] = event.id
        return self._read(request, [event], alone=True)

    def _read(self, request: web.Request, events: list[SandboxEvent], *, alone: bool) -> web.Response:
        includes = list(dict.fromkeys(filter(None, request.query.get("include", "").split(","))))
        if unknown := set(includes) - INCLUDES:
            return refuse(HTTPStatus.BAD_REQUEST, f"Nothing can be included as {', '.join(sorted(unknown))}.")
        told = request.query.get("page[number]", "1")
        if not told.isascii() or not told.isdecimal() or int(told) < 1:
            return refuse(HTTPStatus.BAD_REQUEST, "page[number] must be a number from 1.")
        page, size = int(told), self.world.page_size
        fate = request[FAULT_DECISION]
        records = self._records(events, includes, fate.late_reads)
        shown = list(islice(records, (page - 1) * size, page * size + 1))
        more = len(shown) > size
        del shown[size:]
        data = [_related(event, includes, shown) for event in events]
        cut = fate.cut_included
        included = list(self.world.gleanin.bodies(shown[: max(0, len(shown) - cut)]))
        if "campaigns" in includes and page == 1:
            included += [json_bytes(campaign) for event in events for campaign in _campaigns(event)]
        parts = [b'"data":%s' % json_bytes(data[0] if alone else data)]
        if includes:
            parts.append(b'"included":[%s]' % b",".join(included))
        if more and not cut:
            following = urlencode({"include": ",".join(includes), "page[number]": page + 1}, safe=",")
            link = f"{request.scheme}://{request.host}{request.path}?{following}"
            parts.append(b'"links":%s' % json_bytes({"next": link}))
        return answer(b"{%s}" % b",".join(parts))

    def _records(self, events: list[SandboxEvent], kinds: list[str], late: float) -> Iterator[SandboxRecord]:
        every = chain.from_iterable(
            self.world.gleanin.of(event.id, kind).values()
            for event in events
            for kind in kinds
            if kind in SHAPES
        )
        if not late:
            return every
        created_until = self.world.clock() - late
        return (record for record in every if record.created <= created_until)

    async def create(self, record_type: str, request: web.Request) -> web.Response:
        try:
            attributes = await self._attributes(record_type, request, None)
        except Refused as refused:
            return gleanin_errors(refused.status, refused.complaints)
        event_id = attributes["event_id"]
        assert isinstance(event_id, int)
        request[EVENT] = event_id
        late = request[FAULT_DECISION].late
        if late:
            self.world.gleanin.add_later(record_type, event_id, attributes, late.seconds)
            if late.status == HTTPStatus.ACCEPTED:
                return web.Response(status=late.status)
            return page_for_people(late.status, "The gateway has waited too long for an answer.")
        record = self.world.gleanin.add(record_type, event_id, attributes)
        return self._written("POST", record, HTTPStatus.CREATED)

    async def update(self, record_type: str, request: web.Request) -> web.Response:
        record = self.world.gleanin.find(record_type, request.match_info["id"])
        if record is None:
            return refuse(HTTPStatus.NOT_FOUND, f"There is no such record among {record_type}.")
        request[EVENT] = record.event_id
        try:
            attributes = await self._attributes(record_type, request, record)
        except Refused as refused:
            return gleanin_errors(refused.status, refused.complaints)
        record.change(attributes, self.world.clock())
        return self._written("PATCH", record, HTTPStatus.OK)

    def _written(self, method: str, record: SandboxRecord, status: int) -> web.Response:
        self.world.writes[f"{method} /{record.type}"] += 1
        (body,) = self.world.gleanin.bodies([record])
        return answer(b'{"data":%s}' % body, status)

    async def _attributes(
        self, record_type: str, request: web.Request, record: SandboxRecord | None
    ) -> dict[str, object]:
        """Take what is to be written, if all of it is right.

        Raises:
            Refused
        """
        if request.content_type != JSON:
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, (None, f"The content type must be {JSON}."))
        body = await request.read()
        if len(body) > LARGEST_WRITE:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, (None, "The body is too large."))
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, (None, "The body is no JSON.")) from error
        attributes = _enveloped(document, record_type, record.id if record else None)
        complaints = SHAPES[record_type].complaints(attributes, creating=record is None)
        if complaints:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, *complaints)
        self._check_ties(attributes, record)
        return attributes

    def _check_ties(self, attributes: Attributes, record: SandboxRecord | None) -> None:
        event_id = attributes.get("event_id", record.event_id if record else None)
        if event_id not in self.world.gleanin.events:
            raise Refused(HTTPStatus.NOT_FOUND, ("/data/attributes/event_id", "There is no such event."))
        assert isinstance(event_id, int)
        if record and event_id != record.event_id:
            error_detail = ("/data/attributes/event_id", "event_id can't be changed")
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, error_detail)
        ties = attributes.get("session_ids")
        if isinstance(ties, list):
            sessions = self.world.gleanin.of(event_id, "sessions")
            unknown = [tie for tie in ties if str(tie) not in sessions]
            if unknown:
                told = f"session_ids has sessions that are not of this event: {unknown[:10]}"
                raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, ("/data/attributes/session_ids", told))


def _enveloped(document: Any, record_type: str, record_id: str | None) -> dict[str, object]:
    """Take the attributes out of JSON:API's outer form.

    Raises:
        Refused: it is not that form, or about another record than the path.
    """
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or set(document) != {"data"}:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, ("/data", 'The body must be {"data": {...}}.'))
    expected = {"type": record_type} if record_id is None else {"type": record_type, "id": record_id}
    attributes = data.get("attributes")
    members = {"attributes", *expected}
    complaints: list[ErrorDetail] = [
        (f"/data/{name}", f"{name} must be {value!r}")
        for name, value in expected.items()
        if data.get(name) != value
    ]
    complaints += [(f"/data/{name}", f"{name} does not belong here") for name in data if name not in members]
    if not isinstance(attributes, dict):
        complaints.append(("/data/attributes", "attributes must be an object"))
    if complaints:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, *complaints)
    assert isinstance(attributes, dict)
    return attributes


def _related(event: SandboxEvent, includes: list[str], shown: list[SandboxRecord]) -> dict[str, Any]:
    """Give an event as a resource which names its records on this page."""
    resource = event.resource()
    named: dict[str, list[dict[str, str]]] = {kind: [] for kind in includes}
    for record in shown:
        if record.event_id == event.id:
            named[record.type].append({"type": record.type, "id": record.id})
    if "campaigns" in named:
        named["campaigns"] = [{"type": "campaigns", "id": one["id"]} for one in _campaigns(event)]
    resource["relationships"] = {kind: {"data": related} for kind, related in named.items()}
    return resource


def _campaigns(event: SandboxEvent) -> list[dict[str, Any]]:
    return [
        {"type": "campaigns", "id": str(number), "attributes": {"title": title, "event_id": event.id}}
        for number, title in CAMPAIGNS.values()
    ]
