"""The sandbox's own routes: to look at what it holds, to edit events, to make trouble."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any

from aiohttp import web

from entrypoints.sandbox.fault_injection import as_json, read_troubles
from entrypoints.sandbox.responses import Service, answer, refusal
from entrypoints.sandbox.schemas import SHAPES
from entrypoints.sandbox.search import ProgrammeSearch
from entrypoints.sandbox.state import SandboxState

BASE = "/sandbox"

refuse = partial(refusal, Service.CONTROL)
not_found = partial(refuse, HTTPStatus.NOT_FOUND)
bad_request = partial(refuse, HTTPStatus.BAD_REQUEST)


@dataclass(frozen=True, slots=True)
class Control:
    world: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.get(f"{BASE}/state", self.state)
        yield web.get(f"{BASE}/requests", self.requests)
        yield web.get(f"{BASE}/trouble", self.trouble)
        yield web.put(f"{BASE}/trouble", self.make_trouble)
        yield web.get(f"{BASE}/events/{{event}}", self.saved)
        yield web.put(f"{BASE}/events/{{event}}", self.replace)
        yield web.patch(f"{BASE}/events/{{event}}", self.edit)
        yield web.delete(f"{BASE}/events/{{event}}", self.forget)
        yield web.get(f"{BASE}/gleanin/{{event}}/{{type}}", self.records)
        yield web.post(f"{BASE}/gleanin/{{event}}/{{type}}", self.add_contact)
        yield web.delete(f"{BASE}/gleanin/{{type}}/{{id}}", self.delete)

    async def state(self, _request: web.Request) -> web.Response:
        return answer(self.world.state())

    async def requests(self, request: web.Request) -> web.Response:
        """Give the requests after the n-th, at most so many."""
        told = request.query.get("after", "0"), request.query.get("limit", "10000")
        if not all(number.isdecimal() for number in told):
            return bad_request("after and limit must be numbers from 0.")
        after, limit = map(int, told)
        asked = (one.as_json() for one in list(self.world.log.last) if one.n > after)
        return answer({"total": self.world.log.total, "requests": list(islice(asked, limit))})

    async def trouble(self, _request: web.Request) -> web.Response:
        return answer(as_json(self.world.troubles.set))

    async def make_trouble(self, request: web.Request) -> web.Response:
        try:
            troubles = read_troubles(await _body(request))
        except ValueError as error:
            return bad_request(str(error))
        self.world.make_trouble(*troubles)
        return answer(as_json(troubles))

    async def saved(self, request: web.Request) -> web.Response:
        programme = self._programme(request)
        return answer(programme.saved()) if programme else not_found("There is no such event.")

    async def replace(self, request: web.Request) -> web.Response:
        """Put another state of an event in the place of what Sessionboard has, or add one to it."""
        known = self._programme(request)
        try:
            saved = await _body(request)
            programme = ProgrammeSearch.of(
                saved["event"], saved.get("sessions", ()), saved.get("exhibitors", ())
            )
            if str(programme.id) != request.match_info["event"]:
                return bad_request("The event's id is not that of the path.")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return bad_request(f'The body is no saved event {{"event", "sessions", "exhibitors"}}: {error!r}')
        if known is None:
            self.world.add_programme(programme)
        else:
            self.world.programmes[known.id] = known.replaced(programme, self.world.now())
        return answer({}, HTTPStatus.OK if known else HTTPStatus.CREATED)

    async def edit(self, request: web.Request) -> web.Response:
        """Merge keys into the event, its sessions, exhibitors and people."""
        programme = self._programme(request)
        if programme is None:
            return not_found("There is no such event.")
        try:
            edited = programme.edited(await _body(request), self.world.now())
            if edited.id != programme.id:
                return bad_request("An event keeps its id.")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return bad_request(f'Each edit must be an object with an "id": {error!r}')
        self.world.programmes[programme.id] = edited
        return answer({})

    async def forget(self, request: web.Request) -> web.Response:
        programme = self._programme(request)
        if programme is None:
            return not_found("There is no such event.")
        del self.world.programmes[programme.id]
        return answer({})

    async def records(self, request: web.Request) -> web.Response:
        place = self._place(request)
        if place is None:
            return not_found("There is no such event or type.")
        bodies = self.world.gleanin.bodies(self.world.gleanin.of(*place).values())
        return answer(b'{"records":[%s]}' % b",".join(bodies))

    async def add_contact(self, request: web.Request) -> web.Response:
        """Add a record as somebody else than the sync would: nothing is required, least of all an external id."""
        place = self._place(request)
        if place is None:
            return not_found("There is no such event or type.")
        event_id, record_type = place
        try:
            attributes = await _body(request)
            complaints = SHAPES[record_type].complaints(attributes, creating=False)
        except (ValueError, AttributeError):
            return bad_request("The body must be an object of attributes.")
        if complaints:
            return bad_request("; ".join(problem for _, problem in complaints))
        record = self.world.gleanin.add(record_type, event_id, attributes)
        return answer({"id": record.id}, HTTPStatus.CREATED)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete by hand in Gleanin: a record, or with the type `events` a whole event."""
        record_type, record_id = request.match_info["type"], request.match_info["id"]
        if record_type == "events":
            if not record_id.isdecimal() or int(record_id) not in self.world.gleanin.events:
                return not_found("There is no such event.")
            self.world.gleanin.delete_event(int(record_id))
            return answer({})
        record = self.world.gleanin.find(record_type, record_id)
        if record is None:
            return not_found("There is no such record.")
        self.world.gleanin.delete(record)
        return answer({})

    def _programme(self, request: web.Request) -> ProgrammeSearch | None:
        told = request.match_info["event"]
        return self.world.programmes.get(int(told)) if told.isdecimal() else None

    def _place(self, request: web.Request) -> tuple[int, str] | None:
        event, record_type = request.match_info["event"], request.match_info["type"]
        known = event.isdecimal() and int(event) in self.world.gleanin.events and record_type in SHAPES
        return (int(event), record_type) if known else None


async def _body(request: web.Request) -> Any:
    """Read a JSON body.

    Raises:
        ValueError: it is none.
    """
    return json.loads(await request.read())
