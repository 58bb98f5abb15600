"""Gleanin over real HTTP, for what needs a network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from adapters.gleanin.destination import GleaninDestinations
from core.domain.errors import InvalidInput
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.kinds import SPEAKER
from core.domain.tenancy.secrets import Token
from ports.destination import (
    DestinationError,
    DestinationUnavailable,
    DestinationUnreadable,
    WriteOutcomeUnknown,
)
from tests.contract.gleanin.conftest import EVENT, QUICK, Reachable
from tests.contract.gleanin.fake_server import TOKEN, FakeGleanin, Misstep, refusal, too_many
from tests.contract.http_client.conftest import closed_port

ID = ExternalId("sessionboard:c1:42")
ANN = {"first_name": "Ann", "last_name": "Lee", "name": "Ann Lee", "email": "ann@example.org"}
CHANGE = (FieldChange("job_title", None, "Queen"),)


def at(url: str) -> GleaninDestinations:
    return GleaninDestinations(url, allow_private=True, policy=QUICK)


@asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[str]:
    """Serve the same bytes to every client, then hang up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
async def test_rule_32_create_that_never_left_is_retried_immediately(host: str) -> None:
    """A refused connection and a broken one look the same to the transport: only their cause differs."""
    announced = 0

    async def before_write() -> None:
        nonlocal announced
        announced += 1

    there = at(f"http://{host}:{closed_port()}/api").open(Token(TOKEN), before_write)
    async with there as gleanin:
        with pytest.raises(DestinationUnavailable):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
    assert announced == QUICK.max_attempts


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"", DestinationUnavailable, id="hangs up"),
        pytest.param(b"no HTTP at all\r\n\r\n", DestinationUnavailable, id="no HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n",
            DestinationUnavailable,
            id="long header",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 200 + b"Content-Length: 2\r\n\r\n{}",
            DestinationUnavailable,
            id="many headers",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", DestinationUnavailable, id="broken off"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
            DestinationUnavailable,
            id="bad chunk",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            DestinationUnreadable,
            id="bad gzip",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xfe{}", DestinationUnreadable, id="no UTF-8"
        ),
    ],
)
async def test_invalid_responses_become_errors_of_the_port(
    answer: bytes, error: type[DestinationError]
) -> None:
    async with raw_server(answer) as url, at(url).open(Token(TOKEN)) as gleanin:
        with pytest.raises(error):
            await gleanin.events()
        with pytest.raises(WriteOutcomeUnknown):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)


async def test_write_after_a_429_is_retried_and_announced_again(fake: Reachable) -> None:
    announced = 0

    async def before_write() -> None:
        nonlocal announced
        announced += 1
        assert len(fake.requests) == announced - 1, "right before the request"

    fake.misstep(too_many(Retry_After="0"), too_many())
    async with fake.destinations.open(Token(TOKEN), before_write) as gleanin:
        await gleanin.create(EVENT, SPEAKER, ID, ANN)
    assert (announced, len(fake.writes)) == (3, 1)


async def test_token_revoked_in_between_fails_the_next_write(fake: Reachable) -> None:
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        created = await gleanin.create(EVENT, SPEAKER, ID, ANN)
        fake.tokens.clear()
        with pytest.raises(DestinationError, match="Invalid token"):
            await gleanin.update(EVENT, SPEAKER, created, CHANGE)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_rule_32_server_error_leaves_a_write_unknown(fake: Reachable, status: int) -> None:
    step = Misstep(lambda: refusal(status, "oops"), carried_out=True)
    fake.misstep(step, step)
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        with pytest.raises(WriteOutcomeUnknown):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
        made = next(iter(fake.resources))
        with pytest.raises(WriteOutcomeUnknown):
            await gleanin.update(EVENT, SPEAKER, DestinationId(made), CHANGE)
    assert len(fake.writes) == 2, "neither was retried"


async def test_all_pages_are_followed(fake: Reachable) -> None:
    fake.page_size = 10
    for number in range(25):
        fake.add("speakers", {"event_id": 8, "external_idx": f"x{number}", "email": f"{number}@example.org"})
        fake.events[str(100 + number)] = {"title": f"Event {number}"}
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        found = [record.external_id async for page in gleanin.records(EVENT, SPEAKER) for record in page]
        assert found == [f"x{number}" for number in range(25)]
        assert len(await gleanin.events()) == 26


