"""The client that a plug-in gets: what it may send, and what is retried."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from adapters.http_client import clients
from adapters.http_client.clients import HttpClients
from core.domain.errors import InvalidInput
from ports.plugins import BeforeWrite, Http, HttpUnavailable
from tests.contract.http_client.conftest import QUICK, Server, closed_port, over_network

MIB = 2**20


@asynccontextmanager
async def plugin_http(url: str, before_write: BeforeWrite | None = None) -> AsyncIterator[Http]:
    opened = HttpClients(allow_private=True, transport=over_network, policy=QUICK)
    async with opened(f"{url}/api", {"X-Key": "s3cr3t"}, before_write) as http:
        yield http


def failing(server: Server, *statuses: int, headers: dict[str, str] | None = None) -> None:
    """Make the server's first answers fail with these statuses."""
    left = list(statuses)

    async def answer(request: web.Request) -> web.Response:
        status = left.pop(0) if left else 200
        return web.Response(status=status, body=b"[]", headers=headers)

    server.answer = answer


async def test_a_path_is_below_the_base_url_and_gets_the_parameters(server: Server) -> None:
    async with plugin_http(server.url) as http:
        answer = await http.read("events", {"page": 1, "q": "a b&c"})
    assert (answer.status, json.loads(answer.body)) == (200, {"data": []})
    assert all(name == name.lower() for name in answer.headers)
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/api/events")
    assert dict(request.query) == {"page": "1", "q": "a b&c"}
    assert request.headers["X-Key"] == "s3cr3t"


@pytest.mark.parametrize("params", [None, {}])
async def test_a_link_to_the_next_page_keeps_its_own_query(
    server: Server, params: dict[str, str | int] | None
) -> None:
    async with plugin_http(server.url) as http:
        await http.read(f"{server.url}/api/events?page=2&size=50&cursor=a%2Bb%3D", params)
        await http.read("events?page=2&size=50", params)
    absolute, relative = server.requests
    assert absolute.raw_path == "/api/events?page=2&size=50&cursor=a%2Bb%3D"
    assert relative.raw_path == "/api/events?page=2&size=50"


async def test_parameters_are_added_to_the_query_of_a_link(server: Server) -> None:
    async with plugin_http(server.url) as http:
        await http.read(f"{server.url}/api/events?page=2&size=50", {"size": 10, "expand": "all"})
    assert dict(server.requests[0].query) == {"page": "2", "size": "10", "expand": "all"}


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example.org/api/events",
        "{other_scheme}/api/events",
        "{with_user}/api/events",
        "http://127.0.0.1:1/api/events",
        "http://[broken/",
    ],
)
@pytest.mark.parametrize("is_write", [False, True])
async def test_a_link_to_another_host_is_refused_without_a_request(
    server: Server, link: str, *, is_write: bool
) -> None:
    target = link.format(
        other_scheme=server.url.replace("http:", "https:"),
        with_user=server.url.replace("://", "://user@"),
    )
    async with plugin_http(server.url) as http:
        with pytest.raises(HttpUnavailable, match=r"^A link that 127\.0\.0\.1 gave ") as refused:
            await (http.write("POST", target, {}) if is_write else http.read(target))
    assert refused.value.not_executed
    assert server.requests == []


@pytest.mark.parametrize(
    "target", ["//elsewhere.example.org/events", "/../events", "@elsewhere.example.org/"]
)
async def test_no_path_leads_to_another_host(server: Server, target: str) -> None:
    async with plugin_http(server.url) as http:
        await http.read(target)
    assert len(server.requests) == 1


async def test_bodies_are_json_unless_the_plugin_says_otherwise(server: Server) -> None:
    opened = HttpClients(allow_private=True, transport=over_network, policy=QUICK)
    for headers in ({}, {"content-type": "application/vnd.api+json"}):
        async with opened(server.url, headers) as http:
            await http.write("POST", "events", {})
    assert [request.headers.getall("Content-Type") for request in server.requests] == [
        ["application/json"],
        ["application/vnd.api+json"],
    ]
    assert server.requests[0].headers["Accept"] == "application/json"


