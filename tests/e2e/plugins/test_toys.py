"""A full way with toys: a source, a destination and a kind of records, each of a package of its own."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.http.pages import post
from tests.e2e.plugins.conftest import (
    BOX_EVENT,
    ORG,
    SHELF,
    TOYS,
    Install,
    Program,
    Result,
    mapped_by,
    programme,
)
from tests.support.timeouts import WITHIN, wait_until
from tests.support.toy_server import ToyServer, ToyState, serving_toys

OTHER_SYSTEMS = re.compile(r"\b(Sessionboard|Gleanin)\b")
EMAIL, PASSWORD = "ada@example.org", "correct-horse-battery"


@dataclass(frozen=True, slots=True)
class Way:
    """What was done before the tests of this module."""

    program: Program
    toys: ToyServer
    mapping: str
    first: Result
    second: Result
    helpers: Result
    writes_of_first: int
    reads_of_helpers: tuple[str, ...]

    @property
    def state(self) -> ToyState:
        return self.toys.state

    def records(self, type_: str) -> list[dict[str, Any]]:
        return self.state.records(SHELF, type_)


@pytest.fixture(scope="module")
def way(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    with serving_toys(programme()) as toys:
        database = tmp_path_factory.mktemp("way") / "toys.db"
        program = Program((install(*TOYS),), database, toys.shelf_url)
        mapping = mapped_by(program, toys)
        first = program.json("sync", mapping)
        writes = len(toys.state.writes)
        second = program.json("sync", mapping)
        reads = len(toys.state.reads)
        helpers = program.json("sync", mapping, "--scope", "helpers")
        yield Way(program, toys, mapping, first, second, helpers, writes, tuple(toys.state.reads[reads:]))


@pytest.fixture(scope="module")
def site(way: Way) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Serve the program, and return a client of the API and a browser that is signed in."""
    secret = way.program.done("key", "add", "test", "--role", "admin", "--organization", ORG)["secret"]
    way.program.done("user", "add", EMAIL, "--organization", ORG, "--password-stdin", stdin=PASSWORD)
    with way.program.serving() as url, ExitStack() as clients:
        options: dict[str, Any] = {"timeout": WITHIN, "trust_env": False}
        headers = {"Authorization": f"Bearer {secret}"}
        api = clients.enter_context(httpx.Client(base_url=f"{url}/api/v1", headers=headers, **options))
        browser = clients.enter_context(httpx.Client(base_url=url, **options))
        signed_in = post(browser, "/sign-in", email=EMAIL, password=PASSWORD)
        assert signed_in.status_code == 303, signed_in.text
        yield api, browser


def test_rule_43_what_the_source_has_arrives_in_the_destination(way: Way) -> None:
    assert way.first.exit_code == 0, way.first.out
    counts = way.first.document["counts"]
    assert {name: tally["created"] for name, tally in counts.items() if tally["created"]} == {
        "sessions": 3,
        "speakers": 3,
        "helpers": 2,
    }
    assert sorted(record["name"] for record in way.records("talks")) == ["Talk 0", "Talk 1", "Talk 2"]
    assert {record["given"] for record in way.records("people")} == {"Ada", "Bert", "Cleo"}
    assert {record["whole"]: record.get("shift") for record in way.records("helpers")} == {
        "Hedy Help": "Morning shift",
        "Hugo Help": None,
    }
    assert {record["badge"] for record in way.records("helpers")} == {"yes"}
    talks = {record["id"]: record["name"] for record in way.records("talks")}
    assert {record["given"]: [talks[one] for one in record["talks"]] for record in way.records("people")} == {
        "Ada": ["Talk 0"],
        "Bert": ["Talk 1"],
        "Cleo": ["Talk 2"],
    }


def test_rule_43_external_ids_begin_with_the_identifier_of_the_source(way: Way) -> None:
    external_ids = [
        record["external_id"] for type_ in ("talks", "people", "helpers") for record in way.records(type_)
    ]
    assert len(external_ids) == 8
    assert {text.partition(":")[0] for text in external_ids} == {"toys"}


def test_rule_43_events_of_another_destination_are_told_apart_by_its_identifier(way: Way) -> None:
    events = way.program.done("events", ORG)
    assert [event["id"] for event in events["gleanin"]] == [f"toy-shelf:{SHELF}"]
    assert [event["id"] for event in events["sessionboard"]] == [BOX_EVENT]


def test_rule_43_a_second_sync_writes_nothing(way: Way) -> None:
    assert way.second.exit_code == 0, way.second.out
    assert len(way.state.writes) == way.writes_of_first == 8
    tallies = way.second.document["counts"]
    assert {name: tallies[name]["unchanged"] for name in ("sessions", "speakers", "helpers")} == {
        "sessions": 3,
        "speakers": 3,
        "helpers": 2,
    }
    assert not any(tally["kept"] for tally in tallies.values())


