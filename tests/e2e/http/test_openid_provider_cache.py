"""How often the provider's metadata is requested: by the clock, and when the provider fails."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from entrypoints.container import Container
from entrypoints.http.openid_client import CACHE_SECONDS, FAILURE_CACHE_SECONDS, OpenIdProvider
from entrypoints.settings import Settings
from tests.support.openid_provider import Provider, serving

METADATA = "/.well-known/openid-configuration"


@dataclass(slots=True)
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def kept(provider: Provider, time: Time) -> OpenIdProvider:
    settings = {
        "openid_issuer": provider.issuer,
        "openid_client_id": "a",
        "openid_client_secret": "b",
        "allow_private_addresses": True,
    }
    chosen = Settings.model_validate(settings)
    return OpenIdProvider(chosen, Container(chosen).openid_transport(), time)


async def test_it_is_asked_once_for_all_who_come_at_once_and_again_after_a_while(
    provider: Provider, time: Time, kept: OpenIdProvider
) -> None:
    clients = await asyncio.gather(*(kept.client() for _ in range(20)))
    assert len({id(client) for client in clients}) == 1
    time.now = CACHE_SECONDS - 1
    await kept.client()
    assert provider.requests[METADATA] == 1
    time.now = CACHE_SECONDS
    assert await kept.client() is not clients[0]
    assert provider.requests[METADATA] == 2


async def test_a_failure_is_shared_and_not_kept_for_long(
    provider: Provider, time: Time, kept: OpenIdProvider
) -> None:
    provider.is_down = True
    ends = await asyncio.gather(*(kept.client() for _ in range(20)), return_exceptions=True)
    assert {type(end) for end in ends} == {httpx.HTTPStatusError}
    with pytest.raises(httpx.HTTPStatusError):
        await kept.client()
    assert provider.requests[METADATA] == 1
    provider.is_down = False
    time.now = FAILURE_CACHE_SECONDS
    assert await kept.client()
    assert provider.requests[METADATA] == 2


async def test_one_that_goes_away_takes_nothing_from_those_who_wait_too(
    provider: Provider, kept: OpenIdProvider
) -> None:
    gone, stays = (asyncio.ensure_future(kept.client()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays
    assert provider.requests[METADATA] == 1
