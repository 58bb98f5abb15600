"""A client for the control routes of a sandbox in another thread or process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from entrypoints.sandbox.fault_injection import Fault, as_json

Json = dict[str, Any]
TIMEOUT_SECONDS = 120
# The sandbox is on this machine, so ignore a proxy set in the environment.
_opener = build_opener(ProxyHandler({}))


class ControlRefused(Exception):
    """The sandbox refused a request; the message is its response."""


@dataclass(frozen=True, slots=True)
class ControlClient:
    """A blocking client; do not use it in the event loop that serves the sandbox."""

    url: str

    def state(self) -> Json:
        return self._object("GET", "state")

    def requests(self, after: int = 0) -> list[Json]:
        """Return the logged requests after the n-th, oldest first."""
        return list(self._object("GET", f"requests?after={after}")["requests"])

    def records(self, event_id: str | int, record_type: str) -> list[Json]:
        """Return all records of a type ("sessions", "speakers", "exhibitors") in a Gleanin event."""
        return list(self._object("GET", f"gleanin/{event_id}/{record_type}")["records"])

    def inject_faults(self, *faults: Fault) -> None:
        """Replace the current faults; without arguments, remove them."""
        self._send("PUT", "trouble", as_json(faults))

    def event(self, event_id: str | int) -> Json:
        """Return a Sessionboard event as a saved event."""
        return self._object("GET", f"events/{event_id}")

    def replace_event(self, event_id: str | int, saved: Mapping[str, Any]) -> None:
        self._send("PUT", f"events/{event_id}", saved)

    def edit_event(self, event_id: str | int, **changes: Any) -> None:
        """Merge keys into `event`, or into `sessions`, `exhibitors`, `people` (lists of objects with an id)."""
        self._send("PATCH", f"events/{event_id}", changes)

    def forget_event(self, event_id: str | int) -> None:
        """Remove an event from Sessionboard."""
        self._send("DELETE", f"events/{event_id}")

    def sessionboard_writes(self) -> Json:
        """Return what was written to Sessionboard, and what holds for writes."""
        return self._object("GET", "sessionboard")

    def set_sessionboard(self, **settings: Any) -> None:
        """Set some of: scopes, requests, operations, reset_quotas, masked_fields, empty_fields, webhook."""
        self._send("PATCH", "sessionboard", settings)

    def fail_updates(self, code: str, *record_ids: str, times: int | None = None) -> None:
        """Make updates of these records fail, always or so many times; no others fail any more."""
        failure = {"code": code, "times": times}
        self._send("PUT", "sessionboard/failures", dict.fromkeys(record_ids, failure))

    def add_field(self, event_id: str | int, name: str, **more: Any) -> Json:
        """Add a custom field by hand; `more` has attributes of `CustomField`."""
        return self._object("POST", f"events/{event_id}/fields", {"name": name} | more)

    def fields(self, event_id: str | int) -> list[Json]:
        return list(self._send("GET", f"events/{event_id}/fields"))

    def field_values(self, event_id: str | int, internal_name: str, module: str = "contact") -> Json:
        """Return the values of a field by record id; records without a value are left out."""
        return self._object("GET", f"events/{event_id}/fields/{module}/{internal_name}")

    def edit_record(
        self,
        event_id: str | int,
        record_id: str,
        custom_fields: Mapping[str, str | None] | None = None,
        *,
        before_next_write: bool = False,
    ) -> None:
        """Edit a record by hand, now or just before the API updates it the next time; None clears a value."""
        edit = {"custom_fields": dict(custom_fields or {}), "before_next_write": before_next_write}
        self._send("PATCH", f"events/{event_id}/records/{record_id}", edit)

    def add_contact(self, event_id: str | int, record_type: str, **attributes: Any) -> str:
        """Add a record to a Gleanin event that the sync did not create; return its id."""
        return str(self._object("POST", f"gleanin/{event_id}/{record_type}", attributes)["id"])

    def delete_in_gleanin(self, record_type: str, record_id: str | int) -> None:
        """Delete a record, or an event with the type "events", as an admin can by hand."""
        self._send("DELETE", f"gleanin/{record_type}/{record_id}")

    def _object(self, method: str, path: str, body: Any = None) -> Json:
        answer: Json = self._send(method, path, body)
        return answer

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.url}/{path}", content, headers, method=method)  # noqa: S310 - loopback
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            with error:
                raise ControlRefused(error.read().decode(errors="replace")) from error
