"""Rule 39: portal addresses of any selection of people, from the command line."""

import csv
from pathlib import Path
from typing import Any

import pytest

from entrypoints.sandbox.state import SandboxState
from tests.e2e.cli.conference import conference
from tests.e2e.cli.conftest import CommandLine

KEYS = {"kind", "source_id", "name", "email", "portal_address", "expires_at", "links"}
COLUMNS = [
    "kind",
    "source_id",
    "name",
    "email",
    "portal_address",
    "expires_at",
    "share_link",
    "share_links",
]


@pytest.fixture
def state() -> SandboxState:
    state = SandboxState(link_delay=0)
    state.add(conference())
    return state


@pytest.fixture
def synced(cli: CommandLine, mapping: str) -> str:
    cli("sync", mapping)
    return mapping


def people(cli: CommandLine, mapping: str, *arguments: str) -> list[dict[str, Any]]:
    result = cli.json("portal", mapping, *arguments)
    assert result.exit_code == 0, result.out
    document: list[dict[str, Any]] = result.document
    return document


def test_rule_39_addresses_are_listed_made_and_revoked(cli: CommandLine, synced: str) -> None:
    listed = people(cli, synced, "list")
    assert listed
    assert all(person.keys() == KEYS for person in listed)
    assert {person["portal_address"] for person in listed} == {None}
    made = people(cli, synced, "make", "--all")
    assert [person["source_id"] for person in made] == [person["source_id"] for person in listed]
    assert all("/portal/" in person["portal_address"] and person["expires_at"] for person in made)
    assert all(person["links"] for person in made)
    assert people(cli, synced, "list") == made == people(cli, synced, "make", "--all")
    first = made[0]
    (revoked,) = people(cli, synced, "revoke", f"{first['kind']}:{first['source_id']}")
    assert (revoked["source_id"], revoked["portal_address"]) == (first["source_id"], None)
    now = people(cli, synced, "list")
    assert [person["portal_address"] is None for person in now].count(True) == 1
    (anew,) = people(cli, synced, "make", first["email"])
    assert anew["portal_address"] != first["portal_address"]


def test_rule_39_the_file_has_a_row_for_each_person(cli: CommandLine, synced: str, tmp_path: Path) -> None:
    path = tmp_path / "merge.csv"
    made = people(cli, synced, "make", "--all", "--csv", str(path))
    with path.open(encoding="utf-8", newline="") as file:
        rows = [*csv.reader(file)]
    assert rows[0] == COLUMNS
    assert len(rows) == len(made) + 1
    by_id = {(row[0], row[1]): row for row in rows[1:]}
    for person in made:
        row = by_id[person["kind"], person["source_id"]]
        assert row[4] == person["portal_address"]
        assert row[6] == person["links"][0]["url"]
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert "Wrote" in cli("portal", synced, "list", "--csv", str(path)).out


def test_rule_39_somebody_unknown_stops_all_of_it(cli: CommandLine, synced: str) -> None:
    someone = people(cli, synced, "list")[0]["email"]
    for action in ("make", "revoke"):
        result = cli.json("portal", synced, action, someone, "nobody@example.org")
        assert (result.exit_code, result.document["error"]["code"]) == (3, "not_found")
        assert "nobody@example.org" in result.document["error"]["message"]
        assert "Nothing was done" in result.document["error"]["message"]
    assert {person["portal_address"] for person in people(cli, synced, "list")} == {None}


@pytest.mark.parametrize(
    "arguments",
    [
        ("make",),
        ("revoke",),
        ("make", "someone", "--all"),
        ("revoke", "--all", "--csv", "x.csv"),
        ("give",),
        (),
    ],
)
def test_rule_39_wrong_usage_says_what_to_do(
    cli: CommandLine, mapping: str, arguments: tuple[str, ...]
) -> None:
    result = cli.json("portal", mapping, *arguments)
    assert (result.exit_code, result.document["error"]["code"]) == (2, "usage")


def test_rules_11_and_39_of_an_ended_mapping_they_are_listed_and_revoked_only(
    cli: CommandLine, synced: str
) -> None:
    made = people(cli, synced, "make", "--all")
    cli("unmap", synced)
    assert cli.json("portal", synced, "make", "--all").document["error"]["code"] == "not_mapped"
    assert people(cli, synced, "list") == made
    people(cli, synced, "revoke", "--all")
    assert {person["portal_address"] for person in people(cli, synced, "list")} == {None}
