"""Notifications to a webhook over real HTTP."""

import asyncio
import gzip
import hashlib
import hmac
import json
import re
from dataclasses import replace

import pytest
from aiohttp import web

from core.domain.errors import InvalidInput
from ports.notifications import RecipientRefused, RecipientUnavailable
from tests.contract.http_client.conftest import Server
from tests.contract.notifications.conftest import MESSAGE, SECRET, webhook, webhook_at
from tests.support.assertions import present
from tests.support.store_samples import NOW
from tests.support.timeouts import WITHIN


async def deliver(hook: Server, **options: float) -> None:
    await webhook(**options).deliver(MESSAGE, webhook_at(hook.url), SECRET)  # type: ignore[arg-type] # only timeouts


async def test_body_has_the_documented_fields_only(hook: Server) -> None:
    await deliver(hook)
    assert json.loads(hook.bodies[0]) == {
        "id": "notice1",
        "at": "2027-05-01T09:30:15.123456+00:00",
        "organization": {"id": "org1", "name": "Python Français"},
        "mapping": {
            "id": "map1",
            "sessionboard": {"id": "s1", "name": "PyConFR"},
            "gleanin": {"id": "g1", "name": "PyConFR 2027"},
        },
        "change": "failing",
        "text": MESSAGE.text,
        "url": "https://sync.example.org/runs/run1",
    }
    assert hook.requests[0].headers["X-Gleanin-Sync-Notice"] == "notice1"
    assert hook.requests[0].headers["Content-Type"] == "application/json"


async def test_signature_can_be_verified_with_the_secret(hook: Server) -> None:
    await deliver(hook)
    given = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", hook.requests[0].headers["X-Gleanin-Sync-Signature"])
    seconds, signature = present(given).groups()
    expected = hmac.new(SECRET.value.encode(), seconds.encode() + b"." + hook.bodies[0], hashlib.sha256)
    assert hmac.compare_digest(expected.hexdigest(), signature)
    assert int(seconds) == int(NOW.timestamp()), "the time of the attempt, which reveals an old copy"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_means_delivered(hook: Server, status: int) -> None:
    hook.status = status
    await deliver(hook)
    assert len(hook.bodies) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_temporary_error_is_unavailable(hook: Server, status: int) -> None:
    hook.status = status
    with pytest.raises(RecipientUnavailable, match=str(status)):
        await deliver(hook)


@pytest.mark.parametrize("status", [400, 401, 404, 410])
async def test_permanent_error_is_a_refusal(hook: Server, status: int) -> None:
    hook.status = status
    with pytest.raises(RecipientRefused, match="Check its address"):
        await deliver(hook)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_is_not_followed(hook: Server, status: int) -> None:
    async def redirect(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    hook.answer = redirect
    with pytest.raises(RecipientRefused, match="redirects to another address"):
        await deliver(hook)
    assert len(hook.bodies) == 1


async def test_unresponsive_webhook_times_out(hook: Server) -> None:
    async def sleep(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    hook.answer = sleep
    async with asyncio.timeout(WITHIN):
        with pytest.raises(RecipientUnavailable, match="did not answer in time"):
            await deliver(hook, timeout=0.2)


async def test_response_body_is_not_read(hook: Server) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        await response.prepare(request)
        piece = gzip.compress(bytes(2**20))
        try:
            while True:
                await response.write(piece)
        except ConnectionError:
            return response

    hook.answer = endless
    async with asyncio.timeout(WITHIN):
        await deliver(hook)


async def test_private_address_is_refused_when_chosen_and_when_used(hook: Server) -> None:
    strict = webhook(allow_private=False)
    for url in (hook.url, "https://localhost/", "https://[::1]/", "https://10.0.0.1/x", "https://intranet/"):
        with pytest.raises(InvalidInput, match="private"):
            strict.normalize_address(webhook_at(url).channel, url)
        with pytest.raises(RecipientRefused, match="private"):
            await strict.deliver(MESSAGE, webhook_at(url), SECRET)
    assert hook.bodies == []


async def test_public_name_with_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolve(*_: object) -> list[dict[str, object]]:
        return [{"hostname": "x", "host": "127.0.0.1", "port": 443, "family": 2, "proto": 0, "flags": 0}]

    monkeypatch.setattr("aiohttp.resolver.DefaultResolver.resolve", resolve)
    with pytest.raises(RecipientRefused, match="has a private address"):
        await webhook(allow_private=False).deliver(MESSAGE, webhook_at("https://hooks.example.org/"), SECRET)


async def test_closed_port_is_unavailable() -> None:
    with pytest.raises(RecipientUnavailable, match=r"The webhook refused the connection"):
        await webhook().deliver(MESSAGE, webhook_at("http://127.0.0.1:1/s3cr3t"), SECRET)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/a/b/",
        "https://hooks.example.org/a?api-version=1&sig=a%2Fb",
        "https://hooks.example.org/?x",
        "https://hooks.example.org:8443/x",
    ],
)
def test_path_and_query_of_a_webhook_are_unchanged(url: str) -> None:
    assert webhook(allow_private=False).normalize_address(webhook_at(url).channel, url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://user:password@hooks.example.org/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org/?x#y",
        "https://hooks.example.org/?a b",
        "https://hooks.example.org/?x\r\nHost: y",
        "https://hooks.example.org/?" + "x" * 2001,
    ],
)
def test_invalid_webhook_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        webhook(allow_private=False).normalize_address(webhook_at(url).channel, url)


async def test_every_attempt_has_the_same_id_and_body(hook: Server) -> None:
    for _ in range(2):
        await deliver(hook)
    assert hook.bodies[0] == hook.bodies[1]
    assert replace(MESSAGE) == MESSAGE
