"""The client, over real HTTP where the network matters, and over prepared responses otherwise."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.http_client.client import HttpClient, InvalidLink
from adapters.http_client.errors import HostUnavailable, Throttled
from adapters.http_client.library_transport import LibraryTransport
from adapters.http_client.responses import Response
from adapters.http_client.retries import INTERACTIVE, RetryPolicy, single_attempt
from adapters.http_client.transport import HardenedTransport
from core.domain.errors import InvalidInput
from tests.contract.http_client.conftest import (
    MIB,
    QUICK,
    Server,
    client_of,
    closed_port,
    little_memory,
    over_network,
)
from tests.contract.notifications.conftest import certified
from tests.support.timeouts import WITHIN

BOMB = 256 * MIB


@cache
def bomb() -> bytes:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(MIB)
    return b"".join(packer.compress(zeros) for _ in range(BOMB // MIB)) + packer.flush()


def checked(response: Response) -> Response:
    if response.is_server_error:
        raise response.as_transient()
    return response


async def sent(client: HttpClient, max_body: int = MIB, **options: Any) -> Response:
    method = "POST" if options else "GET"
    return await client.send(method, client.url("things"), checked, lambda _: max_body, **options)


def answering(*answers: Any) -> tuple[Callable[[], httpx.AsyncBaseTransport], list[httpx.Request]]:
    """Return a transport that repeats its last answer, and the requests it received."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        given = answers[min(len(requests), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given if isinstance(given, httpx.Response) else httpx.Response(given)

    return lambda: httpx.MockTransport(answer), requests


async def test_requests_have_only_the_given_headers_and_accept_only_gzip(server: Server) -> None:
    server.headers = {"Set-Cookie": "session=1; Path=/"}
    async with client_of(server.url) as client:
        assert (await sent(client)).take_body() == server.body
        await sent(client)
        await sent(client, body=b"{}")
    get, again, post = server.requests
    assert {"accept-encoding": "gzip", "user-agent": "gleanin-sync", "x-key": "s3cr3t"}.items() <= {
        name.lower(): value for name, value in get.headers.items()
    }.items()
    assert (post.method, post.path, server.bodies[-1]) == ("POST", "/things", b"{}")
    assert "Cookie" not in again.headers


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
async def test_body_memory_is_bounded(server: Server, coding: str, status: int) -> None:
    server.body = gzip.compress(bomb()) if "," in coding else bomb()
    server.status, server.headers = status, {"Content-Encoding": coding}
    async with client_of(server.url) as client:
        with little_memory():
            response = await sent(client, max_body=16 * MIB)
    is_ours = "," not in coding
    assert (response.is_cut, response.is_undecodable) == (is_ours, not is_ours)
    assert len(response.body) == (16 * MIB if is_ours else 0)


async def test_redirect_is_not_followed(server: Server) -> None:
    server.status, server.headers = 302, {"Location": "/elsewhere"}
    async with client_of(server.url) as client:
        assert (await sent(client)).is_redirect
    assert len(server.requests) == 1


async def test_status_is_kept_when_the_body_cannot_be_decoded(server: Server) -> None:
    server.status, server.headers = 429, {"Content-Encoding": "br", "Retry-After": "7200"}
    async with client_of(server.url) as client:
        with pytest.raises(HostUnavailable) as caught:
            await sent(client)
    assert isinstance(caught.value.__cause__, Throttled)
    assert caught.value.__cause__.retry_after == 7200


async def test_public_name_with_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolve(self: object, host: str, port: int, family: int) -> list[dict[str, Any]]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

    monkeypatch.setattr("adapters.http_client.transport.DefaultResolver.resolve", resolve)
    async with client_of("https://sneaky.example.com", HardenedTransport) as client:
        with pytest.raises(InvalidInput, match=r"sneaky\.example\.com has a private address"):
            await sent(client)


async def test_self_signed_certificate_is_not_trusted(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified(tmp_path))
    met: list[int] = []
    server = await asyncio.start_server(lambda *_: met.append(1), "127.0.0.1", 0, ssl=context)
    async with server, client_of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
        with pytest.raises(HostUnavailable, match="does not have a trusted certificate"):
            await sent(client)
    assert met == [], "the request was not sent"


