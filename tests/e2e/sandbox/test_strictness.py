"""The Gleanin stand-in rejects everything that its contract does not allow, and reports where the error is."""

import json
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SandboxState
from tests.e2e.sandbox.conftest import (
    GLEANIN_EVENT,
    LINK_DELAY,
    SPEAKER,
    VALID,
    Clock,
    Gleanin,
    document,
    errors,
)
from tests.support.timeouts import WITHIN

KINDS = list(VALID)
REQUIRED = [(kind, name) for kind, attributes in VALID.items() for name in attributes]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_right_create_answers_with_the_whole_resource(gleanin: Gleanin, kind: str) -> None:
    answer = await gleanin.create(kind)
    assert answer.status_code == 201
    resource = answer.json()["data"]
    assert resource["type"] == kind
    assert resource["attributes"].items() >= VALID[kind].items()
    assert resource["attributes"]["created_at"] == "2027-03-01T12:00:00.000Z"
    assert resource["relationships"]["event"]["data"] == {"type": "events", "id": str(GLEANIN_EVENT)}
    assert (await gleanin.read(kind))["included"] == [resource]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unknown_attribute_is_refused(gleanin: Gleanin, state: SandboxState, kind: str) -> None:
    answer = await gleanin.create(kind, shoe_size=43)
    assert answer.status_code == 422
    assert errors(answer) == {"/data/attributes/shoe_size": "shoe_size is not a writable attribute"}
    assert await gleanin.ids(kind) == []
    assert not state.writes


@pytest.mark.parametrize(("kind", "name"), REQUIRED)
async def test_a_missing_required_attribute_is_refused(gleanin: Gleanin, kind: str, name: str) -> None:
    attributes = {key: value for key, value in VALID[kind].items() if key != name}
    missing = await gleanin.http.post(f"/{kind}", json=document(kind, attributes))
    null = await gleanin.create(kind, **{name: None})
    assert (missing.status_code, null.status_code) == (422, 422)
    assert errors(missing) == {f"/data/attributes/{name}": f"{name} is missing"}
    assert errors(null) == {f"/data/attributes/{name}": f"{name} can't be blank"}


@pytest.mark.parametrize(
    ("kind", "name", "value", "problem"),
    [
        ("sessions", "title", 5, "must be a string"),
        ("sessions", "title", " ", "can't be blank"),
        ("sessions", "description", ["text"], "must be a string"),
        ("sessions", "starts_at", "2027-07-21T07:15:00Z", "must be a time such as 2027-07-21T09:15:00.000Z"),
        ("sessions", "ends_at", "2027-02-30T07:15:00.000Z", "is not an existing time"),
        ("sessions", "tracks", "Practice", "must be a list of strings"),
        ("sessions", "tracks", [1], "must be a list of strings"),
        ("sessions", "external_idx", 1, "must be a string"),
        ("speakers", "event_id", str(GLEANIN_EVENT), "must be an integer"),
        ("speakers", "event_id", True, "must be an integer"),
        ("speakers", "email", "nobody", "is not an e-mail address"),
        ("speakers", "job_title", False, "must be a string"),
        ("speakers", "first_name", "A\0da", "has a NUL character"),
        ("speakers", "session_ids", ["500001"], "must be a list of integers"),
        ("speakers", "session_ids", 500001, "must be a list of integers"),
        (
            "speakers",
            "headshot_url",
            "https://x.example/a.HEIC?w=1",
            "is a HEIC image, which is not supported",
        ),
        ("exhibitors", "logo_url", 1, "must be a string"),
    ],
)
async def test_a_wrong_value_is_refused_in_creates_and_updates(
    gleanin: Gleanin, kind: str, name: str, value: Any, problem: str
) -> None:
    record_id = await gleanin.created(kind)
    for answer in (
        await gleanin.create(kind, **{name: value}),
        await gleanin.update(kind, record_id, **{name: value}),
    ):
        assert answer.status_code == 422
        assert errors(answer) == {f"/data/attributes/{name}": f"{name} {problem}"}


async def test_every_complaint_is_told_at_once(gleanin: Gleanin) -> None:
    answer = await gleanin.http.post("/speakers", json=document("speakers", {"name": 1, "x": 1}))
    found = errors(answer)
    assert {str(pointer).rpartition("/")[2] for pointer in found} == {
        "name",
        "x",
        "email",
        "event_id",
        "external_idx",
    }


@pytest.mark.parametrize(
    ("content", "status", "pointer"),
    [
        (b"<html>", 400, None),
        (b"\xff", 400, None),
        (b"[" * 100_000, 400, None),
        (b"[]", 422, "/data"),
        (b'{"data": {}, "meta": {}}', 422, "/data"),
        (json.dumps(document("sessions", SPEAKER)).encode(), 422, "/data/type"),
        (json.dumps(document("speakers", SPEAKER, "5")).encode(), 422, "/data/id"),
        (json.dumps(document("speakers", [SPEAKER])).encode(), 422, "/data/attributes"),
        (json.dumps(document("speakers", SPEAKER | {"name": "x" * 2**20})).encode(), 413, None),
    ],
    ids=["html", "bytes", "deep", "list", "more", "other type", "id", "attributes", "large"],
)
async def test_a_body_of_another_form_is_refused(
    gleanin: Gleanin, content: bytes, status: int, pointer: str | None
) -> None:
    async def in_chunks() -> Any:
        yield content

    headers = {"Content-Type": "application/json"}
    for sent in (content, in_chunks()):
        answer = await gleanin.http.post("/speakers", content=sent, headers=headers)
        assert answer.status_code == status
        assert list(errors(answer)) == [pointer]


