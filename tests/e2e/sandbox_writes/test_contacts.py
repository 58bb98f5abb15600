"""The search for contacts: every person of the event once, with a guard and the values of the custom fields."""

import pytest

from entrypoints.sandbox.state import SandboxState
from tests.support.source_writer import EVENT, SAVED_AT, Json, SourceWriter, person, sandbox_state, values_in

EVERYBODY = ["person-1", "person-2", "person-3", "desk", "patron"]
NO_VALUES = {"name_pronunciation": None, "twitter_handle": None, "dietary_needs": None, "gleanin_link": None}


async def test_every_person_of_sessions_exhibitors_and_sponsors_is_found_once(source: SourceWriter) -> None:
    assert [row["id"] for row in await source.search()] == EVERYBODY


async def test_a_contact_has_its_profile_its_guard_and_its_fields(source: SourceWriter) -> None:
    speaker, contact = await source.record("person-1"), await source.record("desk")
    assert speaker["email"] == "person1@example.org"
    assert (speaker["created_at"], speaker["updated_at"]) == ("2026-12-01T09:00:00Z", SAVED_AT)
    assert "is_public" not in speaker
    assert (contact["created_at"], contact["updated_at"]) == ("2026-12-09T09:00:00Z", SAVED_AT)
    assert not [key for key in contact if key.startswith(("contact_", "relationship_", "is_"))]
    assert values_in(speaker) == values_in(contact) == NO_VALUES
    entry = next(one for one in speaker["custom_fields"] if one["internal_name"] == "gleanin_link")
    assert entry.keys() == {"id", "name", "internal_name", "type", "value", "created_at"}
    assert (entry["name"], entry["type"]) == ("Gleanin Link", "textarea")


@pytest.mark.parametrize("path", ["exhibitors", "sponsors"])
async def test_contacts_within_accounts_have_no_custom_fields(source: SourceWriter, path: str) -> None:
    await source.set_link("desk", "https://x.example/desk")
    for account in await source.search(path):
        assert all("custom_fields" not in contact for contact in account["contacts"])
        assert all("updated_at" not in contact for contact in account["contacts"])


async def test_contacts_are_paged_sorted_and_filtered_as_other_rows(source: SourceWriter) -> None:
    by_age: Json = {"sort": {"order": "createdAt", "sort": "desc"}}
    pages = [await source.search(paging=f"page={page}&pageSize=2", **by_age) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    created = [row["created_at"] for page in pages for row in page]
    assert created == sorted(created, reverse=True)
    assert await source.search(filters={"updatedAt": {"after": SAVED_AT}}) == []
    answer = await source.http.post(source.url("contacts"), json={"filters": {"name": "x"}})
    assert answer.status_code == 400


@pytest.mark.parametrize(("empty_as", "expected"), [("null", None), ("text", ""), ("absent", "no entry")])
async def test_an_empty_field_is_listed_as_told(
    source: SourceWriter, state: SandboxState, empty_as: str, expected: object
) -> None:
    answer = await source.http.patch(
        str(source.http.base_url).replace("/sessionboard/", "/sandbox/sessionboard"),
        json={"empty_fields": empty_as},
    )
    assert answer.status_code == 200
    assert state.sessionboard.values.empty_as == empty_as
    assert values_in(await source.record("person-1")).get("gleanin_link", "no entry") == expected
    assert (await source.set_link("person-1", "https://x.example/1")).status_code == 200
    assert values_in(await source.record("person-1"))["gleanin_link"] == "https://x.example/1"


async def test_a_masked_field_does_not_show_its_value(source: SourceWriter, state: SandboxState) -> None:
    await source.set_link("person-1", "https://x.example/1")
    state.sessionboard.values.masked = frozenset({"gleanin_link"})
    state.touch_fields()
    assert values_in(await source.record("person-1"))["gleanin_link"] == "h***"
    assert (
        values_in((await source.set_link("person-1", "https://x.example/2")).json())["gleanin_link"] == "h***"
    )
    assert values_in(await source.record("person-2"))["gleanin_link"] is None


async def test_one_contact_can_be_read_alone_and_such_reads_are_limited(
    source: SourceWriter, state: SandboxState
) -> None:
    answer = await source.http.get(source.url("contacts/person-1"))
    assert answer.json() == await source.record("person-1")
    assert answer.headers["RateLimit-Remaining"] == "99"
    assert (await source.http.get(source.url("contacts/nobody"))).status_code == 404
    state.sessionboard.quotas.requests = 2
    assert (await source.http.get(source.url("contacts/person-1"))).status_code == 429


async def test_a_saved_event_brings_fields_and_values(source: SourceWriter, state: SandboxState) -> None:
    brought = sandbox_state(
        fields=[{"name": "Old Link", "module": "contact"}, {"name": "Booth", "module": "account"}],
        field_values={
            "contact": {"person-1": {"old_link": "https://old.example"}, "desk": {"old_link": "here"}},
            "account": {"exhibitor-1": {"booth": "7"}},
        },
    )
    state.programmes, state.sessionboard = brought.programmes, brought.sessionboard
    contact = values_in(await source.record("person-1"))
    assert contact == {"name_pronunciation": None, "old_link": "https://old.example", "gleanin_link": None}
    assert values_in(await source.record("desk"))["old_link"] == "here"
    assert (await source.record("person-1"))["updated_at"] == SAVED_AT
    assert values_in(await source.record("exhibitor-1", "exhibitors"))["booth"] == "7"
    (session,) = [row for row in await source.search("sessions") if row["id"] == "session-1"]
    assert values_in(session["speakers"][0])["old_link"] == "https://old.example"


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": [{"name": ""}]},
        {"fields": [{"name": "X", "module": "room"}]},
        {"fields": [{"name": "X", "colour": "red"}]},
        {"field_values": {"contact": {"person-1": {"unknown": "x"}}}},
    ],
)
def test_a_saved_event_with_wrong_fields_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"validation error|has no field"):
        sandbox_state(**wrong)


async def test_values_outlast_edits_of_the_event(source: SourceWriter, state: SandboxState) -> None:
    await source.set_link("person-1", "https://x.example/1")
    await source.set_link("desk", "https://x.example/desk")
    written = (await source.record("desk"))["updated_at"]
    edited = state.programmes[EVENT].edited({"people": [{"id": "person-1", "title": "Host"}]}, state.now())
    state.put_programme(edited)
    assert values_in(await source.record("person-1"))["gleanin_link"] == "https://x.example/1"
    assert (await source.record("person-1"))["title"] == "Host"
    assert (await source.record("desk"))["updated_at"] == written


async def test_a_row_that_is_replaced_shows_what_was_written(
    source: SourceWriter, state: SandboxState
) -> None:
    await source.set_link("person-1", "https://x.example/1")
    written = (await source.record("person-1"))["updated_at"]
    edit = {"sessions": [{"id": "session-1", "speakers": [person(1)]}]}
    control = str(source.http.base_url).replace("/sessionboard/", f"/sandbox/events/{EVENT}")
    assert (await source.http.patch(control, json=edit)).status_code == 200
    (session,) = [row for row in await source.search("sessions") if row["id"] == "session-1"]
    (speaker,) = session["speakers"]
    assert values_in(speaker)["gleanin_link"] == "https://x.example/1"
    assert speaker["updated_at"] == written
