"""Each fault has its documented effect on its requests, and is reproducible with a seed."""

import asyncio
import json
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SandboxState
from tests.e2e.sandbox.conftest import SPEAKER, Clock, Gleanin, Sessionboard, document, errors
from tests.support.timeouts import until

CUT = 0
"""The status that a connection closed without a response is counted under."""


async def status(asking: Any) -> int:
    try:
        answer = await asking
    except httpx.TransportError:
        return CUT
    assert isinstance(answer, httpx.Response)
    return answer.status_code


async def creates(gleanin: Gleanin, times: int) -> list[int]:
    return [await status(gleanin.create("speakers", external_idx=f"person-{n}")) for n in range(times)]


async def reads(gleanin: Gleanin, times: int) -> list[int]:
    return [await status(gleanin.http.get("/events")) for _ in range(times)]


async def test_latency_goes_before_the_work(gleanin: Gleanin, state: SandboxState) -> None:
    state.inject_faults(Fault(latency_ms=300))
    began = monotonic()
    creating = asyncio.create_task(gleanin.create("speakers"))
    await until(lambda: state.log.in_flight == 1)
    assert not state.writes
    assert (await creating).status_code == 201
    assert monotonic() - began >= 0.3


async def test_a_delayed_answer_comes_after_the_work(gleanin: Gleanin, state: SandboxState) -> None:
    state.inject_faults(Fault(answer_delay_ms=300))
    began = monotonic()
    creating = asyncio.create_task(gleanin.create("speakers"))
    await until(lambda: bool(state.writes))
    assert not creating.done()
    assert (await creating).status_code == 201
    assert monotonic() - began >= 0.3


async def send(sandbox: Sandbox, share: float = 1) -> asyncio.StreamWriter:
    """Send a create, or its beginning, without waiting for the response."""
    url = urlsplit(sandbox.gleanin_url)
    body = json.dumps(document("speakers", SPEAKER)).encode()
    head = (
        f"POST {url.path}/speakers HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {GLEANIN_TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(head.encode() + body[: int(len(body) * share)])
    await writer.drain()
    await until(lambda: sandbox.state.log.in_flight == 1)
    return writer


async def test_a_write_takes_place_although_its_client_has_died(sandbox: Sandbox) -> None:
    sandbox.state.inject_faults(Fault(latency_ms=500))
    writer = await send(sandbox)
    writer.transport.abort()
    await asyncio.sleep(0.02)
    assert not sandbox.state.writes, "it is executed that much later"
    await until(lambda: sandbox.state.writes["POST /speakers"] == 1)
    await until(lambda: sandbox.state.log.in_flight == 0)


async def test_a_request_that_was_not_sent_to_its_end_is_not_carried_out(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    writer = await send(sandbox, share=0.5)
    writer.transport.abort()
    await until(lambda: sandbox.state.log.in_flight == 0)
    assert not sandbox.state.writes
    assert sandbox.state.log.by_status == {f"gleanin {CUT}": 1}
    assert not caplog.records, "it is no fault of the server"


@pytest.mark.parametrize(
    ("trouble", "met"),
    [
        (Fault(cuts=1), {CUT}),
        (Fault(server_errors=1), {500, 502, 503}),
        (Fault(junk=1), {200}),
    ],
    ids=["cuts", "server errors", "junk"],
)
async def test_where_it_strikes_nothing_was_done(
    gleanin: Gleanin, state: SandboxState, trouble: Fault, met: set[int]
) -> None:
    state.inject_faults(trouble)
    assert set(await creates(gleanin, 3)) == met
    assert not state.writes
    state.inject_faults()
    assert await gleanin.ids() == []


async def test_junk_is_a_page_for_people(
    gleanin: Gleanin, sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(junk=1))
    for answer in (await gleanin.http.get("/events"), await sessionboard.search()):
        assert answer.headers["Content-Type"].startswith("text/html")
        with pytest.raises(ValueError, match="Expecting value"):
            answer.json()


async def test_a_challenge_is_a_page_for_people_on_either_side(
    gleanin: Gleanin, sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(challenge=1))
    for answer in (await gleanin.create("speakers"), await sessionboard.search()):
        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "prove that you are human" in answer.text
    assert not state.writes


async def test_a_share_of_requests_is_challenged_and_the_others_have_the_luck_they_had(
    gleanin: Gleanin, state: SandboxState
) -> None:
    state.inject_faults(Fault(server_errors=0.3, seed=7))
    before = await reads(gleanin, 40)
    state.inject_faults(Fault(server_errors=0.3, challenge=0.3, seed=7))
    met = await reads(gleanin, 40)
    assert {200, 403, 500} <= set(met)
    assert all(status in (was, 403) for was, status in zip(before, met, strict=True))


@pytest.mark.parametrize(("form", "kind"), [("html", "text/html"), ("json", "application/json")])
async def test_a_write_with_a_forbidden_word_is_refused_and_not_carried_out(
    gleanin: Gleanin, state: SandboxState, form: Any, kind: str
) -> None:
    record_id = await gleanin.created(name="Ada")
    state.inject_faults(Fault(forbidden_words=("DROP TABLE", "Zoë"), forbidden_as=form))
    for answer in (
        await gleanin.create("speakers", job_title="Head of DROP TABLE"),
        await gleanin.create("speakers", name="Zoë"),
        await gleanin.update("speakers", record_id, name="Zoë"),
    ):
        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith(kind)
    assert state.writes == {"POST /speakers": 1}
    assert await gleanin.ids() == [record_id]
    assert await status(gleanin.create("speakers", job_title="Countess")) == 201


async def test_forbidden_words_are_for_writes_to_gleanin_only(
    sessionboard: Sessionboard, gleanin: Gleanin, state: SandboxState
) -> None:
    state.inject_faults(Fault(forbidden_words=("accepted", "speakers")))
    assert (await sessionboard.search(filters={"status": "accepted"})).status_code == 200
    assert await gleanin.ids() == []


async def test_each_side_words_its_server_errors(
    gleanin: Gleanin, sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(server_errors=1))
    documents = [(await sessionboard.search()).json() for _ in range(3)]
    assert {one["error"] for one in documents} == {
        "InternalServerError",
        "BadGatewayError",
        "ServiceUnavailableError",
    }
    assert errors(await gleanin.http.get("/events")) == {None: "Something went wrong."}


@pytest.mark.parametrize(("lost_as", "met"), [("cut", CUT), ("500", 500), ("502", 502)])
async def test_an_answer_is_lost_after_the_write_took_place(
    gleanin: Gleanin, state: SandboxState, lost_as: Any, met: int
) -> None:
    state.inject_faults(Fault(lost_answers=1, lost_as=(lost_as,)))
    assert await creates(gleanin, 1) == [met]
    (record_id,) = await gleanin.ids()
    assert await status(gleanin.update("speakers", record_id, job_title="Countess")) == met
    (record,) = (await gleanin.read("speakers"))["included"]
    assert record["attributes"]["job_title"] == "Countess"
    assert state.writes == {"POST /speakers": 1, "PATCH /speakers": 1}


async def test_answers_are_lost_by_turns_and_only_those_of_writes(
    gleanin: Gleanin, sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(lost_answers=1))
    met = []
    for n in range(4):
        met += await creates(gleanin, 1)
        assert (await sessionboard.search()).status_code == 200
        assert len(await gleanin.ids()) == n + 1
    assert met == [CUT, 500, 502, CUT]


async def test_the_answer_to_a_refused_write_is_not_lost(gleanin: Gleanin, state: SandboxState) -> None:
    state.inject_faults(Fault(lost_answers=1))
    assert await status(gleanin.create("speakers", email=None)) == 422


async def test_a_revoked_token_stays_revoked(
    gleanin: Gleanin, sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), revoked_after=2))
    assert await reads(gleanin, 4) == [200, 200, 401, 401]
    assert errors(await gleanin.create("speakers")) == {None: "The token was revoked."}
    assert not state.writes
    assert (await sessionboard.search()).status_code == 200


