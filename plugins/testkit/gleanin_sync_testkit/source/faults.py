"""Faults: what passes is tried again, and what stays is an error and never the end of a list."""

import json
from dataclasses import replace

import pytest

from core.domain.records.feeds import EXHIBITORS
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_same
from gleanin_sync_testkit.source.json_places import has_place
from gleanin_sync_testkit.source.pages import with_value
from gleanin_sync_testkit.source.reading import Reading
from gleanin_sync_testkit.source.system import System, key_of
from gleanin_sync_testkit.wire import Answer, Request
from ports.source import (
    SourceError,
    SourceIncomplete,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)

HTTP = ("is_http",)
OPERATIONS = pytest.mark.parametrize("operation", ["events", "event", "sessions", "exhibitors"])
TOO_LARGE = 33 * 2**20
"""Bytes: more than the client accepts in one answer."""
SHORT = {"Retry-After": "0"}
LONG = {"Retry-After": "86400"}
WEB_PAGE = b"<!doctype html><title>Just a moment...</title><p>kit</p>"
GARBAGE: dict[str, Answer] = {
    "a web page": Answer(body=WEB_PAGE, headers={"content-type": "text/html"}),
    "a web page that says it is JSON": Answer(body=WEB_PAGE),
    "no body": Answer(body=b""),
    "no JSON": Answer(body=b"\x00\xff"),
    "null": Answer(None),
    "a text": Answer("kit"),
    "a number": Answer(7),
    "HTTP 204": Answer(status=204, body=b""),
    "HTTP 400": Answer({"detail": "kit"}, status=400),
    "HTTP 418": Answer({"detail": "kit"}, status=418),
    "a redirect": Answer(status=302, body=b"", headers={"location": "https://evil.example.org/login"}),
    "a redirect on the same host": Answer(status=302, body=b"", headers={"location": "/login"}),
}


class FaultTests(SourceTests):
    @OPERATIONS
    @requirement("Goes on after a 429, a 5xx or a cut connection that passes", rule=29, needs=HTTP)
    async def test_passing_faults_are_survived(self, system: System, operation: str) -> None:
        expected, requests = await _prepared(system, operation)
        passing = (
            Answer(status=429, body=b"", headers=SHORT),
            Answer(status=429, body=b"slow down"),
            Answer(status=500, body=b"odd"),
            Answer(status=503, body=WEB_PAGE, headers={"content-type": "text/html"}),
            None,
        )
        for request in requests:
            for answer in passing:
                fault = system.fail(request, answer, times=1)
                reading = await system.perform(system.operations()[operation])
                assert fault.met
                check_same(reading, expected.rows)

    @OPERATIONS
    @requirement("Is unavailable while a 429, a 5xx or a cut connection lasts", rule=29, needs=HTTP)
    async def test_lasting_faults_are_unavailable(self, system: System, operation: str) -> None:
        expected, requests = await _prepared(system, operation)
        for request in requests:
            for name, answer in (
                ("429 for a day", Answer(status=429, body=b"", headers=LONG)),
                ("500", Answer(status=500, body=b"odd")),
                ("504", Answer(status=504, body=WEB_PAGE, headers={"content-type": "text/html"})),
                ("a cut connection", None),
            ):
                system.fail(request, answer)
                reading = await system.perform(system.operations()[operation])
                _check_part(reading, expected)
                reading.failed(SourceUnavailable, why=f"{_place(request)} met {name}")

    @OPERATIONS
    @requirement("Is refused where the source answers 401 or 403", needs=("is_http", "needs_token"))
    async def test_refused_token(self, system: System, operation: str) -> None:
        expected, requests = await _prepared(system, operation)
        for request in requests:
            for status in (401, 403):
                answer = Answer({"detail": f"The token {system.stand_in.token} is wrong."}, status=status)
                system.fail(request, answer)
                reading = await system.perform(system.operations()[operation])
                _check_part(reading, expected)
                reading.failed(SourceRefused, why=f"{_place(request)} was answered with {status}")

    @OPERATIONS
    @pytest.mark.parametrize("garbage", [*GARBAGE])
    @requirement("Takes no answer that is none for the end of a list", rule=34, needs=HTTP)
    async def test_garbage_is_an_error(self, system: System, operation: str, garbage: str) -> None:
        expected, requests = await _prepared(system, operation)
        for request in requests:
            system.fail(request, GARBAGE[garbage])
            reading = await system.perform(system.operations()[operation])
            _check_part(reading, expected)
            allowed = SourceUnreadable, SourceUnavailable, SourceIncomplete
            reading.failed(*allowed, why=f"{_place(request)} was answered with {garbage}")

    @OPERATIONS
    @requirement("Takes JSON of another shape, or cut off, for no list", rule=34, needs=HTTP)
    async def test_other_shapes_are_errors(self, system: System, operation: str) -> None:
        expected, requests = await _prepared(system, operation)
        for request in requests:
            good = system.stand_in.answer(request)
            for name, answer in _other_shapes(system, good).items():
                system.fail(request, answer)
                reading = await system.perform(system.operations()[operation])
                _check_part(reading, expected)
                allowed = SourceUnreadable, SourceUnavailable, SourceIncomplete
                reading.failed(*allowed, why=f"{_place(request)} was answered with {name}")

    @requirement("Takes a 404 on a list of rows for no empty list", rule=34, needs=HTTP)
    async def test_missing_list_is_an_error(self, system: System) -> None:
        for operation in ("sessions", "exhibitors"):
            expected, requests = await _prepared(system, operation)
            for request in requests:
                system.fail(request, Answer({"detail": "not found"}, status=404))
                reading = await system.perform(
                    system.operations().get(operation, system.operations()["sessions"])
                )
                _check_part(reading, expected)
                reading.failed(SourceError, why=f"{_place(request)} was answered with 404")

    @requirement("Ends with an error where an answer is too large", rule=29, needs=HTTP)
    async def test_large_answers(self, system: System) -> None:
        expected, requests = await _prepared(system, "sessions")
        huge = Answer(body=b" " * TOO_LARGE)
        wanted = system.stand_in.list_of(requests[-1])
        fault = system.fail(requests[-1], huge)
        fault.matches = lambda sent: system.stand_in.list_of(sent) == wanted
        reading = await system.perform(system.operations()["sessions"])
        _check_part(reading, expected)
        reading.failed(SourceError, why=f"{_place(requests[-1])} was answered with {TOO_LARGE:,} bytes")

    @requirement("Can be read again after a fault", rule=29, needs=HTTP)
    async def test_source_recovers(self, system: System) -> None:
        expected, requests = await _prepared(system, "sessions")
        system.fail(requests[-1], Answer(status=500, body=b"odd"))
        async with system.opened() as source:
            assert (await system.operations()["sessions"](source)).error is not None
            system.heal()
            check_same(await system.operations()["sessions"](source), expected.rows)

    @requirement(
        "Sends the token to the source, and shows it to nobody", rule=2, needs=("is_http", "needs_token")
    )
    async def test_token_is_secret(self, system: System) -> None:
        token, (_, requests) = system.stand_in.token, await _prepared(system, "sessions")
        for request in requests:
            sent = (request.url, request.body.decode(errors="replace"), *request.headers.values())
            assert any(token in text for text in sent), f"{_place(request)} was asked for without the token."
            assert system.capabilities.takes_token_in_url or token not in request.url, (
                "The token is part of a URL, where logs show it. Send it as a header. If the system takes it nowhere "
                "else, declare takes_token_in_url."
            )
        async with system.opened() as source:
            assert token not in repr(source), "The token is in the source's repr: leave it to the client."
            for request in requests:
                for status in (400, 401, 403, 404, 418, 500):
                    system.fail(request, Answer({"detail": f"Wrong token {token}"}, status=status))
                    error = (await system.operations()["sessions"](source)).error
                    assert error is None or token not in f"{error!r} {error}", (
                        f"The token is in the error after a {status}: {error}. Quote no answers."
                    )