async def test_large_response_is_returned_in_batches(fake: Reachable) -> None:
    for number in range(1234):
        fake.add("speakers", {"event_id": 8, "external_idx": f"x{number}"})
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        sizes = [len(page) async for page in gleanin.records(EVENT, SPEAKER)]
    assert sizes == [500, 500, 234]


async def test_one_token_shares_one_concurrency_limit(fake: Reachable) -> None:
    fake.destinations.ceiling = 3
    fake.lingers = 0.02
    async with fake.destinations.open(Token(TOKEN)) as one, fake.destinations.open(Token(TOKEN)) as other:
        assert one.max_in_flight == 3
        await asyncio.gather(*(gleanin.events() for gleanin in (one, other) for _ in range(10)))
    assert fake.most_at_once == 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api", "http://gleanin.example/api", "ftp://x.example"])
async def test_disallowed_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        async with GleaninDestinations(url).open(Token(TOKEN)):
            pass


async def test_token_is_not_sent_to_another_host(fake: Reachable) -> None:
    async with FakeGleanin().running() as elsewhere:
        page = {"data": [], "links": {"next": f"{elsewhere}/events?page=2"}}
        fake.misstep(Misstep(lambda: refusal(200, page)))
        async with fake.destinations.open(Token(TOKEN)) as gleanin:
            with pytest.raises(DestinationUnreadable, match="another host"):
                await gleanin.events()


@pytest.mark.parametrize(("status", "limit"), [(200, "MAX_BYTES_READ"), (500, "MAX_BYTES_WRITTEN")])
async def test_response_size_is_bounded(
    fake: Reachable, monkeypatch: pytest.MonkeyPatch, status: int, limit: str
) -> None:
    """An error response may be smaller than a successful one."""
    monkeypatch.setattr(f"adapters.gleanin.client.{limit}", 50)
    fake.misstep(Misstep(lambda: refusal(status, "x" * 60)))
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        with pytest.raises(DestinationUnreadable, match="more than 50 bytes"):
            await gleanin.events()
    assert len(fake.requests) == 1


async def test_redirect_is_not_followed(fake: Reachable) -> None:
    step = Misstep(lambda: refusal(302, "", {"Location": "/elsewhere"}))
    fake.misstep(step, step)
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        with pytest.raises(DestinationUnreadable, match="redirects to another address"):
            await gleanin.event(DestinationEventId("8"))
        with pytest.raises(DestinationUnreadable, match="redirects to another address"):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
    assert len(fake.requests) == 2


async def test_requests_match_the_documented_api() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201, json={"data": {"type": "speakers", "id": 77}})

    destinations = GleaninDestinations(
        "https://gleanin.example/v1", transport=lambda: httpx.MockTransport(answer)
    )
    async with destinations.open(Token(TOKEN)) as gleanin:
        created = await gleanin.create(
            EVENT, SPEAKER, ID, {**ANN, "headshot": "https://x.example/a.png", "sessions": ("12", "s-3")}
        )
        await gleanin.update(
            EVENT,
            SPEAKER,
            created,
            (FieldChange("headshot", "x", None), FieldChange("sessions", ("12",), None)),
        )
    create, update = sent
    assert created == "77"
    assert (create.method, create.url.path) == ("POST", "/v1/speakers")
    assert create.headers["authorization"] == f"Bearer {TOKEN}"
    assert create.headers["content-type"] == "application/json"
    assert json.loads(create.content) == {
        "data": {
            "type": "speakers",
            "attributes": {
                "event_id": 8,
                "external_idx": "sessionboard:c1:42",
                "first_name": "Ann",
                "last_name": "Lee",
                "name": "Ann Lee",
                "email": "ann@example.org",
                "headshot_url": "https://x.example/a.png",
                "session_ids": [12, "s-3"],
            },
        }
    }
    assert (update.method, update.url.path) == ("PATCH", "/v1/speakers/77")
    assert json.loads(update.content) == {
        "data": {"type": "speakers", "id": "77", "attributes": {"headshot_url": None, "session_ids": []}}
    }
