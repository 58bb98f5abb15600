"""The stand-ins refuse too many requests with 429, with every form of `Retry-After`."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from tests.e2e.sandbox.conftest import Clock, Gleanin, Sessionboard, errors


async def statuses(gleanin: Gleanin, times: int) -> list[int]:
    return [(await gleanin.http.get("/events")).status_code for _ in range(times)]


async def refused(gleanin: Gleanin) -> httpx.Response:
    answer = await gleanin.create("speakers")
    assert answer.status_code == 429
    assert errors(answer) == {None: "You have made too many requests. Please wait."}
    return answer


async def test_so_many_requests_are_refused_and_carry_nothing_out(
    gleanin: Gleanin, state: SandboxState
) -> None:
    state.inject_faults(Fault(refuse_next=2))
    await refused(gleanin)
    await refused(gleanin)
    assert not state.writes
    assert (await gleanin.create("speakers")).status_code == 201


@pytest.mark.parametrize(("seconds", "retry_after"), [(None, "1"), (120, "120"), (0.2, "1"), (0, "0")])
async def test_a_refusal_says_how_many_seconds_to_wait(
    gleanin: Gleanin, state: SandboxState, seconds: float | None, retry_after: str
) -> None:
    state.inject_faults(Fault(refuse_next=1, retry_after=seconds))
    assert (await refused(gleanin)).headers["Retry-After"] == retry_after


async def test_a_refusal_can_say_it_as_a_date(gleanin: Gleanin, state: SandboxState) -> None:
    state.inject_faults(Fault(refuse_next=1, retry_after=90, retry_after_as_date=True))
    retry_after = (await refused(gleanin)).headers["Retry-After"]
    wait = parsedate_to_datetime(retry_after) - datetime.now(UTC)
    assert retry_after.endswith(" GMT")
    assert timedelta(seconds=89) < wait <= timedelta(seconds=91)


async def test_a_refusal_can_be_silent(gleanin: Gleanin, state: SandboxState) -> None:
    state.inject_faults(Fault(refuse_next=1, retry_after=-1))
    assert "Retry-After" not in (await refused(gleanin)).headers


async def test_sessionboard_words_a_refusal_as_it_documents_it(
    sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(refuse_next=1))
    answer = await sessionboard.search()
    assert answer.status_code == 429
    assert answer.json()["error"] == "TooManyRequestsError"
    assert answer.headers["Retry-After"] == "1"


async def test_no_more_requests_a_second_are_answered_than_allowed(
    gleanin: Gleanin, state: SandboxState, clock: Clock
) -> None:
    state.inject_faults(Fault(requests_per_second=3))
    assert await statuses(gleanin, 5) == [200, 200, 200, 429, 429]
    clock.at += 0.5
    assert await statuses(gleanin, 1) == [429]
    clock.at += 0.5
    assert await statuses(gleanin, 4) == [200, 200, 200, 429]


async def test_every_answer_tells_what_is_left_of_the_limit(
    gleanin: Gleanin, state: SandboxState, clock: Clock
) -> None:
    state.inject_faults(Fault(requests_per_second=2, retry_after=7))
    headers_of_all = []
    for _ in range(3):
        headers_of_all.append((await gleanin.http.get("/events")).headers)
        clock.at += 0.1
    names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")
    assert [[headers.get(name) for name in names] for headers in headers_of_all] == [
        ["2", "1", "1", None],
        ["2", "0", "1", None],
        ["2", "0", "1", "7"],
    ]


async def test_without_a_limit_gleanin_tells_none_and_sessionboard_what_it_documents(
    gleanin: Gleanin, sessionboard: Sessionboard
) -> None:
    ours, theirs = await gleanin.http.get("/events"), await sessionboard.search()
    assert not [name for name in ours.headers if name.startswith("ratelimit")]
    assert theirs.headers["RateLimit-Limit"] == "100"


async def test_requests_of_others_do_not_count_against_a_limit(
    gleanin: Gleanin, sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), methods=("GET",), requests_per_second=1))
    assert [(await sessionboard.search()).status_code for _ in range(3)] == [200, 200, 200]
    assert [(await gleanin.create("speakers")).status_code for _ in range(3)] == [201, 201, 201]
    assert await statuses(gleanin, 2) == [200, 429]
