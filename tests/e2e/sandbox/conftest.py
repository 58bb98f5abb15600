"""A small sandbox served over HTTP, a client for each service, and a clock that tests control."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.fault_injection import FaultInjector
from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.server import Sandbox, serve
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN, SandboxState
from tests.support.timeouts import WITHIN

Json = dict[str, Any]
SOURCE_EVENT, GLEANIN_EVENT = 77, 8
LINK_DELAY = 5.0
SESSION: Json = {
    "event_id": GLEANIN_EVENT,
    "external_idx": "session-1",
    "title": "Opening",
    "starts_at": "2027-07-21T07:15:00.000Z",
    "ends_at": "2027-07-21T08:35:00.000Z",
}
SPEAKER: Json = {
    "event_id": GLEANIN_EVENT,
    "external_idx": "person-1",
    "name": "Ada Lovelace",
    "email": "ada@example.org",
}
EXHIBITOR: Json = {
    "event_id": GLEANIN_EVENT,
    "external_idx": "contact-1",
    "company_name": "Engines Ltd",
    "email": "desk@example.org",
}
VALID = {"sessions": SESSION, "speakers": SPEAKER, "exhibitors": EXHIBITOR}


@dataclass
class Clock:
    at: float = datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.at


@dataclass(frozen=True)
class Gleanin:
    http: httpx.AsyncClient

    async def create(self, record_type: str, **changes: Any) -> httpx.Response:
        """Create a record that is valid except for the changes."""
        attributes = VALID[record_type] | changes
        return await self.http.post(f"/{record_type}", json=document(record_type, attributes))

    async def update(self, record_type: str, record_id: str, **attributes: Any) -> httpx.Response:
        content = document(record_type, attributes, record_id)
        return await self.http.patch(f"/{record_type}/{record_id}", json=content)

    async def created(self, record_type: str = "speakers", **changes: Any) -> str:
        answer = await self.create(record_type, **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    async def read(self, *include: str) -> Json:
        answer = await self.http.get(f"/events/{GLEANIN_EVENT}", params={"include": ",".join(include)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def ids(self, record_type: str = "speakers") -> list[str]:
        return [one["id"] for one in (await self.read(record_type))["included"]]


@dataclass(frozen=True)
class Sessionboard:
    http: httpx.AsyncClient

    async def search(self, feed: str = "sessions", paging: str = "", **body: Any) -> httpx.Response:
        return await self.http.post(f"/v1/event/{SOURCE_EVENT}/{feed}?{paging}", json=body)

    async def found(self, feed: str = "sessions", paging: str = "", **body: Any) -> list[str]:
        """Return the ids that a search finds, in order."""
        answer = await self.search(feed, paging, **body)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["results"]]


def document(record_type: str, attributes: Any, record_id: str | None = None) -> Json:
    known = {} if record_id is None else {"id": record_id}
    return {"data": {"type": record_type, **known, "attributes": attributes}}


def errors(answer: httpx.Response) -> dict[str | None, str]:
    """Return Gleanin's error details by pointer."""
    details = answer.json()["errors"]
    assert {detail["status"] for detail in details} == {str(answer.status_code)}
    return {detail.get("source", {}).get("pointer"): detail["detail"] for detail in details}


def saved() -> Json:
    """Return a saved event with an example for every filter."""

    def person(number: int, **more: Any) -> Json:
        return {"id": f"person-{number}", "full_name": f"Person {number}", **more}

    def session(number: int, **more: Any) -> Json:
        return {
            "id": f"session-{number}",
            "title": f"Session {number}",
            "status": "accepted",
            "is_abstract": False,
            "created_at": f"2027-01-0{number}T09:00:00Z",
            "updated_at": f"2027-02-0{9 - number}T09:00:00Z",
            **more,
        }

    source = {"composition_status": {"role": "source"}}
    nested = {"id": "subsession-1", "status": None, "speakers": [person(3)], "room": {"id": "room-1"}}
    return {
        "event": {"id": SOURCE_EVENT, "name": "Test Days", "timezone": "Europe/Paris"},
        "sessions": [
            session(2, status="pending", speakers=[person(2), person(1, order=2)], updated_at=None),
            session(1, participants=[person(1, order=1)], subsessions=[nested]),
            session(3, is_abstract=True, translated_fields={"fr": {"title": "Trois"}}),
            session(4, **source),
            session(5, deleted_at="2027-02-20T09:00:00Z", speakers=[person(9)]),
        ],
        "exhibitors": [{"id": "exhibitor-1", "name": "Engines Ltd", "contacts": [{"id": "contact-1"}]}],
        "gleanin": {"events": [{"title": "Test Days", "id": GLEANIN_EVENT}]},
    }


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> SandboxState:
    state = SandboxState(link_delay=LINK_DELAY, clock=clock, faults=FaultInjector(clock))
    state.add(saved())
    return state


@pytest.fixture
async def sandbox(state: SandboxState) -> AsyncIterator[Sandbox]:
    async with serve(state) as sandbox:
        yield sandbox


@pytest.fixture
def threaded(state: SandboxState) -> Iterator[Sandbox]:
    """Serve from a thread, because the control client blocks."""
    with in_thread(state) as sandbox:
        yield sandbox


@asynccontextmanager
async def client(base_url: str, token: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    # Nothing is encrypted here, and loading certificates takes longer than most tests.
    async with httpx.AsyncClient(
        base_url=base_url, headers=token, verify=False, trust_env=False, timeout=WITHIN
    ) as http:
        yield http


@pytest.fixture
async def gleanin(sandbox: Sandbox) -> AsyncIterator[Gleanin]:
    async with client(sandbox.gleanin_url, {"Authorization": f"Bearer {GLEANIN_TOKEN}"}) as http:
        yield Gleanin(http)


@pytest.fixture
async def sessionboard(sandbox: Sandbox) -> AsyncIterator[Sessionboard]:
    async with client(sandbox.sessionboard_url, {"x-access-token": SESSIONBOARD_TOKEN}) as http:
        yield Sessionboard(http)