async def test_a_redirect_is_not_followed(server: Server) -> None:
    server.status, server.headers = 302, {"Location": "https://elsewhere.example.org/"}
    async with plugin_http(server.url) as http:
        answer = await http.read("events")
    assert answer.status == 302
    assert answer.headers["location"] == "https://elsewhere.example.org/"
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_read_is_retried(server: Server, status: int) -> None:
    failing(server, status, status)
    async with plugin_http(server.url) as http:
        assert (await http.read("search", method="POST", json={"q": "ö"})).status == 200
    assert server.bodies == ['{"q": "ö"}'.encode()] * 3


async def test_a_read_that_fails_each_time_is_unavailable(server: Server) -> None:
    server.status = 503
    async with plugin_http(server.url) as http:
        with pytest.raises(HttpUnavailable, match=r"^127\.0\.0\.1 .*503"):
            await http.read("events")
    assert len(server.requests) == QUICK.max_attempts


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_other_answers_are_for_the_plugin(server: Server, status: int) -> None:
    server.status = status
    async with plugin_http(server.url) as http:
        assert (await http.read("events")).status == status
        assert (await http.write("POST", "events", {})).status == status
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [200, 201, 400, 500, 503])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
async def test_a_write_is_sent_once(server: Server, method: str, status: int) -> None:
    server.status = status
    async with plugin_http(server.url) as http:
        assert (await http.write(method, "events/7", {"name": "Été"})).status == status
    (request,) = server.requests
    assert (request.method, request.path) == (method, "/api/events/7")
    assert server.bodies == ['{"name": "Été"}'.encode()]


async def test_a_write_without_an_answer_is_not_sent_again(server: Server) -> None:
    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    server.answer = hang_up
    async with plugin_http(server.url) as http:
        with pytest.raises(HttpUnavailable) as lost:
            await http.write("POST", "events", {})
    assert not lost.value.not_executed
    assert len(server.requests) == 1


async def test_a_write_that_was_not_executed_is_known_as_such() -> None:
    async with plugin_http(f"http://127.0.0.1:{closed_port()}") as http:
        with pytest.raises(HttpUnavailable) as refused:
            await http.write("POST", "events", {})
    assert refused.value.not_executed


async def test_the_fence_is_awaited_before_each_write_and_no_read(server: Server) -> None:
    awaited: list[int] = []

    async def fence() -> None:
        awaited.append(len(server.requests))

    async with plugin_http(server.url, fence) as http:
        await http.read("events")
        await http.write("POST", "events", {})
        await http.write("PATCH", "events/7", {})
    assert awaited == [1, 2]


async def test_a_write_that_the_fence_stops_is_not_sent(server: Server) -> None:
    async def fence() -> None:
        raise ValueError("stop")

    async with plugin_http(server.url, fence) as http:
        with pytest.raises(ValueError, match=r"^stop$"):
            await http.write("POST", "events", {})
    assert server.requests == []


async def test_a_write_is_completed_even_when_it_is_cancelled(server: Server) -> None:
    arrived, answered = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(0.1)
        answered.set()
        return web.Response()

    server.answer = answer
    async with plugin_http(server.url) as http:
        writing: asyncio.Task[Any] = asyncio.create_task(http.write("POST", "events", {}))
        await asyncio.wait_for(arrived.wait(), 30)
        writing.cancel()
        await asyncio.wait([writing], timeout=30)
        assert answered.is_set()


async def test_an_answer_that_is_too_long_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MAX_BYTES", MIB)
    server.body = b"x" * MIB
    async with plugin_http(server.url) as http:
        assert len((await http.read("events")).body) == MIB
        server.body += b"x"
        with pytest.raises(HttpUnavailable, match=r"^127\.0\.0\.1 ") as refused:
            await http.read("events")
        assert not refused.value.not_executed


@pytest.mark.parametrize(
    "url", ["http://api.example.org", "https://10.0.0.1", "ftp://api.example.org", "events"]
)
async def test_a_base_url_that_is_not_allowed_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        async with HttpClients(transport=over_network)(url, {}):
            pass
