"""Failures of requests to Sessionboard: they are retried, or explained in a sentence that says what to do."""

import httpx
import pytest

from adapters.sessionboard.plugin import REGIONS
from adapters.sessionboard.source import SessionboardSources
from core.domain.errors import InvalidInput
from core.domain.ids import SourceEventId
from core.domain.records.feeds import SESSIONS
from core.domain.tenancy.secrets import Token
from ports.source import (
    Source,
    SourceError,
    SourceEventGone,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)
from tests.contract.sessionboard.conftest import all_rows
from tests.contract.sessionboard.fake_api import TOKEN, FakeApi

EVENT = SourceEventId("1")
DATE = "Fri, 01 Jan 2027 00:00:00 GMT"


async def read_error(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await all_rows(source.records(EVENT, SESSIONS))
    assert TOKEN not in str(caught.value)
    return caught.value


async def test_permanent_failure_names_the_system(api: FakeApi, source: Source) -> None:
    api.first_answers.extend(httpx.Response(502) for _ in range(99))
    error = await read_error(source)

    assert isinstance(error, SourceUnavailable)
    assert "Sessionboard returned an error (HTTP 502)" in str(error)
    assert len(api.requests) == 5


async def test_unknown_token_is_refused(sources: SessionboardSources) -> None:
    async with sources.open("https://api.example.com", Token("another-token")) as source:
        with pytest.raises(SourceRefused, match="refused the Sessionboard token"):
            await source.events()


async def test_token_without_scopes_is_told_which_it_needs(api: FakeApi, source: Source) -> None:
    api.first_answers.append(httpx.Response(403, text="forbidden"))
    error = await read_error(source)
    assert isinstance(error, SourceRefused)
    assert all(scope in str(error) for scope in ("read:events", "read:sessions", "read:contacts"))


async def test_deleted_event_is_gone(api: FakeApi, source: Source) -> None:
    api.event_id = "2"
    assert isinstance(await read_error(source), SourceEventGone)


async def test_wrong_address_is_not_a_deleted_event(api: FakeApi, source: Source) -> None:
    api.first_answers.append(httpx.Response(404))
    with pytest.raises(SourceUnreadable, match="HTTP 404"):
        await source.events()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, content=b"\x00\xff"), r"invalid JSON \(no content type, 2 bytes\)"),
        (httpx.Response(200, json={"error": "secret"}), "an object without results"),
        (httpx.Response(200, json=["secret"]), "a list instead of an object"),
        (
            httpx.Response(200, stream=httpx.ByteStream(b"secret"), headers={"content-encoding": "gzip"}),
            "cannot be decompressed",
        ),
        (httpx.Response(200, json={"results": []}, headers={"x-junk": "y" * 5000}), "headers .* too large"),
        (
            httpx.Response(302, headers={"location": "https://evil.example/"}),
            "redirects to another address .* address",
        ),
        (httpx.Response(308, headers={"location": "/login"}), "redirects to another address"),
        (httpx.Response(204), "HTTP 204"),
        (httpx.Response(400, text="secret"), "HTTP 400"),
    ],
)
async def test_malformed_response_is_described_without_a_quote(
    api: FakeApi, source: Source, answer: httpx.Response, words: str
) -> None:
    api.first_answers.append(answer)
    error = await read_error(source)

    assert isinstance(error, SourceUnreadable)
    assert error.args[0] == str(error)
    assert "secret" not in str(error)
    with pytest.raises(SourceUnreadable, match=words):
        raise error
    assert len(api.requests) == 1, "neither retried nor followed"


async def test_failure_on_a_later_page_comes_after_the_earlier_pages(api: FakeApi, source: Source) -> None:
    api.sessions = [{"id": f"s{number}"} for number in range(900)]

    def fail_on_page_three(request: httpx.Request) -> httpx.Response:
        if request.url.params["page"] == "3":
            return httpx.Response(401)
        answered = FakeApi(sessions=api.sessions)
        return answered(request)

    api.first_answers.extend([fail_on_page_three] * 20)
    pages = source.records(EVENT, SESSIONS)
    assert [len(await anext(pages)) for _ in range(2)] == [100, 100]
    with pytest.raises(SourceRefused):
        await anext(pages)


@pytest.mark.parametrize("url", ["http://api.example.com", "https://127.0.0.1", "nonsense", ""])
def test_disallowed_address_is_refused_before_any_request(
    api: FakeApi, sources: SessionboardSources, url: str
) -> None:
    with pytest.raises(InvalidInput):
        sources.open(url, Token(TOKEN))
    assert not api.requests


@pytest.mark.parametrize("region", REGIONS.values())
async def test_addresses_of_both_regions_are_allowed(
    api: FakeApi, sources: SessionboardSources, region: str
) -> None:
    async with sources.open(region, Token(TOKEN)) as source:
        assert len(await source.events()) == 1
    assert str(api.requests[0].url) == f"{region}/v1/events?page=1&pageSize=100"


async def test_base_address_can_have_a_path(api: FakeApi, sources: SessionboardSources) -> None:
    async with sources.open("https://proxy.example.com/sessionboard/", Token(TOKEN)) as source:
        with pytest.raises(SourceUnreadable):
            await source.events()
    assert api.requests[0].url.path == "/sessionboard/v1/events"
