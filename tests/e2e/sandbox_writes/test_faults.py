"""Faults of writes: the whole request, the lost answer, single items of a bulk, and edits by hand in between."""

import httpx
import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from entrypoints.sandbox.write_failures import ItemFailure
from tests.support.source_writer import EVENT, SAVED_AT, SourceWriter, operation, values_in

URL = "https://x.example/1"
NEW = {"name": "Share link", "type": "text", "module_id": "contact"}
WRITES = ("/bulk", "/create", "/contacts/")


async def link_of(source: SourceWriter, record_id: str) -> object:
    return values_in(await source.record(record_id))["gleanin_link"]


async def write(source: SourceWriter, route: str) -> httpx.Response:
    match route:
        case "put":
            return await source.set_link("person-1", URL)
        case "bulk":
            return await source.bulk([operation("person-1", URL)])
        case _:
            return await source.create_field(**NEW)


async def is_written(source: SourceWriter, route: str) -> bool:
    if route == "create":
        return any(row["public_name"] == NEW["name"] for row in await source.search("fields", "pageSize=100"))
    return await link_of(source, "person-1") == URL


ROUTES = ["put", "bulk", "create"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (Fault(server_errors=1, paths=WRITES), {500, 502, 503}),
        (Fault(refuse_next=1, retry_after=7, paths=WRITES), {429}),
        (Fault(junk=1, paths=WRITES), {200}),
        (Fault(revoked_after=0, paths=WRITES), {401}),
    ],
)
async def test_a_request_that_fails_as_a_whole_writes_nothing(
    source: SourceWriter, state: SandboxState, route: str, fault: Fault, statuses: set[int]
) -> None:
    state.inject_faults(fault)
    assert (await write(source, route)).status_code in statuses
    assert not await is_written(source, route)
    assert not state.sessionboard.log.requests


@pytest.mark.parametrize("route", ROUTES)
async def test_a_cut_connection_writes_nothing(source: SourceWriter, state: SandboxState, route: str) -> None:
    state.inject_faults(Fault(cuts=1, paths=WRITES))
    with pytest.raises(httpx.RemoteProtocolError):
        await write(source, route)
    assert not await is_written(source, route)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_lost_answer_is_of_an_executed_write(
    source: SourceWriter, state: SandboxState, route: str
) -> None:
    state.inject_faults(Fault(lost_answers=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await write(source, route)
    assert await is_written(source, route), "and searches are not concerned"
    assert [(await write(source, route)).status_code for _ in range(2)] == [500, 502]
    assert sum(state.sessionboard.log.requests.values()) == 3


async def test_a_fault_can_concern_some_paths_only(source: SourceWriter, state: SandboxState) -> None:
    state.inject_faults(Fault(server_errors=1, paths=("/exhibitors/bulk",), last=1))
    assert (await source.bulk([])).status_code == 200
    assert (await source.bulk([], "exhibitors")).status_code >= 500
    assert (await source.bulk([], "exhibitors")).status_code == 200


async def test_an_update_in_a_bulk_fails_so_many_times(source: SourceWriter, state: SandboxState) -> None:
    state.sessionboard.failures = {
        "person-1": ItemFailure("INTERNAL", 1),
        "person-2": ItemFailure("CONFLICT"),
    }
    codes = []
    for _ in range(2):
        answer = await source.bulk([operation("person-1"), operation("person-2"), operation("person-3")])
        codes.append([result.get("error", {}).get("code") for result in answer.json()["results"]])
    assert codes == [["INTERNAL", "CONFLICT", None], [None, "CONFLICT", None]]
    assert await link_of(source, "person-1") == URL
    assert await link_of(source, "person-2") is None


@pytest.mark.parametrize(
    ("code", "status"),
    [("CONFLICT", 409), ("NOT_FOUND", 404), ("VALIDATION", 400), ("FORBIDDEN", 403), ("ODD", 500)],
)
async def test_an_update_alone_fails_with_the_status_of_the_code(
    source: SourceWriter, state: SandboxState, code: str, status: int
) -> None:
    state.sessionboard.failures = {"person-1": ItemFailure(code, 1)}
    assert (await source.set_link("person-1", URL)).status_code == status
    assert (await source.set_link("person-1", URL)).status_code == 200


@pytest.mark.parametrize("value", ["https://hand.example", None])
async def test_an_edit_by_hand_comes_just_before_the_write(
    source: SourceWriter, state: SandboxState, value: str | None
) -> None:
    edit = {} if value is None else {"gleanin_link": value}
    state.edit_by_hand(EVENT, "person-1", edit, before_next_write=True)
    guarded = operation("person-1", URL, updated_at=SAVED_AT)
    assert (await source.record("person-1"))["updated_at"] == SAVED_AT
    (result,) = (await source.bulk([guarded])).json()["results"]
    assert result["error"]["code"] == "CONFLICT"
    record = await source.record("person-1")
    assert values_in(record)["gleanin_link"] == value
    assert record["updated_at"] > SAVED_AT
    again = operation("person-1", URL, updated_at=record["updated_at"])
    assert (await source.bulk([again])).json()["stats"]["succeeded"] == 1, "the edit happens once"
