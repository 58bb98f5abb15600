"""The control routes of the sandbox: show its state, edit events, inject faults."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any

from aiohttp import web

from entrypoints.sandbox.fault_injection import as_json, parse_faults
from entrypoints.sandbox.responses import Service, answer, refusal
from entrypoints.sandbox.search import ProgrammeSearch
from entrypoints.sandbox.state import SandboxState

BASE = "/sandbox"

refuse = partial(refusal, Service.CONTROL)
not_found = partial(refuse, HTTPStatus.NOT_FOUND)
bad_request = partial(refuse, HTTPStatus.BAD_REQUEST)


@dataclass(frozen=True, slots=True)
class Control:
    state: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.get(f"{BASE}/state", self.show_state)
        yield web.get(f"{BASE}/requests", self.requests)
        yield web.get(f"{BASE}/trouble", self.show_faults)
        yield web.put(f"{BASE}/trouble", self.set_faults)
        yield web.get(f"{BASE}/events/{{event}}", self.saved)
        yield web.put(f"{BASE}/events/{{event}}", self.replace)
        yield web.patch(f"{BASE}/events/{{event}}", self.edit)
        yield web.delete(f"{BASE}/events/{{event}}", self.forget)
        yield web.get(f"{BASE}/gleanin/{{event}}/{{type}}", self.records)
        yield web.post(f"{BASE}/gleanin/{{event}}/{{type}}", self.add_contact)
        yield web.delete(f"{BASE}/gleanin/{{type}}/{{id}}", self.delete)

    async def show_state(self, _request: web.Request) -> web.Response:
        return answer(self.state.summary())

    async def requests(self, request: web.Request) -> web.Response:
        """Return the requests after the n-th, up to the limit."""
        numbers = request.query.get("after", "0"), request.query.get("limit", "10000")
        if not all(number.isdecimal() for number in numbers):
            return bad_request("after and limit must be numbers from 0.")
        after, limit = map(int, numbers)
        logged = (entry.as_json() for entry in list(self.state.log.last) if entry.n > after)
        return answer({"total": self.state.log.total, "requests": list(islice(logged, limit))})

    async def show_faults(self, _request: web.Request) -> web.Response:
        return answer(as_json(self.state.faults.set))

    async def set_faults(self, request: web.Request) -> web.Response:
        try:
            faults = parse_faults(await read_json(request))
        except ValueError as error:
            return bad_request(str(error))
        self.state.inject_faults(*faults)
        return answer(as_json(faults))

    async def saved(self, request: web.Request) -> web.Response:
        programme = self._programme(request)
        return answer(programme.saved()) if programme else not_found("There is no such event.")

    async def replace(self, request: web.Request) -> web.Response:
        """Replace an event in Sessionboard, or add it."""
        known = self._programme(request)
        try:
            saved = await read_json(request)
            programme = self.state.programme_of(saved)
            if str(programme.id) != request.match_info["event"]:
                return bad_request("The event's id is not that of the path.")
            self.state.sessionboard.bring_fields(programme.id, saved)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return bad_request(
                f'The body is not a saved event {{"event", "sessions", "exhibitors"}}: {error!r}'
            )
        if known is None:
            self.state.add_programme(programme)
        else:
            self.state.put_programme(known.replaced(programme, self.state.now()))
        return answer({}, HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def edit(self, request: web.Request) -> web.Response:
        """Merge keys into the event, its sessions, exhibitors, rows of further kinds, and people."""
        programme = self._programme(request)
        if programme is None:
            return not_found("There is no such event.")
        try:
            edited = programme.edited(await read_json(request), self.state.now())
            if edited.id != programme.id:
                return bad_request("The id of an event cannot be changed.")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return bad_request(f'Each edit must be an object with an "id": {error!r}')
        self.state.put_programme(edited)
        return answer({})

    async def forget(self, request: web.Request) -> web.Response:
        programme = self._programme(request)
        if programme is None:
            return not_found("There is no such event.")
        del self.state.programmes[programme.id]
        return answer({})

    async def records(self, request: web.Request) -> web.Response:
        place = self._place(request)
        if place is None:
            return not_found("There is no such event or type.")
        bodies = self.state.gleanin.bodies(self.state.gleanin.of(*place).values())
        return answer(b'{"records":[%s]}' % b",".join(bodies))

    async def add_contact(self, request: web.Request) -> web.Response:
        """Add a record that the sync did not create; nothing is required, not even an external id."""
        place = self._place(request)
        if place is None:
            return not_found("There is no such event or type.")
        event_id, record_type = place
        try:
            attributes = await read_json(request)
            error_details = self.state.kinds.schemas[record_type].error_details(attributes, creating=False)
        except (ValueError, AttributeError):
            return bad_request("The body must be an object of attributes.")
        if error_details:
            return bad_request("; ".join(problem for _, problem in error_details))
        record = self.state.gleanin.add(record_type, event_id, attributes)
        return answer({"id": record.id}, HTTPStatus.CREATED)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a record in Gleanin, or a whole event with the type `events`, as an admin can by hand."""
        record_type, record_id = request.match_info["type"], request.match_info["id"]
        if record_type == "events":
            if not record_id.isdecimal() or int(record_id) not in self.state.gleanin.events:
                return not_found("There is no such event.")
            self.state.gleanin.delete_event(int(record_id))
            return answer({})
        record = self.state.gleanin.find(record_type, record_id)
        if record is None:
            return not_found("There is no such record.")
        self.state.gleanin.delete(record)
        return answer({})

    def _programme(self, request: web.Request) -> ProgrammeSearch | None:
        event_id = request.match_info["event"]
        return self.state.programmes.get(int(event_id)) if event_id.isdecimal() else None

    def _place(self, request: web.Request) -> tuple[int, str] | None:
        event, record_type = request.match_info["event"], request.match_info["type"]
        is_type = record_type in self.state.kinds.schemas
        known = event.isdecimal() and int(event) in self.state.gleanin.events and is_type
        return (int(event), record_type) if known else None


async def read_json(request: web.Request) -> Any:
    """Read a JSON body.

    Raises:
        ValueError: the body is not JSON.
    """
    return json.loads(await request.read())
