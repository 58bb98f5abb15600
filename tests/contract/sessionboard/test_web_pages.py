"""A web page instead of an API response: a temporary challenge or notice from an intermediary (rule 29)."""

import httpx
import pytest

from core.domain.ids import SourceEventId
from core.domain.records.feeds import SESSIONS
from ports.source import (
    Source,
    SourceError,
    SourceEventGone,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)
from tests.contract.sessionboard.conftest import all_rows
from tests.contract.sessionboard.fake_api import FakeApi

EVENT = SourceEventId("1")
PAGE = b"<!doctype html><title>Just a moment...</title>"
STATUSES = pytest.mark.parametrize("status", [200, 400, 403, 404, 405, 418])


def web_page(
    status: int, kind: str | None = "text/html; charset=utf-8", body: bytes = PAGE
) -> httpx.Response:
    return httpx.Response(status, content=body, headers={"content-type": kind} if kind else {})


LOOKS = {
    "by its type": ("Text/HTML; charset=utf-8", b""),
    "XHTML": ("application/xhtml+xml", b"?"),
    "by its body": ("application/json", PAGE),
    "after blanks": (None, b"\xef\xbb\xbf\r\n  " + PAGE),
    "as text": ("text/plain", PAGE),
}


@STATUSES
@pytest.mark.parametrize(("kind", "body"), LOOKS.values(), ids=LOOKS.keys())
async def test_rule_29_transient_web_page_is_retried(
    api: FakeApi, source: Source, status: int, kind: str | None, body: bytes
) -> None:
    api.sessions = [{"id": "s1"}]
    api.first_answers.extend(web_page(status, kind, body) for _ in range(4))
    assert len(await all_rows(source.records(EVENT, SESSIONS))) == 1
    assert len(api.requests) == 5


@STATUSES
async def test_rule_29_permanent_web_page_is_temporary_failure(
    api: FakeApi, source: Source, status: int
) -> None:
    api.first_answers.extend(web_page(status) for _ in range(99))
    with pytest.raises(SourceUnavailable) as caught:
        await all_rows(source.records(EVENT, SESSIONS))
    assert str(caught.value) == (
        f"Sessionboard returned a web page instead of an API response (HTTP {status}); "
        "if this persists, check the address."
    )
    assert len(api.requests) == 5


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (web_page(401), SourceRefused),
        (httpx.Response(403, json={"error": "Forbidden"}), SourceRefused),
        (httpx.Response(403), SourceRefused),
        (httpx.Response(403, text="no"), SourceRefused),
        (httpx.Response(403, content=b"?", headers={"content-encoding": "gzip"}), SourceRefused),
        (httpx.Response(404, json={"error": "NotFound"}), SourceEventGone),
        (httpx.Response(404), SourceEventGone),
        (httpx.Response(302, html="<html>", headers={"location": "/login"}), SourceUnreadable),
    ],
    ids=["401", "403 JSON", "403 empty", "403 text", "403 unreadable", "404 JSON", "404 empty", "redirect"],
)
async def test_rule_29_clear_error_status_is_not_a_web_page(
    api: FakeApi, source: Source, answer: httpx.Response, kind: type[SourceError]
) -> None:
    api.first_answers.append(answer)
    with pytest.raises(kind):
        await all_rows(source.records(EVENT, SESSIONS))
    assert len(api.requests) == 1


async def test_rule_34_web_page_instead_of_an_unannounced_page_is_not_the_end(
    api: FakeApi, source: Source
) -> None:
    api.sessions, api.pagination = [{"id": f"s{number}"} for number in range(150)], lambda *_: None
    first = {"results": api.sessions[:100]}
    api.first_answers.extend([httpx.Response(200, json=first), web_page(404)])
    assert len(await all_rows(source.records(EVENT, SESSIONS))) == 150


async def test_only_the_beginning_of_an_error_is_read(api: FakeApi, source: Source) -> None:
    read = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def] # noqa: ANN204 - a generator
            nonlocal read
            while True:
                read += 1
                yield b"?" * 512

    api.first_answers.append(httpx.Response(403, stream=Endless()))
    with pytest.raises(SourceRefused):
        await all_rows(source.records(EVENT, SESSIONS))
    assert read <= 4