@pytest.mark.parametrize("is_write", [False, True])
@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("nowhere.invalid", "The host nowhere.invalid cannot be found (DNS)."),
        ("127.0.0.1", "Example refused the connection."),
    ],
)
async def test_unreachable_host_is_named_and_retried(host: str, sentence: str, is_write: bool) -> None:
    """A refused connection and a broken one look the same to the transport: only their cause differs."""
    announced = []

    async def before_write() -> None:
        announced.append(1)

    async with client_of(f"http://{host}:{closed_port()}", before_write=before_write) as client:
        with pytest.raises(HostUnavailable) as caught:
            await sent(client, body=b"{}", is_write=is_write)
    assert str(caught.value) == sentence
    assert caught.value.not_executed
    assert len(announced) == (QUICK.max_attempts if is_write else 0)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.ReadError("x"), "closed the connection"),
        (httpx.ReadTimeout("x"), "did not answer in time"),
        (httpx.RemoteProtocolError("x"), "sent a response that is not HTTP"),
        (502, "returned an error (HTTP 502)"),
    ],
)
async def test_reads_are_retried_and_writes_that_may_be_executed_are_not(answer: Any, problem: str) -> None:
    for is_write, times in ((False, QUICK.max_attempts), (True, 1)):
        transport, requests = answering(answer)
        async with client_of(transport=transport) as client:
            with pytest.raises(HostUnavailable) as caught:
                await sent(client, is_write=is_write)
        assert str(caught.value) == f"Example {problem}."
        assert (len(requests), caught.value.not_executed) == (times, False)


@pytest.mark.parametrize("is_write", [False, True])
async def test_429_does_not_count_as_a_failed_attempt(is_write: bool) -> None:
    transport, requests = answering(*[429] * 30, 200)
    async with client_of(transport=transport) as client:
        assert (await sent(client, is_write=is_write)).status == 200
    assert len(requests) == 31


@pytest.mark.parametrize("is_write", [False, True])
async def test_endless_429_ends_with_that_reason(is_write: bool) -> None:
    transport, requests = answering(429)
    async with client_of(transport=transport, policy=replace(QUICK, max_total_wait=0.05)) as client:
        with pytest.raises(HostUnavailable, match=r"is limiting our requests \(429\) and asks for") as caught:
            await sent(client, is_write=is_write)
    assert len(requests) > 1
    assert caught.value.not_executed


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (QUICK, "Example {} and asks for pauses of more than 60 minutes in total."),
        (INTERACTIVE, "Example {} and asks for a longer pause. Try again later."),
        (single_attempt(5), "Example {}."),
    ],
    ids=["run", "person", "notice"],
)
async def test_request_fails_immediately_if_the_pause_is_too_long(policy: RetryPolicy, sentence: str) -> None:
    transport, requests = answering(httpx.Response(429, headers={"Retry-After": "86400"}))
    async with client_of(transport=transport, policy=policy) as client:
        with pytest.raises(HostUnavailable) as caught:
            await sent(client)
    assert str(caught.value) == sentence.format("is limiting our requests (429)")
    assert len(requests) == 1


class Silent(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3600)
        raise AssertionError


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (replace(QUICK, read_timeout=0.01), "Example did not answer in time."),
        (
            replace(INTERACTIVE, time_limit=0.05),
            "Example is taking too long to answer. Try again later.",
        ),
    ],
    ids=["run", "person"],
)
async def test_missing_response_times_out(policy: RetryPolicy, sentence: str) -> None:
    async with client_of(transport=Silent, policy=policy) as client, asyncio.timeout(WITHIN):
        with pytest.raises(HostUnavailable) as caught:
            await sent(client)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("link", "path"),
    [("?page=2", "/v1/things?page=2"), ("/v1/x", "/v1/x"), ("https://api.example.org/y", "/y")],
)
async def test_only_links_to_the_same_host_are_followed(link: str, path: str) -> None:
    async with client_of("https://api.example.org/v1") as client:
        assert str(client.follow(client.url("things"), link)) == f"https://api.example.org{path}"
        for other in (
            "https://elsewhere.example.org/",
            "http://api.example.org/",
            "//x@api.example.org/",
            "https://[",
        ):
            with pytest.raises(InvalidLink):
                client.follow(client.url("things"), other)


async def test_invalid_base_url_is_refused() -> None:
    with pytest.raises(InvalidInput):
        async with client_of("https://api.example.org:port"):
            pass


async def test_library_transport_bounds_the_body_and_sets_the_coding(server: Server) -> None:
    transport = LibraryTransport(over_network)
    async with httpx.AsyncClient(transport=transport):
        pass  # each of the library's clients closes its transport
    async with httpx.AsyncClient(transport=transport) as library:
        server.status = 503
        answer = await library.post(f"{server.url}/token", data={"code": "1"}, auth=("me", "secret"))
        assert (answer.status_code, answer.json(), server.bodies) == (503, {"data": []}, [b"code=1"])
        server.body = bytes(MIB + 1)
        with pytest.raises(httpx.DecodingError):
            await library.get(server.url)
    headers = server.requests[0].headers
    assert (headers["Accept-Encoding"], headers["User-Agent"]) == ("gzip", "gleanin-sync")
    assert headers["Authorization"].startswith("Basic ")
