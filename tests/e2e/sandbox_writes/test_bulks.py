"""Bulks: up to 100 operations whose results are told one by one, in order."""

import time
from uuid import UUID

import pytest

from entrypoints.sandbox.generate import EVENT_ID, Size, generated_programme
from entrypoints.sandbox.state import SandboxState
from tests.support.source_writer import LINK, SAVED_AT, SourceWriter, operation, values_in

CREATE = {"action": "create", "data": {"first_name": "X"}}
DELETE = {"action": "delete", "id": "person-1"}


async def test_results_come_in_order_with_codes_and_counts(source: SourceWriter, state: SandboxState) -> None:
    await source.set_link("person-2", "https://x.example/0")
    answer = await source.bulk(
        [
            operation("person-1", updated_at=SAVED_AT),
            operation("person-2", updated_at=SAVED_AT),
            operation("nobody"),
            operation("person-3", "x" * 5001),
            operation("desk", "https://x.example/desk"),
        ]
    )
    document = answer.json()
    assert answer.status_code == 200
    assert str(UUID(document["batch_id"])) == document["batch_id"]
    assert document["stats"] == {"total": 5, "succeeded": 2, "failed": 3}
    results = document["results"]
    assert [result["index"] for result in results] == [0, 1, 2, 3, 4]
    assert {result["action"] for result in results} == {"update"}
    assert [result["id"] for result in results] == ["person-1", "person-2", "nobody", "person-3", "desk"]
    assert [result.get("error", {}).get("code") for result in results] == [
        *(None, "CONFLICT", "NOT_FOUND", "VALIDATION", None),
    ]
    assert [result["status"] for result in results] == ["success", "error", "error", "error", "success"]
    links = {row["id"]: values_in(row)["gleanin_link"] for row in await source.search()}
    assert links == {
        "person-1": "https://x.example/1",
        "person-2": "https://x.example/0",
        "person-3": None,
        "desk": "https://x.example/desk",
        "patron": None,
    }
    assert state.sessionboard.log.requests == {"PUT /contacts": 1, "POST /contacts/bulk": 1}


@pytest.mark.parametrize(("path", "record_id"), [("exhibitors", "exhibitor-1"), ("sponsors", "sponsor-1")])
async def test_a_bulk_is_for_one_kind(source: SourceWriter, path: str, record_id: str) -> None:
    answer = await source.bulk([operation(record_id), operation("person-1")], path)
    assert [result["status"] for result in answer.json()["results"]] == ["success", "error"]
    assert values_in(await source.record(record_id, path))["gleanin_link"] == "https://x.example/1"


async def test_the_second_update_of_one_record_in_a_bulk_is_stale(source: SourceWriter) -> None:
    twice = [operation("person-1", f"https://x.example/{n}", updated_at=SAVED_AT) for n in range(2)]
    answer = await source.bulk(twice)
    assert [result["status"] for result in answer.json()["results"]] == ["success", "error"]
    assert values_in(await source.record("person-1"))["gleanin_link"] == "https://x.example/0"


async def test_creates_and_deletes_are_known_counted_and_not_executed(
    source: SourceWriter, state: SandboxState
) -> None:
    before = await source.search()
    answer = await source.bulk([CREATE, DELETE, operation("person-2", title="X")])
    codes = [result.get("error", {}).get("code") for result in answer.json()["results"]]
    assert codes == ["NOT_EXECUTED", "NOT_EXECUTED", None]
    assert state.sessionboard.log.violations == {
        "contacts create": 1,
        "contacts delete": 1,
        "contacts title": 1,
    }
    after = await source.search()
    assert [row["id"] for row in after] == [row["id"] for row in before]
    assert [row for row in after if row["id"] != "person-2"] == [
        row for row in before if row["id"] != "person-2"
    ]


@pytest.mark.parametrize(
    "operations",
    [
        None,
        {},
        [1],
        [{"action": "merge", "id": "person-1", "data": {}}],
        [{"action": "update", "data": {}}],
        [{"action": "update", "id": 7, "data": {}}],
        [{"action": "update", "id": "person-1"}],
        [{"action": "delete"}],
        [operation("person-1")] * 101,
    ],
)
async def test_a_bulk_that_the_contract_does_not_allow_is_refused_as_a_whole(
    source: SourceWriter, state: SandboxState, operations: object
) -> None:
    answer = await source.http.post(source.url("contacts/bulk"), json={"operations": operations})
    assert answer.status_code == 400
    assert values_in(await source.record("person-1"))["gleanin_link"] is None
    assert not state.sessionboard.log.requests


async def test_an_empty_bulk_is_answered(source: SourceWriter) -> None:
    document = (await source.bulk([])).json()
    assert document["results"] == []
    assert document["stats"] == {"total": 0, "succeeded": 0, "failed": 0}


async def test_5000_contacts_are_written_and_found_again(source: SourceWriter, state: SandboxState) -> None:
    state.add_programme(generated_programme(Size(2000, 2.5)))
    state.add_field(EVENT_ID, LINK)
    large = SourceWriter(source.http, EVENT_ID)
    pages = [await large.search(paging=f"page={page}&pageSize=100") for page in range(1, 51)]
    contacts = [row for page in pages for row in page]
    assert len({row["id"] for row in contacts}) == 5000
    began = time.process_time()
    for page in pages:
        updates = [
            operation(row["id"], f"https://x.example/{row['id']}", updated_at=row["updated_at"])
            for row in page
        ]
        document = (await large.bulk(updates)).json()
        assert document["stats"] == {"total": 100, "succeeded": 100, "failed": 0}
    assert time.process_time() - began < 10, "writing rewrites rows that nobody reads"
    for number in (1, 50):
        found = await large.search(paging=f"page={number}&pageSize=100")
        assert all(values_in(row)["gleanin_link"] == f"https://x.example/{row['id']}" for row in found)
    assert state.sessionboard.log.as_json()["operations"] == {"contacts success": 5000}