async def test_another_content_type_is_refused(gleanin: Gleanin) -> None:
    content = json.dumps(document("speakers", SPEAKER)).encode()
    headers = {"Content-Type": "application/vnd.api+json"}
    answer = await gleanin.http.post("/speakers", content=content, headers=headers)
    assert answer.status_code == 415


async def test_an_update_keeps_what_it_does_not_name_and_clears_what_it_nulls(
    gleanin: Gleanin, clock: Clock
) -> None:
    session = int(await gleanin.created("sessions"))
    record_id = await gleanin.created(job_title="Countess", session_ids=[session])
    clock.at += 60
    answer = await gleanin.update("speakers", record_id, job_title=None, session_ids=None)
    attributes = answer.json()["data"]["attributes"]
    assert answer.status_code == 200
    assert attributes.items() >= {**SPEAKER, "job_title": None, "session_ids": []}.items()
    assert attributes["updated_at"] == "2027-03-01T12:01:00.000Z"


async def test_a_tie_to_what_is_not_of_the_event_is_refused(gleanin: Gleanin, state: SandboxState) -> None:
    elsewhere = state.gleanin.add_event("Other Days").id
    session = int(await gleanin.created("sessions", event_id=elsewhere))
    record_id = await gleanin.created()
    pointers = [
        (await gleanin.create("speakers", event_id=404), 404, "event_id"),
        (await gleanin.create("speakers", session_ids=[session]), 422, "session_ids"),
        (await gleanin.update("speakers", record_id, session_ids=[1]), 422, "session_ids"),
        (await gleanin.update("speakers", record_id, event_id=elsewhere), 422, "event_id"),
    ]
    for answer, status, name in pointers:
        assert answer.status_code == status
        assert list(errors(answer)) == [f"/data/attributes/{name}"]


async def test_there_is_no_way_to_delete_and_no_unknown_place(gleanin: Gleanin) -> None:
    record_id = await gleanin.created()
    requests: list[tuple[str, str, int]] = [
        ("DELETE", f"/speakers/{record_id}", 405),
        ("PATCH", "/speakers/404", 404),
        ("PATCH", f"/sessions/{record_id}", 404),
        ("GET", "/events/404", 404),
        ("GET", "/events/eight", 404),
        ("POST", "/sponsors", 404),
        ("GET", "/events?include=sponsors", 400),
        ("GET", "/events?page[number]=0", 400),
    ]
    for method, path, status in requests:
        answer = await gleanin.http.request(method, path, json={} if method == "PATCH" else None)
        assert (path, answer.status_code) == (path, status)
        assert errors(answer)


async def test_who_has_no_token_is_refused_by_both_sides(sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(verify=False, timeout=WITHIN) as http:
        theirs = await http.get(f"{sandbox.sessionboard_url}/v1/events", headers={"x-access-token": "other"})
        ours = await http.get(f"{sandbox.gleanin_url}/events", headers={"Authorization": "Bearer other"})
    assert (theirs.status_code, ours.status_code) == (401, 401)
    assert theirs.json() == {"error": "UnauthorizedError", "message": "The access token is not valid."}
    assert errors(ours) == {None: "The API token is not valid."}


async def test_a_repeated_create_makes_a_second_record_and_is_counted(
    gleanin: Gleanin, state: SandboxState
) -> None:
    first, second = await gleanin.created(), await gleanin.created()
    await gleanin.created(external_idx="person-2")
    assert len({first, second}) == 2
    assert len(await gleanin.ids()) == 3
    duplicates = {"sessions": 0, "speakers": 1, "exhibitors": 0}
    assert state.summary()["duplicates"] == {str(GLEANIN_EVENT): duplicates}


async def test_a_create_beside_a_record_that_was_given_its_external_id_counts_too(
    gleanin: Gleanin, state: SandboxState
) -> None:
    by_hand: dict[str, object] = {"name": "Ada", "email": "ada@example.org"}
    adopted, _, _ = (state.gleanin.add("speakers", GLEANIN_EVENT, by_hand) for _ in range(3))
    await gleanin.update("speakers", adopted.id, external_idx=SPEAKER["external_idx"])
    assert state.summary()["duplicates"][str(GLEANIN_EVENT)]["speakers"] == 0
    await gleanin.created()
    assert state.summary()["duplicates"][str(GLEANIN_EVENT)]["speakers"] == 1


@pytest.mark.parametrize("kind", ["speakers", "exhibitors"])
async def test_share_links_come_a_moment_after_a_person(gleanin: Gleanin, clock: Clock, kind: str) -> None:
    async def links() -> list[dict[str, Any]]:
        (record,) = (await gleanin.read(kind))["included"]
        return list(record["attributes"]["campaign_links"])

    created = await gleanin.create(kind)
    assert created.json()["data"]["attributes"]["campaign_links"] == []
    clock.at += LINK_DELAY - 1
    assert await links() == []
    clock.at += 1
    (link,) = await links()
    assert link["url"].startswith("https://app.gleanin.com/share/")
    assert await links() == [link]