def test_rule_43_a_kind_brings_a_scope_of_its_own(way: Way) -> None:
    assert way.helpers.exit_code == 0, way.helpers.out
    attempted = {name: tally["attempted"] for name, tally in way.helpers.document["counts"].items()}
    assert attempted == {"sessions": 0, "speakers": 0, "exhibitors": 0, "helpers": 2}
    assert "2 helpers" in way.helpers.document["message"]
    assert f"/box/events/{BOX_EVENT}/helpers" in way.reads_of_helpers
    assert f"/box/events/{BOX_EVENT}/sessions" not in way.reads_of_helpers
    unknown = way.program.json("sync", way.mapping, "--scope", "jugglers")
    assert unknown.exit_code == 2
    assert "helpers" in unknown.error["message"]


def test_rule_43_output_names_the_kind_and_the_systems_of_the_organization(way: Way) -> None:
    results = [
        way.program(*arguments)
        for arguments in (
            ("organization", "list"),
            ("events", ORG),
            ("mappings", ORG),
            ("preview", way.mapping),
            ("sync", way.mapping),
            ("runs", way.mapping),
            ("run", way.first.document["run_id"]),
            ("record", way.mapping, "hedy@example.org"),
            ("links", way.mapping),
            ("status",),
        )
    ]
    assert [result.exit_code for result in results] == [0] * len(results)
    text = {result.arguments[0]: result.out for result in results}
    assert "Toy Box" in text["organization"]
    assert "Events in Toy Box" in text["events"]
    assert "Events in Toy Shelf" in text["events"]
    assert "helpers" in text["preview"]
    assert "Hedy Help (helper)" in text["run"]
    assert "New in Toy Shelf." in text["record"]
    offenders = {
        (result.arguments[0], line.strip())
        for result in way.program.results
        for line in (result.out + result.err).splitlines()
        if OTHER_SYSTEMS.search(line)
    }
    assert not offenders


def test_rule_43_the_api_covers_the_kind(way: Way, site: tuple[httpx.Client, httpx.Client]) -> None:
    api, _ = site
    preview = api.post(f"/mappings/{way.mapping}/preview", json={"scope": "helpers"})
    assert preview.status_code == 200, preview.text
    assert {step["label"] for step in preview.json()["items"]} == {"Hedy Help", "Hugo Help"}
    assert {step["kind"] for step in preview.json()["items"]} == {"helper"}
    run = api.get(f"/runs/{way.helpers.document['run_id']}").json()
    assert run["scope"] == "helpers"
    assert run["counts"]["helpers"]["unchanged"] == 2
    organizations = api.get("/organizations").json()["items"]
    assert [organization["source"] for organization in organizations] == ["toys"]
    started = api.post(f"/mappings/{way.mapping}/runs", json={"scope": "helpers"})
    assert started.status_code == 202, started.text
    run_id = started.json()["run_id"]
    wait_until(lambda: api.get(f"/runs/{run_id}").json()["finished_at"], "the run has ended")
    assert api.get(f"/runs/{run_id}").json()["state"] == "completed"
    assert api.post(f"/mappings/{way.mapping}/runs", json={"scope": "jugglers"}).status_code == 422


def test_rule_43_openapi_lists_the_kind_and_its_scope(
    way: Way, site: tuple[httpx.Client, httpx.Client]
) -> None:
    api, _ = site
    document = api.get("/openapi.json").raise_for_status().text
    assert '"helpers"' in document
    assert '"helper"' in document


def test_rule_43_a_kind_has_a_page_with_its_columns(
    way: Way, site: tuple[httpx.Client, httpx.Client]
) -> None:
    _, browser = site
    organization = way.program.done("organization", "list")[0]["id"]
    event = f"/organizations/{organization}/events/{BOX_EVENT}"

    def page_of_helpers() -> str:
        return browser.get(f"{event}/helpers").raise_for_status().text

    wait_until(lambda: "Hedy Help" in page_of_helpers(), "the page shows the helpers")
    page = page_of_helpers()
    for text in ("Hugo Help", "hedy@example.org", "Shift", "Morning shift", "Search helpers"):
        assert text in page
    assert f"{event}/helpers" in browser.get(f"{event}/agenda").text  # its tab
    assert browser.get(f"{event}/jugglers").status_code == 404


