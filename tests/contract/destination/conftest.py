"""Two Gleanins with the same test scenarios: in memory and over real HTTP."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import pytest

from adapters.gleanin.destination import GleaninDestinations
from adapters.http_client.retries import RetryPolicy
from adapters.memory.destination import InMemoryGleanin
from core.domain.ids import DestinationEventId, ExternalId
from core.domain.records.fields import Fields
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.tenancy.secrets import SystemCredentials, Token
from ports.destination import BeforeWrite, Destination
from tests.contract.destination.fake_server import TOKEN, FakeGleanin, Misstep, refusal

QUICK = RetryPolicy(first_delay=0.001, max_delay=0.01, jitter=0.001, max_attempts=3)
EVENT = DestinationEventId("8")
TYPES = {SESSION: "sessions", SPEAKER: "speakers", EXHIBITOR_CONTACT: "exhibitors"}
SPELLING = {"headshot": "headshot_url", "sessions": "session_ids", "logo": "logo_url"}


class OpenedByToken(Protocol):
    """A destination whose URL is known."""

    def open(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AbstractAsyncContextManager[Destination]: ...


@dataclass(frozen=True)
class InMemoryDestinations:
    gleanin: InMemoryGleanin

    def open(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AbstractAsyncContextManager[Destination]:
        return self.gleanin.open(SystemCredentials("", token), before_write)


class Scenario(Protocol):
    """Sets up and inspects either Gleanin, in terms of the domain."""

    @property
    def destinations(self) -> OpenedByToken: ...

    def add_event(self, event_id: str, name: str, time_zone: str | None = None) -> None: ...
    def remove_event(self, event_id: str) -> None: ...
    def add_record(
        self, event_id: DestinationEventId, kind: RecordKind, fields: Fields, external_id: ExternalId | None
    ) -> str: ...
    def stored(self, event_id: DestinationEventId, kind: RecordKind) -> list[dict[str, Any]]: ...
    def writes(self) -> int: ...
    def refuse_tokens(self) -> None: ...
    def lose_answer(self, *, written: bool) -> None: ...
    def reject(self, external_id: ExternalId, words: str) -> None: ...
    def cut_answers(self) -> None: ...
    def be_down(self) -> None: ...
    def delay_links(self, reads: int) -> None: ...


@dataclass
class InMemoryScenario:
    gleanin: InMemoryGleanin

    @property
    def destinations(self) -> OpenedByToken:
        return InMemoryDestinations(self.gleanin)

    def add_event(self, event_id: str, name: str, time_zone: str | None = None) -> None:
        self.gleanin.add_event(event_id, name, time_zone)

    def remove_event(self, event_id: str) -> None:
        self.gleanin.remove_event(DestinationEventId(event_id))

    def add_record(
        self, event_id: DestinationEventId, kind: RecordKind, fields: Fields, external_id: ExternalId | None
    ) -> str:
        return self.gleanin.add_record(event_id, kind, fields, external_id).id

    def stored(self, event_id: DestinationEventId, kind: RecordKind) -> list[dict[str, Any]]:
        return [
            {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in record.fields.items()
            }
            for record in self.gleanin.list_by_event(event_id, kind)
        ]

    def writes(self) -> int:
        return len(self.gleanin.writes)

    def refuse_tokens(self) -> None:
        self.gleanin.faults.refuses_tokens = True

    def lose_answer(self, *, written: bool) -> None:
        self.gleanin.faults.lost_answers = 1
        self.gleanin.faults.lost_are_written = written

    def reject(self, external_id: ExternalId, words: str) -> None:
        self.gleanin.faults.rejected[external_id] = words

    def cut_answers(self) -> None:
        self.gleanin.faults.cuts_answers = True

    def be_down(self) -> None:
        self.gleanin.faults.unavailable_calls = 1

    def delay_links(self, reads: int) -> None:
        self.gleanin.links_after_reads = reads


@dataclass
class HttpScenario:
    server: FakeGleanin
    destinations: GleaninDestinations

    def add_event(self, event_id: str, name: str, time_zone: str | None = None) -> None:
        self.server.events[event_id] = {"title": name, "state": "active"}
        if time_zone:
            self.server.events[event_id]["time_zone"] = time_zone

    def remove_event(self, event_id: str) -> None:
        del self.server.events[event_id]

    def add_record(
        self, event_id: DestinationEventId, kind: RecordKind, fields: Fields, external_id: ExternalId | None
    ) -> str:
        attributes = {SPELLING.get(name, name): value for name, value in fields.items()}
        return self.server.add(
            TYPES[kind], {"event_id": int(event_id), "external_idx": external_id, **attributes}
        ).id

    def stored(self, event_id: DestinationEventId, kind: RecordKind) -> list[dict[str, Any]]:
        ours = {theirs: name for name, theirs in SPELLING.items()}
        left_out = ("event_id", "external_idx", "campaign_links")
        return [
            {
                ours.get(name, name): list(map(str, value)) if isinstance(value, list) else value
                for name, value in resource.attributes.items()
                if name not in left_out and value not in (None, [])
            }
            for resource in self.server.list_by_event(event_id, TYPES[kind])
        ]

    def writes(self) -> int:
        return len(self.server.writes)

    def refuse_tokens(self) -> None:
        self.server.tokens.clear()

    def lose_answer(self, *, written: bool) -> None:
        self.server.misstep(Misstep(None, carried_out=written))

    def reject(self, external_id: ExternalId, words: str) -> None:
        self.server.rejected[external_id] = words

    def cut_answers(self) -> None:
        self.server.cuts = True

    def be_down(self) -> None:
        self.server.misstep(*(Misstep(lambda: refusal(503, "down")) for _ in range(QUICK.max_attempts)))

    def delay_links(self, reads: int) -> None:
        self.server.links_after_reads = reads


@dataclass
class Reachable(FakeGleanin):
    """A fake server, with the destinations that connect to it."""

    destinations: GleaninDestinations = field(init=False)


@pytest.fixture
async def fake() -> AsyncIterator[Reachable]:
    fake = Reachable()
    async with fake.running() as url:
        fake.events[EVENT] = {"title": "PyCon", "state": "active"}
        fake.destinations = GleaninDestinations(url, allow_private=True, policy=QUICK)
        yield fake


@pytest.fixture(params=["memory", "http"])
async def scenario(request: pytest.FixtureRequest) -> AsyncIterator[Scenario]:
    async with AsyncExitStack() as stack:
        made: Scenario
        if request.param == "memory":
            made = InMemoryScenario(InMemoryGleanin())
        else:
            fake = FakeGleanin()
            url = await stack.enter_async_context(fake.running())
            made = HttpScenario(fake, GleaninDestinations(url, allow_private=True, policy=QUICK))
        made.add_event(EVENT, "PyCon")
        yield made


@pytest.fixture
async def gleanin(scenario: Scenario) -> AsyncIterator[Destination]:
    async with scenario.destinations.open(Token(TOKEN)) as destination:
        yield destination


Answering = Callable[[httpx.Request], httpx.Response]
Opening = Callable[..., AbstractAsyncContextManager[Destination]]


@pytest.fixture
def answered_by() -> Opening:
    """Return a function that opens Gleanin with prepared responses."""

    def opening(
        answer: Answering, before_write: BeforeWrite | None = None, policy: RetryPolicy = QUICK
    ) -> AbstractAsyncContextManager[Destination]:
        destinations = GleaninDestinations(
            "https://gleanin.example/api/clients/v1",
            transport=lambda: httpx.MockTransport(answer),
            policy=policy,
        )
        return destinations.open(Token(TOKEN), before_write)

    return opening
