"""The definitions of custom fields: searched, listed and created as the contract documents it."""

import pytest

from entrypoints.sandbox.state import SandboxState
from tests.support.source_writer import EVENT, OTHER_EVENT, Json, SourceWriter, saved_event, values_in

NEW = {"name": "Gleanin Link", "type": "textarea", "module_id": "contact"}


async def names(source: SourceWriter, /, **filters: str) -> list[str]:
    return [row["internal_name"] for row in await source.search("fields", "pageSize=100", filters=filters)]


async def test_fields_are_found_by_module_source_and_scope(source: SourceWriter) -> None:
    contact = await names(source, module="contact", source="custom")
    assert contact == ["name_pronunciation", "twitter_handle", "dietary_needs", "gleanin_link"]
    assert await names(source, module="contact", source="custom", scope="global") == ["name_pronunciation"]
    assert "booth_number" in await names(source, module="account", source="custom", scope="event")
    assert await names(source, module="session", source="custom") == ["technical_needs"]
    assert "email" in await names(source, module="contact", source="standard")


async def test_a_field_is_shown_in_camel_case_without_its_module(source: SourceWriter) -> None:
    answer = await source.http.post(
        source.url("fields?pageSize=1"),
        json={
            "filters": {"module": "contact", "source": "custom"},
            "sort": {"order": "createdAt", "sort": "asc"},
        },
    )
    document = answer.json()
    assert document["pagination"] == {"currentPage": 1, "pageSize": 1, "totalPages": 4, "totalResults": 4}
    (field,) = document["results"]
    assert field.keys() == {
        *("id", "internal_name", "public_name", "field_type", "field_source"),
        *("contains_pii", "scope", "createdAt", "updatedAt"),
    }
    assert field["contains_pii"] is False
    assert field["scope"] == "global"


async def test_all_fields_are_listed_as_a_bare_array(source: SourceWriter) -> None:
    listed = (await source.http.get(source.url("fields"))).json()
    assert listed == await source.search("fields", "pageSize=100")
    assert {field["field_source"] for field in listed} == {"standard", "custom"}


@pytest.mark.parametrize(
    "body",
    [{"filters": {"module": "room"}}, {"filters": {"name": "x"}}, {"expand": "x"}, {"sort": {"order": "x"}}],
)
async def test_a_search_for_fields_that_the_contract_does_not_know_is_refused(
    source: SourceWriter, body: Json
) -> None:
    assert (await source.http.post(source.url("fields"), json=body)).status_code == 400
    assert (await source.http.post(source.url("fields?page=0"))).status_code == 400
    assert (await source.http.post("/v1/event/404/fields")).status_code == 404


async def test_a_second_field_of_one_name_is_another_field(source: SourceWriter, state: SandboxState) -> None:
    for _ in range(2):
        answer = await source.create_field(name="Share link", type="textarea", module_id="contact")
        assert (answer.status_code, answer.json()) == (200, {})
    both = [
        row for row in await source.search("fields", "pageSize=100") if row["public_name"] == "Share link"
    ]
    assert [field["internal_name"] for field in both] == ["share_link", "share_link_2"]
    assert len({field["id"] for field in both}) == 2
    assert {(field["scope"], field["field_type"]) for field in both} == {("event", "textarea")}
    assert {"share_link", "share_link_2"} <= values_in(await source.record("person-1")).keys()
    assert state.sessionboard.log.requests == {"POST /fields/create": 2}


async def test_a_created_field_is_one_of_its_event(source: SourceWriter, state: SandboxState) -> None:
    state.add(saved_event(OTHER_EVENT))
    await source.create_field(**NEW | {"name": "Only here"})
    assert "only_here" in await names(source, scope="event")
    assert "only_here" not in await names(SourceWriter(source.http, OTHER_EVENT))


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": 1}, {"type": "song"}, {"module_id": "room"}, {"type": None}]
)
async def test_a_field_that_cannot_be_is_refused(
    source: SourceWriter, state: SandboxState, wrong: Json
) -> None:
    before = await names(source)
    answer = await source.create_field(**NEW | wrong)
    assert answer.status_code == 400
    assert answer.json().keys() == {"error", "message"}
    assert await names(source) == before
    assert not state.sessionboard.log.requests


async def test_creating_a_field_needs_its_scope(source: SourceWriter, state: SandboxState) -> None:
    state.sessionboard.scopes -= {"write:fields"}
    answer = await source.create_field(**NEW)
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "ForbiddenError",
        "message": "The access token is missing the write:fields scope.",
    }


async def test_a_global_field_is_set_in_every_event(source: SourceWriter, state: SandboxState) -> None:
    state.add(saved_event(OTHER_EVENT))
    elsewhere = SourceWriter(source.http, OTHER_EVENT)
    before = await elsewhere.record("person-1")
    await source.update("person-1", custom_fields={"twitter_handle": "@one"})
    assert await elsewhere.record("person-1") == before
    await source.update("person-1", custom_fields={"name_pronunciation": "wun"})
    here, there = await source.record("person-1"), await elsewhere.record("person-1")
    assert values_in(here)["name_pronunciation"] == values_in(there)["name_pronunciation"] == "wun"
    assert here["updated_at"] == there["updated_at"] > before["updated_at"]
    assert values_in(there)["twitter_handle"] is None
    assert state.programmes[EVENT] is not state.programmes[OTHER_EVENT]