def test_rule_43_the_settings_of_a_kind_are_shown_and_changed_everywhere(
    way: Way, site: tuple[httpx.Client, httpx.Client]
) -> None:
    api, browser = site
    program, mapping = way.program, f"/mappings/{way.mapping}"
    defaults = {"helper": {"shifts": True, "names": "whole", "team": ""}}
    assert program.done("settings", way.mapping)["kinds"] == defaults
    assert api.get(mapping).json()["settings"]["kinds"] == defaults

    changed = program.done(
        "settings", way.mapping, "--set", "helper.names=first", "--set", "helper.shifts=off"
    )
    assert changed["kinds"] == {"helper": {"shifts": False, "names": "first", "team": ""}}
    text = " ".join(program("settings", way.mapping).out.split())
    assert "helper.names" in text
    assert "helpers: Names of helpers" in text
    for wrong, code, known in (
        ("juggler.hat=red", 3, "helper"),
        ("helper.hat=red", 3, "shifts"),
        ("hat", 2, "KIND.NAME=VALUE"),
    ):
        refused = program.json("settings", way.mapping, "--set", wrong)
        assert refused.exit_code == code, refused.out
        assert known in refused.error["message"]

    patched = api.patch(mapping, json={"kinds": {"helper": {"shifts": True, "team": "Doors"}}})
    assert patched.status_code == 200, patched.text
    assert patched.json()["settings"]["kinds"] == {
        "helper": {"shifts": True, "names": "first", "team": "Doors"}
    }
    refused_by_api = api.patch(mapping, json={"kinds": {"helper": {"names": "last"}}})
    assert refused_by_api.status_code == 422
    assert "whole, first" in refused_by_api.json()["detail"]
    document = api.get("/openapi.json").json()
    schema = document["components"]["schemas"]["SettingsResponse"]["properties"]["kinds"]
    assert schema["properties"]["helper"]["properties"]["names"]["enum"] == ["whole", "first"]

    organization = program.done("organization", "list")[0]["id"]
    page = f"/organizations/{organization}/integrations/mappings/{way.mapping}/settings"
    shown = browser.get(page).raise_for_status().text
    for words in ("Helpers", "Send shifts", "Names of helpers", "Whole name", 'value="Doors"'):
        assert words in shown
    fields = {"kind.helper": "on", "kind.helper.names": "whole", "kind.helper.team": ""}
    form = {"tracks": "track", "exhibitor_name": "contact", "chairpersons": "on", "moderators": "on"}
    saved = post(browser, page, **form, **fields, **{"kind.helper.shifts": "on"})
    assert saved.status_code == 303, saved.text
    assert program.done("settings", way.mapping)["kinds"] == defaults
    too_long = post(browser, page, **form, **{**fields, "kind.helper.team": "x" * 501})
    assert too_long.status_code == 422
    assert "at most 500 characters" in too_long.text
    audit = browser.get(f"/organizations/{organization}/settings/audit-log").raise_for_status().text
    assert "helpers: Names of helpers First name &gt; Whole name" in audit


def test_rule_43_the_documentation_describes_the_kind(site: tuple[httpx.Client, httpx.Client]) -> None:
    _, browser = site
    page = browser.get("/documentation").raise_for_status().text
    for words in (
        "speakers, exhibitors and helpers",
        "The people who help",
        "Send shifts (helpers)",
        "Name and e-mail",
    ):
        assert words in page


def test_rule_43_webhooks_of_any_source_are_hints(way: Way, site: tuple[httpx.Client, httpx.Client]) -> None:
    _, browser = site
    organization = way.program.done("organization", "list")[0]["id"]
    added = way.program("key", "add", "hook", "--role", "hook", "--organization", ORG)
    text = " ".join(added.out.split())
    assert f"/hooks/toys/{organization}" in text
    assert "X-Toy-Secret" in text
    assert "helper.changed" in text
    secret = next(line for line in added.out.splitlines() if line.startswith("gls_"))

    def sent(source: str, content: bytes, header: str = "X-Toy-Secret") -> httpx.Response:
        return browser.post(f"/hooks/{source}/{organization}", content=content, headers={header: secret})

    assert sent("toys", b'{"event": "summer"}').status_code == 204
    assert sent("toys", b"the plug-in raises").status_code == 204
    assert sent("toys", b"{}", header="X-Webhook-Secret").status_code == 401
    unknown = sent("jugglers", b"{}")
    assert unknown.status_code == 404
    assert "There is no source 'jugglers'." in unknown.json()["detail"]


def test_rule_43_the_form_of_a_new_organization_asks_for_what_its_source_needs(
    way: Way, site: tuple[httpx.Client, httpx.Client]
) -> None:
    _, browser = site
    page = browser.get("/organizations/new?source=toys")
    assert page.status_code in {200, 403}, page.text  # an admin of one organization adds none
