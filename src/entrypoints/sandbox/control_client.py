"""The control of a sandbox that runs in another thread or process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from entrypoints.sandbox.fault_injection import Fault, as_json

Json = dict[str, Any]
SECONDS = 120
# The sandbox is on this machine, whatever proxy the environment names.
_opener = build_opener(ProxyHandler({}))


class ControlRefused(Exception):
    """The sandbox did not do what it was told; the text is its own."""


@dataclass(frozen=True, slots=True)
class ControlClient:
    """Blocks while it waits, so it is not for the event loop that serves the sandbox."""

    url: str

    def state(self) -> Json:
        return self._object("GET", "state")

    def requests(self, after: int = 0) -> list[Json]:
        """Give the log of requests after the n-th, oldest first."""
        return list(self._object("GET", f"requests?after={after}")["requests"])

    def records(self, event_id: str | int, record_type: str) -> list[Json]:
        """Give all records of a type ("sessions", "speakers", "exhibitors") in a Gleanin event."""
        return list(self._object("GET", f"gleanin/{event_id}/{record_type}")["records"])

    def make_trouble(self, *troubles: Fault) -> None:
        """Misbehave from now on as told; without any, behave."""
        self._ask("PUT", "trouble", as_json(troubles))

    def event(self, event_id: str | int) -> Json:
        """Give an event of Sessionboard as a saved one."""
        return self._object("GET", f"events/{event_id}")

    def replace_event(self, event_id: str | int, saved: Mapping[str, Any]) -> None:
        self._ask("PUT", f"events/{event_id}", saved)

    def edit_event(self, event_id: str | int, **changes: Any) -> None:
        """Merge keys into `event`, or into `sessions`, `exhibitors`, `people` (lists of objects with an id)."""
        self._ask("PATCH", f"events/{event_id}", changes)

    def forget_event(self, event_id: str | int) -> None:
        """Take an event out of Sessionboard."""
        self._ask("DELETE", f"events/{event_id}")

    def add_contact(self, event_id: str | int, record_type: str, **attributes: Any) -> str:
        """Add somebody to a Gleanin event by another way than the sync; gives the id."""
        return str(self._object("POST", f"gleanin/{event_id}/{record_type}", attributes)["id"])

    def delete_in_gleanin(self, record_type: str, record_id: str | int) -> None:
        """Delete by hand, as an admin can; the type may be "events", too."""
        self._ask("DELETE", f"gleanin/{record_type}/{record_id}")

    def _object(self, method: str, path: str, body: Any = None) -> Json:
        answer: Json = self._ask(method, path, body)
        return answer

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.url}/{path}", content, headers, method=method)  # noqa: S310 - loopback
        try:
            with _opener.open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            with error:
                raise ControlRefused(error.read().decode(errors="replace")) from error
