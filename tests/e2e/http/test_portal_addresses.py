"""Rule 39 through the JSON API: portal addresses of some people, or of all."""

import csv
import io
from typing import Any

import httpx
import pytest

from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import ADMIN


@pytest.fixture
def client(served: Served) -> httpx.Client:
    return served.client(ADMIN)


@pytest.fixture
def addresses(served: Served) -> str:
    return f"/mappings/{served.acme.mapping}/portal-addresses"


def items(response: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = response.raise_for_status().json()["items"]
    return found


def test_rule_39_addresses_are_made_listed_and_revoked(client: httpx.Client, addresses: str) -> None:
    made = items(client.post(addresses, json={"all": True}))
    assert len(made) >= 2
    assert all(person["portal_address"] and person["expires_at"] for person in made)
    assert items(client.post(addresses, json={"all": True})) == made
    first = client.get(addresses, params={"limit": 1}).json()
    rest = client.get(addresses, params={"limit": 100, "cursor": first["next"]}).json()
    assert [*first["items"], *rest["items"]] == made
    assert first["total"] == len(made)
    one = {"kind": made[0]["kind"], "source_id": made[0]["source_id"]}
    (revoked,) = items(client.post(f"{addresses}/revoke", json={"people": [one]}))
    assert revoked["portal_address"] is None
    found = items(client.get(addresses, params={"search": made[0]["source_id"]}))
    assert [person["portal_address"] for person in found] == [None]
    (anew,) = items(client.post(addresses, json={"people": [one]}))
    assert anew["portal_address"] not in {None, made[0]["portal_address"]}


def test_rule_39_the_file_has_a_row_for_each_person(client: httpx.Client, addresses: str) -> None:
    made = items(client.post(addresses, json={"all": True}))
    text = client.get(f"{addresses}.csv").raise_for_status().text.removeprefix("\ufeff")
    rows = [*csv.DictReader(io.StringIO(text))]
    assert [row["portal_address"] for row in rows] == [person["portal_address"] for person in made]


@pytest.mark.parametrize("action", ["", "/revoke"])
def test_rule_39_somebody_unknown_stops_all_of_it(client: httpx.Client, addresses: str, action: str) -> None:
    (first, *_) = items(client.get(addresses))
    known = {"kind": first["kind"], "source_id": first["source_id"]}
    before = items(client.get(addresses))
    refused = client.post(
        f"{addresses}{action}", json={"people": [known, {"kind": "speaker", "source_id": "nobody"}]}
    )
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert items(client.get(addresses)) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"people": []},
        {"all": False},
        {"all": True, "people": [{"kind": "speaker", "source_id": "1"}]},
        {"people": [{"kind": "session", "source_id": "1"}]},
        {"people": [{"kind": "speaker", "source_id": ""}]},
        {"people": [{"kind": "speaker", "source_id": str(number)} for number in range(501)]},
        {"everybody": True},
    ],
)
def test_rule_39_a_selection_that_cannot_be_meant_is_refused(
    client: httpx.Client, addresses: str, body: dict[str, Any]
) -> None:
    for action in ("", "/revoke"):
        assert client.post(f"{addresses}{action}", json=body).status_code == 422


def test_rules_11_and_39_of_an_ended_mapping_none_are_made(client: httpx.Client, addresses: str) -> None:
    made = items(client.post(addresses, json={"all": True}))
    client.delete(addresses.removesuffix("/portal-addresses")).raise_for_status()
    assert client.post(addresses, json={"all": True}).status_code == 409
    assert items(client.get(addresses)) == made
    assert len(items(client.post(f"{addresses}/revoke", json={"all": True}))) == len(made)
