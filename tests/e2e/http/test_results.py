"""The results of a sync over the JSON API: outcomes and their sums, share links, portal addresses, CSV files."""

import csv
import io
import time
from typing import Any

import httpx
import pytest

from core.domain.ids import RunId, SourceId
from core.domain.records.kinds import SESSION
from core.domain.records.outcomes import Outcome, RecordOutcome, RecordRef
from core.domain.records.reasons import Reason
from entrypoints.container import Container
from entrypoints.resources.results import OUTCOME_COLUMNS
from tests.e2e.cli.conference import FORMULA
from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import ACME_EVENT, ADMIN, EVERYWHERE

COUNTS = ("created", "updated", "unchanged", "kept", "skipped", "blocked", "failed")


def rows_of(answer: httpx.Response) -> list[list[str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


def test_rule_26_every_record_has_one_outcome_and_the_sums_balance(served: Served) -> None:
    client, run = served.client(ADMIN), served.acme.run
    outcomes = client.get(f"/runs/{run}/outcomes").json()["items"]
    assert len({(each["kind"], each["source_id"]) for each in outcomes}) == len(outcomes) == 9
    assert {each["outcome"] for each in outcomes} == set(COUNTS)
    assert all(each["reason"] for each in outcomes)
    counts = client.get(f"/runs/{run}").json()["counts"]
    for kind, plural in (
        ("session", "sessions"),
        ("speaker", "speakers"),
        ("exhibitor_contact", "exhibitors"),
    ):
        tally = counts[plural]
        assert {name: tally[name] for name in COUNTS} == {
            name: sum(each["kind"] == kind and each["outcome"] == name for each in outcomes)
            for name in COUNTS
        }
        assert tally["succeeded"] == tally["created"] + tally["updated"] + tally["unchanged"]
        assert tally["attempted"] == tally["succeeded"] + tally["blocked"] + tally["failed"]
    header, *rows = rows_of(client.get(f"/runs/{run}/outcomes.csv"))
    assert header == list(OUTCOME_COLUMNS)
    assert len(rows) == len(outcomes)


def test_rule_28_the_message_tells_both_counts_and_whom_to_ask(served: Served) -> None:
    message = served.client(ADMIN).get(f"/runs/{served.acme.run}").json()["message"]
    assert message.startswith("Sync to Gleanin finished with problems: ")
    assert "help@example.org" in message


@pytest.mark.parametrize("size", [1, 2, 3, 9, 500])
def test_parts_of_a_list_make_the_whole_whatever_their_size(served: Served, size: int) -> None:
    client = served.client(ADMIN)
    mapping = served.acme.mapping
    for path in (
        f"/runs/{served.acme.run}/outcomes",
        f"/mappings/{mapping}/runs",
        f"/mappings/{mapping}/share-links",
        f"/organizations/{served.acme.organization}/audit-log",
        f"/organizations/{served.acme.organization}/api-keys",
    ):
        whole = client.get(path, params={"limit": 500}).json()["items"]
        parts, cursor = [], None
        while True:
            part = client.get(path, params={"limit": size} | ({"cursor": cursor} if cursor else {})).json()
            assert len(part["items"]) <= size
            parts += part["items"]
            cursor = part["next"]
            if cursor is None:
                break
        assert parts == whole


def test_a_preview_goes_on_with_what_was_read(served: Served) -> None:
    client, url = served.client(ADMIN), f"/mappings/{served.acme.mapping}/preview"
    whole = client.post(url, json={}).json()
    first = client.post(url, json={"limit": 2}).json()
    rest = client.post(url, json={"limit": 500, "cursor": first["next"]}).json()
    assert rest["read_at"] == first["read_at"] != whole["read_at"]
    assert first["items"] + rest["items"] == whole["items"]
    other = served.client(EVERYWHERE).post(
        f"/mappings/{served.stranger.mapping}/preview", json={"cursor": first["next"]}
    )
    assert other.status_code == 404


def test_rule_30_share_links_are_listed_with_who_has_none(served: Served) -> None:
    client, url = served.client(ADMIN), f"/mappings/{served.acme.mapping}/share-links"
    page = client.get(url).json()
    assert page["total"] == len(page["items"])
    assert all(link["url"].startswith("https://") for item in page["items"] for link in item["links"])
    missing = client.get(url, params={"missing": True}).json()
    assert missing["total"] == page["without_link"]


def test_rule_31_a_portal_address_shows_one_person_and_ends_when_it_is_revoked(fresh: Served) -> None:
    client, browser = fresh.client(ADMIN), fresh.browser()
    people = client.get(f"/mappings/{fresh.acme.mapping}/share-links").json()["items"]
    one, *others = [person for person in people if person["kind"] == "speaker"]
    url = f"/mappings/{fresh.acme.mapping}/people/speaker/{one['source_id']}/portal-address"
    address = httpx.URL(client.post(url).raise_for_status().json()["address"])
    page = browser.get(address.raw_path.decode())
    assert page.status_code == 200
    assert "Share Your Attendance" in page.text
    assert one["links"][0]["url"] in page.text
    for other in others:
        assert other["name"] not in page.text
        assert other["links"][0]["url"] not in page.text
    assert browser.get(address.raw_path.decode()[:-2] + "xx").status_code == 404
    client.delete(url).raise_for_status()
    assert browser.get(address.raw_path.decode()).status_code == 404


def test_no_cell_of_a_csv_is_a_formula(served: Served) -> None:
    client, browser = served.client(ADMIN), served.signed_in(ADMIN)
    rows = [
        row
        for answer in (
            client.get(f"/runs/{served.acme.run}/outcomes.csv"),
            client.get(f"/mappings/{served.acme.mapping}/share-links.csv"),
            browser.get(f"/runs/{served.acme.run}/outcomes.csv"),
        )
        for row in rows_of(answer)
    ]
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith(f"'{FORMULA}") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_csv_of_many_rows_comes_part_by_part(fresh: Served) -> None:
    many, run = 20_000, RunId(fresh.acme.run)

    async def add(container: Container) -> None:
        outcomes = [
            RecordOutcome(
                RecordRef(SESSION, SourceId(f"s{number}"), f"Session {number}"),
                Outcome.SKIPPED,
                Reason("x", "y"),
            )
            for number in range(many)
        ]
        async with container.units().write() as unit:
            await unit.outcomes.add(run, outcomes)
            await unit.commit()

    def part_until_the_first_piece() -> float:
        began = time.monotonic()
        with fresh.client(ADMIN).stream(
            "GET", f"/runs/{run}/outcomes.csv", params={"outcome": "skipped"}
        ) as answer:
            pieces = answer.iter_raw()
            next(pieces)
            first = time.monotonic() - began
            lines = sum(piece.count(b"\r\n") for piece in pieces)
            whole = time.monotonic() - began
        assert "Content-Length" not in answer.headers
        assert lines >= many
        return first / whole

    fresh.running.ask(add)
    # A busy machine may hold up the first piece, but not each time.
    assert any(part_until_the_first_piece() < 1 / 2 for _ in range(5))


@pytest.mark.parametrize("sought", ["person-1", "GRACE@acme", "grace HOPPER"])
def test_a_record_is_found_alike_on_every_page_and_in_the_api(served: Served, sought: str) -> None:
    client, browser, acme = served.client(ADMIN), served.signed_in(ADMIN), served.acme
    event = f"/organizations/{acme.organization}/events/{ACME_EVENT}"
    answers = [
        client.post(f"/mappings/{acme.mapping}/preview", json={"search": sought}).json(),
        client.get(f"/runs/{acme.run}/outcomes", params={"search": sought}).json(),
        client.get(f"/mappings/{acme.mapping}/share-links", params={"search": sought}).json(),
    ]
    assert [[_label(item) for item in answer["items"]] for answer in answers] == [["Grace Hopper"]] * 3
    for path in (
        f"{event}/preview",
        f"/runs/{acme.run}",
        f"/organizations/{acme.organization}/share-links",
        f"{event}/agenda",
    ):
        page = browser.get(path, params={"q": sought}).text
        assert "Grace Hopper" in page, path
        assert "Prince" not in page, path


def _label(item: dict[str, Any]) -> str:
    return str(item.get("label") or item["name"])
