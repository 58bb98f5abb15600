"""The routes of Sessionboard's stand-in for the definitions of custom fields."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from entrypoints.sandbox.contacts import timestamp
from entrypoints.sandbox.custom_fields import MODULES, SCOPES, SOURCES, TYPES, CustomField
from entrypoints.sandbox.fault_injection import FAULT_DECISION
from entrypoints.sandbox.record_copies import instant
from entrypoints.sandbox.responses import answer, json_bytes
from entrypoints.sandbox.sessionboard import BASE, InvalidRequest, bad_request, page_of, paging, read_filters
from entrypoints.sandbox.sessionboard_requests import (
    RequestRefused,
    find_programme,
    read_object,
    require_scope,
    spend,
)
from entrypoints.sandbox.state import SandboxState
from entrypoints.sandbox.write_state import FIELD_SCOPE

Json = dict[str, Any]
WORDS = {"module": MODULES, "source": SOURCES, "scope": SCOPES}


@dataclass(frozen=True, slots=True)
class FieldRoutes:
    state: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        path = f"{BASE}/v1/event/{{event}}/fields"
        yield web.get(path, self.list)
        yield web.post(path, self.search)
        yield web.post(f"{path}/create", self.create)

    async def list(self, request: web.Request) -> web.Response:
        """Return all fields as a bare array; this counts as the read of a single record."""
        try:
            programme = find_programme(self.state, request)
            headers = spend(self.state, "read", 0)
        except RequestRefused as refused:
            return refused.response
        fields = self.state.sessionboard.values.definitions.of(programme.id)
        response = answer([defined.resource(programme.id) for defined in fields])
        response.headers.update(headers)
        return response

    async def search(self, request: web.Request) -> web.Response:
        try:
            programme = find_programme(self.state, request)
            page, size = paging(request)
            filters, ranges, order, descending = read_filters(await request.read(), WORDS)
        except RequestRefused as refused:
            return refused.response
        except InvalidRequest as error:
            return bad_request(str(error))
        rows: list[Json] = [
            defined.resource(programme.id)
            for defined in self.state.sessionboard.values.definitions.of(programme.id, filters.get("module"))
            if filters.get("source") in (None, defined.source)
            and filters.get("scope") in (None, defined.scope)
        ]
        rows = [
            row
            for row in rows
            if all(after < (instant(row[name]) or 0) < before for name, after, before in ranges)
        ]
        if order:
            rows.sort(key=lambda row: str(row[order]), reverse=descending)
        return page_of(rows, page, size, json_bytes, request[FAULT_DECISION])

    async def create(self, request: web.Request) -> web.Response:
        """Create a field of the event, also if another one has the same name."""
        try:
            programme = find_programme(self.state, request)
            require_scope(self.state, FIELD_SCOPE)
            created = self._new(programme.id, read_object(await request.read()))
            headers = spend(self.state, "field", 1)
        except RequestRefused as refused:
            return refused.response
        self.state.sessionboard.log.requests["POST /fields/create"] += 1
        self.state.add_field(programme.id, created)
        # What the answer tells is not documented, so it tells nothing.
        response = answer({})
        response.headers.update(headers)
        return response

    def _new(self, event_id: int, body: Json) -> CustomField:
        name, field_type, module = (body.get(key) for key in ("name", "type", "module_id"))
        if not isinstance(name, str) or not name.strip():
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "name must be a text.")
        known_type = next((known for known in TYPES if known == field_type), None)
        known_module = next((known for known in MODULES if known == module), None)
        if known_type is None or known_module is None:
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "type or module_id is unknown.")
        internal_name = self.state.sessionboard.values.definitions.free_internal_name(
            event_id, known_module, name
        )
        now = timestamp(self.state.clock())
        return CustomField(
            internal_name, name.strip(), known_type, known_module, created_at=now, updated_at=now
        )
