"""Rule 38 through the JSON API: choose or order a field, preview, write links back, and see where they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.memory.link_writer import CONTACTS, EXHIBITORS, InMemoryLinkHolders, InMemoryLinkWriters
from core.domain.links.link_homes import LinkField
from ports.link_writer import LinkQuotaUsedUp, LinkWriteForbidden, LinkWriteUnknown
from ports.source import SourceError, SourceUnavailable, SourceUnreadable
from tests.e2e.http.conftest import Served, served_from
from tests.e2e.http.steps import start, wait_for_end
from tests.support.http_fixtures import ADMIN, SUPPORT, VIEWER, SeededDatabase
from tests.support.link_source import COMPANY_FIELD, FIELD, add_holders, use_link_writers

NO_LINKS = {"written": 0, "unchanged": 0, "kept": 0, "failed": 0}
MINE = "https://somebody.example.org/mine"
OFF = {"link_field": None, "company_link_field": None, "link_campaign": None}


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> InMemoryLinkWriters:
    writers = use_link_writers(monkeypatch)
    add_holders(
        writers.source, "person-1", "person-2", "contact-1", company="exhibitor-1", primary="contact-1"
    )
    return writers


@pytest.fixture
def source(writers: InMemoryLinkWriters) -> InMemoryLinkHolders:
    return writers.source


@pytest.fixture
def taking(writers: InMemoryLinkWriters, seeded_database: SeededDatabase, tmp_path: Path) -> Iterator[Served]:
    """Return a server whose source takes links."""
    assert writers.homes_by_kind
    with served_from(seeded_database, tmp_path) as running:
        yield running


@pytest.fixture
def client(taking: Served) -> httpx.Client:
    return taking.client(ADMIN)


@pytest.fixture
def mapping(taking: Served) -> str:
    return f"/mappings/{taking.acme.mapping}"


def links_of(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document["settings"][name] for name in OFF}


def choose(client: httpx.Client, mapping: str, **settings: str | None) -> dict[str, Any]:
    return links_of(client.patch(mapping, json=settings).raise_for_status().json())


def test_rule_38_null_turns_it_off_and_what_is_omitted_stays(client: httpx.Client, mapping: str) -> None:
    assert links_of(client.get(mapping).json()) == OFF
    on = OFF | {"link_field": FIELD}
    assert choose(client, mapping, link_field="Gleanin Link") == on
    assert links_of(client.patch(mapping, json={"moderators": False}).json()) == on
    both = on | {"company_link_field": COMPANY_FIELD}
    assert choose(client, mapping, company_link_field=COMPANY_FIELD) == both
    assert links_of(client.get(mapping).json()) == both
    assert choose(client, mapping, company_link_field=None) == on
    assert choose(client, mapping, link_field=None) == OFF


def test_rule_38_a_field_that_cannot_be_chosen_is_refused_with_the_choice(
    client: httpx.Client, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.fields[CONTACTS].append(LinkField("gleanin_link_2", "Gleanin Link"))
    for name, sentence in (
        ("nonsense", f"Choose one of: Gleanin Link ({FIELD}), Bio (bio)"),
        ("Gleanin Link", f"Gleanin Link ({FIELD}), Gleanin Link (gleanin_link_2)"),
    ):
        refused = client.patch(mapping, json={"link_field": name})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_input")
        assert sentence in refused.json()["detail"]
    alone = client.patch(mapping, json={"link_field": None, "company_link_field": COMPANY_FIELD})
    assert alone.status_code == 422
    assert client.patch(mapping, json={"link_field": ""}).json()["code"] == "bad_request"
    assert links_of(client.get(mapping).json()) == OFF


def test_rule_38_the_choice_is_listed(client: httpx.Client, mapping: str) -> None:
    choose(client, mapping, link_field=FIELD)
    choices = client.get(f"{mapping}/link-fields").raise_for_status().json()
    assert choices["fields"] == [
        {"internal_name": FIELD, "public_name": "Gleanin Link"},
        {"internal_name": "bio", "public_name": "Bio"},
    ]
    assert choices["company_fields"] == [{"internal_name": COMPANY_FIELD, "public_name": "Company Link"}]
    assert {name: choices[name] for name in OFF} == OFF | {"link_field": FIELD}


def test_rule_38_an_order_is_201_then_200_and_409_while_it_is_not_listed(
    client: httpx.Client, mapping: str, source: InMemoryLinkHolders
) -> None:
    made, there = (client.post(f"{mapping}/link-fields", json={"name": "New"}) for _ in range(2))
    assert (made.status_code, there.status_code) == (201, 200)
    assert made.json() == there.json() | {"is_new": True}
    source.makes_fields = False
    for _ in range(2):
        waiting = client.post(f"{mapping}/link-fields", json={"name": "Ours", "for_companies": True})
        assert (waiting.status_code, waiting.json()["code"]) == (409, "field_ordered")
    assert [field.public_name for field in source.fields[EXHIBITORS]] == ["Company Link"]
    log = client.get("/organizations/" + client.get(mapping).json()["organization_id"] + "/audit-log").json()
    assert [item["action"] for item in log["items"]].count("link_field_ordered") == 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (LinkWriteForbidden("The token lacks the scope write:fields."), (422, "scope_missing")),
        (LinkQuotaUsedUp("Sessionboard accepts no more writes."), (503, "quota_used_up")),
        (SourceUnavailable("Sessionboard does not respond."), (503, "unreachable")),
        (SourceUnreadable("Sessionboard's answer cannot be read."), (502, "unreadable")),
    ],
)
def test_rule_38_an_order_that_fails_says_why(
    client: httpx.Client,
    mapping: str,
    source: InMemoryLinkHolders,
    error: SourceError,
    expected: tuple[int, str],
) -> None:
    source.errors = [error]
    failed = client.post(f"{mapping}/link-fields", json={"name": "New"})
    assert (failed.status_code, failed.json()["code"]) == expected
    assert failed.json()["detail"] == str(error)
    assert ("Retry-After" in failed.headers) == (failed.status_code == 503)


def test_rule_38_an_order_whose_answer_is_lost_is_found_in_the_list(
    client: httpx.Client, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.errors_after = [LinkWriteUnknown("The answer was lost.")]
    assert client.post(f"{mapping}/link-fields", json={"name": "New"}).status_code == 201
    assert sum(field.public_name == "New" for field in source.fields[CONTACTS]) == 1


def test_rule_33_nothing_is_written_before_a_field_is_chosen(
    client: httpx.Client, mapping: str, source: InMemoryLinkHolders
) -> None:
    for answer in (client.get(f"{mapping}/write-back"), client.post(f"{mapping}/write-back")):
        assert (answer.status_code, answer.json()["code"]) == (409, "write_back_off")
    assert (source.writes, source.pages_read) == (0, 0)


def test_rule_38_a_preview_is_paged_and_writes_nothing(
    client: httpx.Client, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.edit(CONTACTS, "person-2", FIELD, MINE)
    choose(client, mapping, link_field=FIELD)
    first = client.get(f"{mapping}/write-back", params={"limit": 1}).raise_for_status().json()
    pages_read = source.pages_read
    rest = client.get(f"{mapping}/write-back", params={"cursor": first["next"]}).raise_for_status().json()
    assert source.pages_read == pages_read
    assert first["counts"] == rest["counts"] == NO_LINKS | {"written": 1, "kept": 1}
    assert (first["read_at"], rest["next"], first["problems"]) == (rest["read_at"], None, [])
    items = {item["source_id"]: item["outcome"] for item in (*first["items"], *rest["items"])}
    assert items == {"person-1": "written", "person-2": "kept"}
    for params, found in (({"outcome": "kept"}, ["person-2"]), ({"search": "grace"}, ["person-1"])):
        page = client.get(f"{mapping}/write-back", params=params).json()
        assert [item["source_id"] for item in page["items"]] == found
        assert page["counts"] == first["counts"]
    expired = client.get(f"{mapping}/write-back", params={"cursor": "1-unknown"})
    assert (expired.status_code, expired.json()["code"]) == (404, "not_found")
    assert not source.writes


def test_rule_38_writing_now_tells_each_link_and_is_audited(
    client: httpx.Client, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.edit(CONTACTS, "person-2", FIELD, MINE)
    choose(client, mapping, link_field=FIELD)
    assert {item["written_back"] for item in client.get(f"{mapping}/share-links").json()["items"]} == {None}
    written = client.post(f"{mapping}/write-back").raise_for_status().json()
    assert written["counts"] == NO_LINKS | {"written": 1, "kept": 1}
    assert written["problems"] == []
    assert {link["source_id"]: link["outcome"] for link in written["links"]} == {
        "person-1": "written",
        "person-2": "kept",
    }
    people = {item["source_id"]: item for item in client.get(f"{mapping}/share-links").json()["items"]}
    assert source.value(CONTACTS, "person-1", FIELD) == people["person-1"]["links"][0]["url"]
    assert source.value(CONTACTS, "person-2", FIELD) == MINE
    assert people["person-1"]["written_back"]["outcome"] == "written"
    assert people["person-2"]["written_back"] == {
        "outcome": "kept",
        "reason": next(link["reason"] for link in written["links"] if link["outcome"] == "kept"),
    }
    *earlier, newest = client.get(f"{mapping}/records/person-2").json()["items"]
    assert newest["written_back"] == people["person-2"]["written_back"]
    assert {entry["written_back"] for entry in earlier} == {None}
    log = client.get("/organizations/" + client.get(mapping).json()["organization_id"] + "/audit-log").json()
    assert [item["action"] for item in log["items"]].count("links_written_back") == 1


def test_rule_38_a_run_s_links_are_listed_apart(
    client: httpx.Client, mapping: str, source: InMemoryLinkHolders
) -> None:
    source.edit(CONTACTS, "person-2", FIELD, MINE)
    choose(client, mapping, link_field=FIELD)
    run = wait_for_end(client, start(client, mapping.rpartition("/")[2])["run_id"])
    url = f"/runs/{run['run_id']}/links"
    first = client.get(url, params={"limit": 1}).raise_for_status().json()
    rest = client.get(url, params={"cursor": first["next"]}).raise_for_status().json()
    assert first["counts"] == rest["counts"] == NO_LINKS | {"written": 1, "kept": 1}
    assert {item["source_id"] for item in (*first["items"], *rest["items"])} == {"person-1", "person-2"}
    (kept,) = client.get(url, params={"outcome": "kept"}).json()["items"]
    (grace,) = client.get(url, params={"search": "GRACE"}).json()["items"]
    assert (kept["source_id"], grace["source_id"]) == ("person-2", "person-1")
    assert client.get(url, params={"outcome": "created"}).status_code == 422
    outcomes = client.get(f"/runs/{run['run_id']}/outcomes").json()["items"]
    assert not any(item["code"].startswith("link_") for item in outcomes)


@pytest.mark.parametrize("role", [VIEWER, SUPPORT])
def test_rule_38_who_may_not_manage_sees_results_and_writes_nothing(
    taking: Served, client: httpx.Client, mapping: str, source: InMemoryLinkHolders, role: str
) -> None:
    choose(client, mapping, link_field=FIELD)
    reader = taking.client(role)
    for allowed in (f"{mapping}/write-back", f"/runs/{taking.acme.run}/links", f"{mapping}/share-links"):
        assert reader.get(allowed).status_code == 200, allowed
    refused = [
        reader.get(f"{mapping}/link-fields"),
        reader.post(f"{mapping}/link-fields", json={}),
        reader.post(f"{mapping}/write-back"),
        reader.patch(mapping, json={"link_field": None}),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert not source.writes


def test_rule_38_a_source_that_takes_no_links_says_so(
    client: httpx.Client, mapping: str, writers: InMemoryLinkWriters
) -> None:
    writers.homes_by_kind = {}
    for answer in (
        client.get(f"{mapping}/link-fields"),
        client.post(f"{mapping}/link-fields", json={}),
        client.get(f"{mapping}/write-back"),
        client.post(f"{mapping}/write-back"),
        client.patch(mapping, json={"link_field": FIELD}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "links_not_taken")
        assert answer.json()["detail"].startswith("Sessionboard takes no share links")
