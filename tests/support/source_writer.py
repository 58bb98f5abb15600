"""A client for the writes to the Sessionboard stand-in, and an event with people, accounts and fields to write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from entrypoints.sandbox.custom_fields import CustomField
from entrypoints.sandbox.further_kinds import FurtherFeed, FurtherKinds
from entrypoints.sandbox.state import SandboxState

Json = dict[str, Any]
EVENT, OTHER_EVENT = 501, 502
LINK = CustomField("gleanin_link", "Gleanin Link", "textarea")
ACCOUNT_LINK = CustomField("gleanin_link", "Gleanin Link", "textarea", module="account")
SPONSORS = FurtherKinds((FurtherFeed("sponsors", "sponsors", (), "sponsors"),))
SAVED_AT = "2027-01-01T09:00:00Z"


def person(number: int, **more: Any) -> Json:
    return {
        "id": f"person-{number}",
        "full_name": f"Person {number}",
        "first_name": "Person",
        "email": f"person{number}@example.org",
        "is_public": True,
        "created_at": f"2026-12-0{number}T09:00:00Z",
        "updated_at": SAVED_AT,
        "custom_fields": [],
        **more,
    }


def account(name: str, *contacts: str) -> Json:
    return {
        "id": name,
        "name": name.title(),
        "created_at": "2026-12-01T09:00:00Z",
        "updated_at": SAVED_AT,
        "custom_fields": [],
        "contacts": [
            {
                "id": contact,
                "full_name": contact.title(),
                "email": f"{contact}@example.org",
                "is_primary": True,
                "contact_created_at": "2026-12-09T09:00:00Z",
                "contact_updated_at": SAVED_AT,
                "relationship_created_at": "2026-12-10T09:00:00Z",
                "relationship_updated_at": "2026-12-10T09:00:00Z",
            }
            for contact in contacts
        ],
    }


def saved_event(event_id: int = EVENT, **more: Any) -> Json:
    """Return an event in which every kind of copy of a person exists."""
    nested = {"id": "nested", "speakers": [person(3)]}
    exhibitor = account("exhibitor-1", "desk", "person-2")
    return {
        "event": {"id": event_id, "name": f"Event {event_id}", "timezone": "Europe/Paris"},
        "sessions": [
            {"id": "session-1", "updated_at": SAVED_AT, "speakers": [person(1), person(2)]},
            {"id": "session-2", "updated_at": SAVED_AT, "participants": [person(1)], "subsessions": [nested]},
            {"id": "session-3", "updated_at": SAVED_AT, "exhibitors": [exhibitor]},
        ],
        "exhibitors": [exhibitor, account("exhibitor-2")],
        "sponsors": [account("sponsor-1", "desk", "patron")],
        **more,
    }


def sandbox_state(clock: Any = None, **saved: Any) -> SandboxState:
    """Return a sandbox with that event, and the sponsors' routes whether or not their package is installed."""
    state = SandboxState(kinds=SPONSORS) if clock is None else SandboxState(clock=clock, kinds=SPONSORS)
    state.add(saved_event(**saved))
    state.add_field(EVENT, LINK)
    state.add_field(EVENT, ACCOUNT_LINK)
    return state


def values_in(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom fields that a record lists, by internal name."""
    return {entry["internal_name"]: entry["value"] for entry in record["custom_fields"]}


@dataclass(frozen=True)
class SourceWriter:
    http: httpx.AsyncClient
    event: int = EVENT

    def url(self, path: str) -> str:
        return f"/v1/event/{self.event}/{path}"

    async def search(self, path: str = "contacts", paging: str = "", **body: Any) -> list[Json]:
        answer = await self.http.post(f"{self.url(path)}?{paging}", json=body)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["results"])

    async def record(self, record_id: str, path: str = "contacts") -> Json:
        (found,) = [row for row in await self.search(path, "pageSize=100") if row["id"] == record_id]
        return found

    async def update(self, record_id: str, path: str = "contacts", **data: Any) -> httpx.Response:
        return await self.http.put(self.url(f"{path}/{record_id}"), json=data)

    async def set_link(self, record_id: str, link: str | None, path: str = "contacts") -> httpx.Response:
        return await self.update(record_id, path, custom_fields={"gleanin_link": link})

    async def bulk(self, operations: Sequence[Any], path: str = "contacts") -> httpx.Response:
        return await self.http.post(self.url(f"{path}/bulk"), json={"operations": operations})

    async def create_field(self, **body: Any) -> httpx.Response:
        return await self.http.post(self.url("fields/create"), json=body)


def operation(record_id: str, link: str | None = "https://x.example/1", **data: Any) -> Json:
    """Return an update in a bulk."""
    return {"action": "update", "id": record_id, "data": {"custom_fields": {"gleanin_link": link}} | data}