@pytest.mark.parametrize(("cut", "left"), [(1, 2), (3, 0), (5, 0)])
async def test_included_records_can_be_missing_and_no_page_follows(
    gleanin: Gleanin, state: SandboxState, cut: int, left: int
) -> None:
    for n in range(4):
        await gleanin.created(external_idx=f"person-{n}")
    state.page_size = 3
    assert "next" in (await gleanin.read("speakers"))["links"]
    state.inject_faults(Fault(cut_included=cut))
    answer = await gleanin.read("speakers")
    assert len(answer["included"]) == left
    assert len(answer["data"]["relationships"]["speakers"]["data"]) == 3
    assert "links" not in answer


async def test_late_reads_show_a_record_only_so_long_after_it_was_created(
    gleanin: Gleanin, state: SandboxState, clock: Clock
) -> None:
    state.inject_faults(Fault(late_reads_s=10))
    first = await gleanin.created()
    clock.at += 6
    session = await gleanin.created("sessions")
    assert await gleanin.ids() == []
    patched = await gleanin.update("speakers", first, session_ids=[int(session)])
    assert patched.status_code == 200
    clock.at += 4
    answer = await gleanin.read("speakers", "sessions")
    assert [one["id"] for one in answer["included"]] == [first]
    assert answer["data"]["relationships"]["sessions"]["data"] == []
    assert answer["included"][0]["attributes"]["session_ids"] == [int(session)]
    clock.at += 6
    assert await gleanin.ids("sessions") == [session]


async def test_the_same_seed_has_the_same_luck_and_another_has_not(
    gleanin: Gleanin, state: SandboxState
) -> None:
    async def met(seed: int) -> list[int]:
        state.inject_faults(
            Fault(cuts=0.2, server_errors=0.2, lost_answers=0.3, seed=seed), Fault(refuse_next=3, first=9)
        )
        return await creates(gleanin, 40)

    first = await met(7)
    assert first == await met(7)
    assert first != await met(8)
    assert {CUT, 201, 429, 500} <= set(first)


async def test_a_trouble_is_for_its_side_its_methods_and_its_range(
    gleanin: Gleanin, sessionboard: Sessionboard, state: SandboxState
) -> None:
    state.inject_faults(Fault(sides=("gleanin",), methods=("POST",), first=2, last=3, junk=1, latency_ms=1))
    for _ in range(3):
        assert (await sessionboard.search()).json()
        assert (await gleanin.http.get("/events")).json()
    assert await creates(gleanin, 4) == [201, 200, 200, 201]
    assert state.writes == {"POST /speakers": 2}


async def test_the_first_trouble_that_strikes_has_struck_and_waits_add_up(
    gleanin: Gleanin, state: SandboxState
) -> None:
    state.inject_faults(Fault(server_errors=1, last=1, latency_ms=30), Fault(refuse_next=1, latency_ms=30))
    began = monotonic()
    assert await reads(gleanin, 3) == [502, 429, 200]
    assert monotonic() - began >= 0.12
