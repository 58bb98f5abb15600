"""Updates of contacts, exhibitors and sponsors, one at a time: guarded, validated, and nothing but custom fields."""

from typing import Any

import pytest

from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SandboxState
from tests.e2e.sandbox_writes.conftest import Clock
from tests.support.source_writer import SAVED_AT, Json, SourceWriter, values_in

URL = "https://x.example/1"
RECORDS = [
    ("contacts", "person-1"),
    ("contacts", "desk"),
    ("exhibitors", "exhibitor-1"),
    ("sponsors", "sponsor-1"),
]
LATER: Json = {"filters": {"updatedAt": {"after": "2027-03-01T11:59:59Z"}}}


@pytest.mark.parametrize(("path", "record_id"), RECORDS)
async def test_an_update_answers_with_the_whole_record(
    source: SourceWriter, path: str, record_id: str
) -> None:
    before = await source.record(record_id, path)
    answer = await source.update(
        record_id, path, updated_at=before["updated_at"], custom_fields={"gleanin_link": URL}
    )
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert values_in(record)["gleanin_link"] == URL
    assert record["updated_at"] == "2027-03-01T12:00:00.000Z"
    assert record == await source.record(record_id, path)
    changed = {"updated_at", "custom_fields"}
    assert {key: value for key, value in record.items() if key not in changed} == {
        key: value for key, value in before.items() if key not in changed
    }


@pytest.mark.parametrize(("path", "record_id"), RECORDS)
async def test_a_stale_guard_is_refused(
    source: SourceWriter, state: SandboxState, path: str, record_id: str
) -> None:
    await source.set_link(record_id, URL, path)
    for guard in (SAVED_AT, "2028-01-01T00:00:00Z"):
        answer = await source.update(
            record_id, path, updated_at=guard, custom_fields={"gleanin_link": "https://x.example/2"}
        )
        assert answer.status_code == 409
        assert answer.json()["error"] == "ConflictError"
    assert values_in(await source.record(record_id, path))["gleanin_link"] == URL
    assert state.sessionboard.log.operations == {f"{path} success": 1, f"{path} CONFLICT": 2}


async def test_without_a_guard_the_last_writer_wins(source: SourceWriter) -> None:
    for value in ("https://x.example/1", "https://x.example/2"):
        assert (await source.set_link("person-1", value)).status_code == 200
    assert values_in(await source.record("person-1"))["gleanin_link"] == "https://x.example/2"


@pytest.mark.parametrize("path", ["contacts", "exhibitors", "sponsors"])
async def test_an_unknown_record_or_event_is_not_found(source: SourceWriter, path: str) -> None:
    assert (await source.set_link("nobody", URL, path)).status_code == 404
    answer = await source.http.put(f"/v1/event/404/{path}/person-1", json={})
    assert (answer.status_code, answer.json()["error"]) == (404, "NotFoundError")


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null"])
async def test_a_body_that_is_no_object_is_refused(
    source: SourceWriter, state: SandboxState, body: bytes
) -> None:
    answer = await source.http.put(source.url("contacts/person-1"), content=body)
    assert answer.status_code == 400
    assert not state.sessionboard.log.requests


async def test_an_unknown_field_is_ignored_without_a_word(source: SourceWriter, state: SandboxState) -> None:
    answer = await source.update("person-1", custom_fields={"no_such_field": "x", "email": "y"})
    assert answer.status_code == 200
    assert answer.json()["email"] == "person1@example.org"
    assert not {"no_such_field", "email"} & values_in(answer.json()).keys()
    assert state.sessionboard.log.fields == {"contacts no_such_field": 1, "contacts email": 1}


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("twitter_handle", "x" * 255, True),
        ("twitter_handle", "x" * 256, False),
        ("gleanin_link", "x" * 5000, True),
        ("gleanin_link", "x" * 5001, False),
        ("gleanin_link", 7, False),
        ("gleanin_link", ["x"], False),
        ("gleanin_link", None, True),
        ("gleanin_link", "", True),
    ],
)
async def test_values_are_validated_by_the_type_of_the_field(
    source: SourceWriter, name: str, value: Any, fits: bool
) -> None:
    before = await source.record("person-1")
    answer = await source.update("person-1", custom_fields={name: value})
    after = await source.record("person-1")
    if fits:
        assert answer.status_code == 200
        assert values_in(after)[name] == (value or None)
    else:
        assert (answer.status_code, answer.json().keys()) == (400, {"error", "message"})
        assert after == before


@pytest.mark.parametrize("value", [None, ""])
async def test_a_value_is_cleared(source: SourceWriter, state: SandboxState, value: str | None) -> None:
    await source.set_link("person-1", URL)
    await source.set_link("person-1", value)
    assert values_in(await source.record("person-1"))["gleanin_link"] is None


