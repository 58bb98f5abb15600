"""Error responses become sentences about what to do."""

import pytest

from gleanin_sync_pretalx.client import NotFound
from gleanin_sync_testkit.wire import Answer
from plugins.pretalx.tests.in_memory import client_of
from ports.plugins import (
    SourceError,
    SourceEventRefused,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)

HTML = {"content-type": "text/html; charset=utf-8"}
SECRET = {"detail": "The token kit-token is wrong."}


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (Answer(SECRET, status=401), SourceRefused, "expired or been revoked"),
        (Answer(body=b"<p>", status=401, headers=HTML), SourceRefused, "expired or been revoked"),
        (Answer(SECRET, status=403), SourceRefused, "list the events"),
        (Answer(body=b"<p>", status=403, headers=HTML), SourceUnavailable, "a web page"),
        (Answer(body=b"<p>", status=200, headers=HTML), SourceUnavailable, "a web page"),
        (Answer(body=b"<p>", status=404, headers=HTML), NotFound, "no pretalx API at this address"),
        (Answer(SECRET, status=404), NotFound, "no pretalx API at this address"),
        (Answer(SECRET, status=400), SourceUnreadable, "version v1"),
        (Answer(SECRET, status=418), SourceUnreadable, "HTTP 418"),
        (
            Answer(status=301, headers={"location": "https://other.example.org/"}),
            SourceUnreadable,
            "redirects",
        ),
        (Answer(body=b"{"), SourceUnreadable, "not JSON"),
        (Answer(body=b"[" * 100_000), SourceUnreadable, "not JSON"),
        (Answer(body=b"\xff"), SourceUnreadable, "not JSON"),
        (Answer(SECRET, status=503), SourceUnavailable, "503"),
    ],
)
async def test_an_error_says_what_to_do(answer: Answer, error: type[SourceError], sentence: str) -> None:
    async with client_of(lambda _: answer) as client:
        with pytest.raises(error, match=sentence) as caught:
            await client.read("events/")
    assert "kit-token" not in str(caught.value)


@pytest.mark.parametrize(("path", "is_of_event"), [("events/", False), ("events/conf/submissions/", True)])
async def test_rule_29_what_is_forbidden_below_an_event_concerns_that_event_only(
    path: str, is_of_event: bool
) -> None:
    async with client_of(lambda _: Answer(SECRET, status=403)) as client:
        with pytest.raises(SourceRefused) as caught:
            await client.read(path)
    assert isinstance(caught.value, SourceEventRefused) is is_of_event