async def _prepared(system: System, operation: str) -> tuple[Reading, list[Request]]:
    """Put rows on more than one page; return a reading that works, and its requests."""
    if operation == "exhibitors" and not system.capabilities.has_exhibitors:
        pytest.skip("not declared: has_exhibitors")
    count = system.stand_in.page_size + 1 if system.capabilities.is_paged else 3
    system.put_sessions(count)
    if system.capabilities.has_exhibitors:
        system.put(EXHIBITORS, system.examples.exhibitors(count))
    before = len(system.wire.requests)
    reading = await system.perform(system.operations()[operation])
    assert reading.complete, f"{reading.words} returned nothing."
    requests = {key_of(request): request for request in system.wire.requests[before:]}
    assert requests, (
        "The plug-in sent no request by the client that it was given. Declare is_http=False for a file."
    )
    return reading, [*requests.values()]


def _check_part(reading: Reading, whole: Reading) -> None:
    """Check that what came before an error is a part of what there is."""
    known = {row.id: row for row in whole.rows}
    check_same(
        Reading(reading.words, reading.rows), [known[row_id] for row_id in reading.ids if row_id in known]
    )


def _other_shapes(system: System, good: Answer) -> dict[str, Answer]:
    body = json.dumps(good.json).encode()
    shapes: dict[str, Answer] = {
        "JSON that is cut off": replace(good, body=body[: len(body) // 2]),
        "JSON that lacks its end": replace(good, body=body[:-1]),
        "an object that says there is an error": Answer({"error": "kit"}),
    }
    if isinstance(good.json, dict):
        shapes |= {"a list": Answer([]), "an empty object": Answer({})}
    path = system.stand_in.rows_at
    if path and has_place(good.json, path):
        for odd in (None, {}, "kit", 7, {"kit": 1}):
            shapes[f"{odd!r} instead of the rows"] = with_value(good, path, odd)
    return shapes


def _place(request: Request) -> str:
    return f"{request.method} {request.path}?{'&'.join(f'{key}={value}' for key, value in request.query.items())}"