@pytest.mark.parametrize(
    "wrong",
    [{"custom_fields": [{"internal_name": "gleanin_link", "value": URL}]}, {"updated_at": "yesterday"}],
)
async def test_a_list_of_fields_and_a_guard_that_is_no_time_are_refused(
    source: SourceWriter, wrong: Any
) -> None:
    before = await source.record("person-1")
    assert (await source.update("person-1", **wrong)).status_code == 400
    assert await source.record("person-1") == before


async def test_any_other_key_is_counted_and_not_executed(source: SourceWriter, state: SandboxState) -> None:
    before = await source.record("person-1")
    answer = await source.update("person-1", first_name="X", email="x@example.org", custom_fields={})
    assert answer.json()["first_name"] == before["first_name"]
    assert state.sessionboard.log.violations == {"contacts first_name": 1, "contacts email": 1}


async def test_a_write_moves_all_copies_of_the_person(source: SourceWriter, clock: Clock) -> None:
    assert await source.search("speakers", **LATER) == []
    clock.at += 0.5
    await source.set_link("person-1", URL)
    await source.set_link("person-3", URL)
    moved = "2027-03-01T12:00:00.500Z"
    for path in ("speakers", "contacts"):
        found = {row["id"]: row["updated_at"] for row in await source.search(path, **LATER)}
        assert found == {"person-1": moved, "person-3": "2027-03-01T12:00:00.501Z"}
    sessions = {row["id"]: row for row in await source.search("sessions", expand=["subsession_details"])}
    assert {row["updated_at"] for row in sessions.values()} == {SAVED_AT}
    copies = [
        sessions["session-1"]["speakers"][0],
        sessions["session-2"]["participants"][0],
        sessions["session-2"]["subsessions"][0]["speakers"][0],
    ]
    for copy in copies:
        assert copy["updated_at"] >= moved
        assert values_in(copy)["gleanin_link"] == URL
    assert sessions["session-1"]["speakers"][1]["updated_at"] == SAVED_AT
    assert await source.search("exhibitors", **LATER) == []


async def test_a_write_moves_a_person_within_accounts_and_not_the_account(source: SourceWriter) -> None:
    await source.set_link("desk", URL)
    for path, account in (("exhibitors", "exhibitor-1"), ("sponsors", "sponsor-1")):
        row = await source.record(account, path)
        assert row["updated_at"] == SAVED_AT
        assert row["contacts"][0]["contact_updated_at"] == "2027-03-01T12:00:00.000Z"
    within = (await source.search("sessions"))[2]["exhibitors"][0]["contacts"][0]
    assert within["contact_updated_at"] == "2027-03-01T12:00:00.000Z"
    assert [row["id"] for row in await source.search(**LATER)] == ["desk"]


async def test_a_write_of_an_account_moves_it_and_its_copy_in_a_session(source: SourceWriter) -> None:
    await source.set_link("exhibitor-1", URL, "exhibitors")
    assert [row["id"] for row in await source.search("exhibitors", **LATER)] == ["exhibitor-1"]
    within = (await source.search("sessions"))[2]["exhibitors"][0]
    assert values_in(within)["gleanin_link"] == URL
    assert values_in(await source.record("desk"))["gleanin_link"] is None


async def test_times_are_strictly_later_even_if_the_clock_stands(source: SourceWriter) -> None:
    times = [
        (await source.set_link("person-1", f"https://x.example/{n}")).json()["updated_at"] for n in range(4)
    ]
    assert times == sorted(set(times))


async def test_a_record_of_the_future_moves_too(source: SourceWriter, clock: Clock) -> None:
    await source.set_link("person-1", URL)
    clock.at -= 3600
    before = await source.record("person-1")
    answer = await source.update(
        "person-1", updated_at=before["updated_at"], custom_fields={"gleanin_link": URL}
    )
    assert answer.json()["updated_at"] > before["updated_at"]


@pytest.mark.parametrize(("path", "record_id"), RECORDS)
async def test_a_missing_scope_is_named(
    source: SourceWriter, state: SandboxState, path: str, record_id: str
) -> None:
    state.sessionboard.scopes -= {f"write:{path}"}
    for answer in (await source.set_link(record_id, URL, path), await source.bulk([], path)):
        assert answer.status_code == 403
        assert answer.json() == {
            "error": "ForbiddenError",
            "message": f"The access token is missing the write:{path} scope.",
        }
    assert not state.sessionboard.log.requests
    other = "contacts" if path != "contacts" else "exhibitors"
    assert (await source.bulk([], other)).status_code == 200


async def test_a_wrong_token_writes_nothing(source: SourceWriter, sandbox: Sandbox) -> None:
    source.http.headers["x-access-token"] = "wrong"
    assert (await source.set_link("person-1", URL)).status_code == 401
    assert not sandbox.state.sessionboard.log.requests
