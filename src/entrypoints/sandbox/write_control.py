"""The control routes for writes to Sessionboard: scopes, quotas, failures, fields and edits by hand."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter

from entrypoints.sandbox.control import BASE, bad_request, not_found, read_json
from entrypoints.sandbox.custom_fields import MODULES, parse_field
from entrypoints.sandbox.field_values import EmptyAs
from entrypoints.sandbox.responses import answer
from entrypoints.sandbox.search import ProgrammeSearch
from entrypoints.sandbox.state import SandboxState
from entrypoints.sandbox.write_failures import ItemFailure
from entrypoints.sandbox.write_hooks import HookTarget


class WriteSettings(BaseModel):
    """What can be set; what is missing stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scopes: frozenset[str] = frozenset()
    requests: int | None = None
    """Per 15 minutes and kind; null: no limit."""
    operations: int | None = None
    """Per day; null: no limit."""
    reset_quotas: bool = False
    """Forget what was counted."""
    masked_fields: frozenset[str] = frozenset()
    empty_fields: EmptyAs = "null"
    webhook: HookTarget | None = None


class HandEdit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    custom_fields: dict[str, str | None] = {}
    before_next_write: bool = False
    """Wait, and make the edit just before the record is updated by the API the next time."""


FAILURES = TypeAdapter(dict[str, ItemFailure])


@dataclass(frozen=True, slots=True)
class WriteControl:
    state: SandboxState

    def routes(self) -> Iterator[web.RouteDef]:
        yield web.get(f"{BASE}/sessionboard", self.show)
        yield web.patch(f"{BASE}/sessionboard", self.set)
        yield web.put(f"{BASE}/sessionboard/failures", self.set_failures)
        yield web.get(f"{BASE}/events/{{event}}/fields", self.fields)
        yield web.post(f"{BASE}/events/{{event}}/fields", self.add_field)
        yield web.get(f"{BASE}/events/{{event}}/fields/{{module}}/{{name}}", self.values)
        yield web.patch(f"{BASE}/events/{{event}}/records/{{id}}", self.edit)

    async def show(self, _request: web.Request) -> web.Response:
        return answer(self.state.sessionboard.as_json())

    async def set(self, request: web.Request) -> web.Response:
        try:
            settings = WriteSettings.model_validate(await read_json(request))
        except ValueError as error:
            return bad_request(str(error))
        writes, given = self.state.sessionboard, settings.model_fields_set
        if "scopes" in given:
            writes.scopes = settings.scopes
        if "requests" in given:
            writes.quotas.requests = settings.requests
        if "operations" in given:
            writes.quotas.operations = settings.operations
        if settings.reset_quotas:
            writes.quotas.reset()
        if "masked_fields" in given:
            writes.values.masked = settings.masked_fields
        if "empty_fields" in given:
            writes.values.empty_as = settings.empty_fields
        if "webhook" in given:
            writes.hooks.target = settings.webhook
        self.state.touch_fields()
        return answer(writes.as_json())

    async def set_failures(self, request: web.Request) -> web.Response:
        """Make updates of records fail, by record id; this replaces all failures."""
        try:
            failures = FAILURES.validate_python(await read_json(request))
        except ValueError as error:
            return bad_request(str(error))
        self.state.sessionboard.failures = failures
        return answer({})

    async def fields(self, request: web.Request) -> web.Response:
        """Return the fields of an event as a saved event has them."""
        programme = self._programme(request)
        if programme is None:
            return not_found("There is no such event.")
        fields = self.state.sessionboard.values.definitions.of(programme.id)
        return answer([asdict(defined) for defined in fields])

    async def add_field(self, request: web.Request) -> web.Response:
        """Add a field, as an organizer can by hand."""
        programme = self._programme(request)
        if programme is None:
            return not_found("There is no such event.")
        try:
            added = parse_field(await read_json(request))
        except ValueError as error:
            return bad_request(str(error))
        self.state.add_field(programme.id, added)
        return answer(asdict(added), HTTPStatus.CREATED)

    async def values(self, request: web.Request) -> web.Response:
        """Return the values of a field by record id, as they are and not as they are shown."""
        programme, name = self._programme(request), request.match_info["name"]
        module = next((known for known in MODULES if known == request.match_info["module"]), None)
        if programme is None or module is None:
            return not_found("There is no such event or module.")
        values = self.state.sessionboard.values
        found = values.definitions.find(programme.id, module, name)
        if found is None:
            return not_found("There is no such field.")
        return answer(values.of_field(programme.id, found))

    async def edit(self, request: web.Request) -> web.Response:
        """Edit a record, as an organizer can by hand: its `updated_at` moves, and values may change."""
        programme = self._programme(request)
        if programme is None:
            return not_found("There is no such event.")
        try:
            edit = HandEdit.model_validate(await read_json(request))
            self.state.edit_by_hand(
                programme.id,
                request.match_info["id"],
                edit.custom_fields,
                before_next_write=edit.before_next_write,
            )
        except ValueError as error:
            return bad_request(str(error))
        except LookupError:
            return not_found("There is no such record.")
        return answer({})

    def _programme(self, request: web.Request) -> ProgrammeSearch | None:
        event_id: Any = request.match_info["event"]
        return self.state.programmes.get(int(event_id)) if event_id.isdecimal() else None
