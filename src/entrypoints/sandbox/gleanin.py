"""The stand-in for Gleanin's API, as strict as its contract allows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import chain, islice
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from entrypoints.sandbox.contacts import SandboxEvent, SandboxRecord
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
from entrypoints.sandbox.schemas import Attributes, ErrorDetail
from entrypoints.sandbox.state import GLEANIN_TOKEN, SandboxState

BASE = "/gleanin/api/clients/v1"
MAX_WRITE_BYTES = 2**20
Campaigns = Mapping[str, tuple[int, str]]
EVENT = web.RequestKey("event", int)
"""The event that the request is about."""

refuse = partial(refusal, Service.GLEANIN)


class Refused(Exception):
    def __init__(self, status: int, *error_details: ErrorDetail) -> None:
        super().__init__(status, error_details)
        self.status = status
        self.error_details = list(error_details)


@dataclass(frozen=True, slots=True)
class Gleanin:
    state: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.get(f"{BASE}/events", self.events)
        yield web.get(f"{BASE}/events/{{event}}", self.event)
        # No delete: the sync never deletes, and an admin deletes by hand.
        for record_type in self.state.kinds.schemas:
            yield web.post(f"{BASE}/{record_type}", partial(self.create, record_type))
            yield web.patch(f"{BASE}/{record_type}/{{id}}", partial(self.update, record_type))

    def refuse(self, request: web.Request) -> web.Response | None:
        """Return a refusal if the token is missing or wrong."""
        if request.headers.get("Authorization") == f"Bearer {GLEANIN_TOKEN}":
            return None
        return refuse(HTTPStatus.UNAUTHORIZED, "The API token is not valid.")

    async def events(self, request: web.Request) -> web.Response:
        return self._read(request, list(self.state.gleanin.events.values()), alone=False)

    async def event(self, request: web.Request) -> web.Response:
        event_id = request.match_info["event"]
        events = self.state.gleanin.events
        event = events.get(int(event_id)) if event_id.isascii() and event_id.isdecimal() else None
        if event is None:
            return refuse(HTTPStatus.NOT_FOUND, "There is no such event.")
        request[EVENT] = event.id
        return self._read(request, [event], alone=True)

    def _read(self, request: web.Request, events: list[SandboxEvent], *, alone: bool) -> web.Response:
        includes = list(dict.fromkeys(filter(None, request.query.get("include", "").split(","))))
        if unknown := set(includes) - {*self.state.kinds.schemas, "campaigns", "images"}:
            return refuse(HTTPStatus.BAD_REQUEST, f"Cannot include {', '.join(sorted(unknown))}.")
        number = request.query.get("page[number]", "1")
        if not number.isascii() or not number.isdecimal() or int(number) < 1:
            return refuse(HTTPStatus.BAD_REQUEST, "page[number] must be a number from 1.")
        page, size = int(number), self.state.page_size
        decision = request[FAULT_DECISION]
        records = self._records(events, includes, decision.late_reads)
        shown = list(islice(records, (page - 1) * size, page * size + 1))
        more = len(shown) > size
        del shown[size:]
        data = [_related(event, includes, shown, self.state.kinds.campaigns) for event in events]
        cut = decision.cut_included
        included = list(self.state.gleanin.bodies(shown[: max(0, len(shown) - cut)]))
        if "campaigns" in includes and page == 1:
            included += [
                json_bytes(campaign)
                for event in events
                for campaign in _campaigns(event, self.state.kinds.campaigns)
            ]
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
            self.state.gleanin.of(event.id, kind).values()
            for event in events
            for kind in kinds
            if kind in self.state.kinds.schemas
        )
        if not late:
            return every
        created_until = self.state.clock() - late
        return (record for record in every if record.created <= created_until)

    async def create(self, record_type: str, request: web.Request) -> web.Response:
        try:
            attributes = await self._attributes(record_type, request, None)
        except Refused as refused:
            return gleanin_errors(refused.status, refused.error_details)
        event_id = attributes["event_id"]
        assert isinstance(event_id, int)
        request[EVENT] = event_id
        late = request[FAULT_DECISION].late
        if late:
            self.state.gleanin.add_later(record_type, event_id, attributes, late.seconds)
            if late.status == HTTPStatus.ACCEPTED:
                return web.Response(status=late.status)
            return page_for_people(late.status, "The gateway timed out waiting for a response.")
        record = self.state.gleanin.add(record_type, event_id, attributes)
        return self._written("POST", record, HTTPStatus.CREATED)

    async def update(self, record_type: str, request: web.Request) -> web.Response:
        record = self.state.gleanin.find(record_type, request.match_info["id"])
        if record is None:
            return refuse(HTTPStatus.NOT_FOUND, f"There is no such record among {record_type}.")
        request[EVENT] = record.event_id
        try:
            attributes = await self._attributes(record_type, request, record)
        except Refused as refused:
            return gleanin_errors(refused.status, refused.error_details)
        record.change(attributes, self.state.clock())
        return self._written("PATCH", record, HTTPStatus.OK)

    def _written(self, method: str, record: SandboxRecord, status: int) -> web.Response:
        self.state.writes[f"{method} /{record.type}"] += 1
        (body,) = self.state.gleanin.bodies([record])
        return answer(b'{"data":%s}' % body, status)

    async def _attributes(
        self, record_type: str, request: web.Request, record: SandboxRecord | None
    ) -> dict[str, object]:
        """Return the attributes to write.

        Raises:
            Refused: the request is not valid.
        """
        if request.content_type != JSON:
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, (None, f"The content type must be {JSON}."))
        body = await request.read()
        if len(body) > MAX_WRITE_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, (None, "The body is too large."))
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, (None, "The body is not JSON.")) from error
        attributes = _enveloped(document, record_type, record.id if record else None)
        error_details = self.state.kinds.schemas[record_type].error_details(
            attributes, creating=record is None
        )
        if error_details:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, *error_details)
        self._check_ties(attributes, record)
        return attributes

    def _check_ties(self, attributes: Attributes, record: SandboxRecord | None) -> None:
        event_id = attributes.get("event_id", record.event_id if record else None)
        if event_id not in self.state.gleanin.events:
            raise Refused(HTTPStatus.NOT_FOUND, ("/data/attributes/event_id", "There is no such event."))
        assert isinstance(event_id, int)
        if record and event_id != record.event_id:
            error_detail = ("/data/attributes/event_id", "event_id can't be changed")
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, error_detail)
        ties = attributes.get("session_ids")
        if isinstance(ties, list):
            sessions = self.state.gleanin.of(event_id, "sessions")
            unknown = [tie for tie in ties if str(tie) not in sessions]
            if unknown:
                detail = f"session_ids contains sessions of other events: {unknown[:10]}"
                raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, ("/data/attributes/session_ids", detail))


def _enveloped(document: Any, record_type: str, record_id: str | None) -> dict[str, object]:
    """Return the attributes of a JSON:API document.

    Raises:
        Refused: it is not a JSON:API document, or is about a different record than the path.
    """
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or set(document) != {"data"}:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, ("/data", 'The body must be {"data": {...}}.'))
    expected = {"type": record_type} if record_id is None else {"type": record_type, "id": record_id}
    attributes = data.get("attributes")
    members = {"attributes", *expected}
    error_details: list[ErrorDetail] = [
        (f"/data/{name}", f"{name} must be {value!r}")
        for name, value in expected.items()
        if data.get(name) != value
    ]
    error_details += [
        (f"/data/{name}", f"{name} does not belong here") for name in data if name not in members
    ]
    if not isinstance(attributes, dict):
        error_details.append(("/data/attributes", "attributes must be an object"))
    if error_details:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, *error_details)
    assert isinstance(attributes, dict)
    return attributes


def _related(
    event: SandboxEvent, includes: list[str], shown: list[SandboxRecord], campaigns: Campaigns
) -> dict[str, Any]:
    """Return an event as a resource with the ids of its records on this page."""
    resource = event.resource()
    named: dict[str, list[dict[str, str]]] = {kind: [] for kind in includes}
    for record in shown:
        if record.event_id == event.id:
            named[record.type].append({"type": record.type, "id": record.id})
    if "campaigns" in named:
        named["campaigns"] = [
            {"type": "campaigns", "id": campaign["id"]} for campaign in _campaigns(event, campaigns)
        ]
    resource["relationships"] = {kind: {"data": related} for kind, related in named.items()}
    return resource


def _campaigns(event: SandboxEvent, campaigns: Campaigns) -> list[dict[str, Any]]:
    return [
        {"type": "campaigns", "id": str(number), "attributes": {"title": title, "event_id": event.id}}
        for number, title in campaigns.values()
    ]
