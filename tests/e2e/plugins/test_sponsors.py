"""Sponsors, with their package installed beside the program: each contact arrives once, and the outcomes say why."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.state import SESSIONBOARD_TOKEN
from tests.e2e.http.pages import post
from tests.e2e.plugins.conftest import ROOT, SOURCES, Install, Program
from tests.e2e.plugins.test_sandbox import ORG, Served, mapped, serving
from tests.support.sponsored_event import EVENT, saved_event
from tests.support.timeouts import WITHIN, wait_until

EMAIL, PASSWORD = "ada@example.org", "correct-horse-battery"
AS_EXHIBITOR = "It is synced already as an exhibitor, so it is not synced as a sponsor."
AS_SPONSOR = "It is synced already as a sponsor, so it is not synced as an exhibitor."
OWN_FIELD = re.compile(r'\s*"sponsors": \[\],?')
"""Sessions of the source list their sponsors."""


@dataclass(frozen=True)
class Sponsored:
    """A sandbox with an event of exhibitors, sponsors and speakers, which is mapped."""

    served: Served
    mapping: str

    @property
    def program(self) -> Program:
        return self.served.program

    def sync(self, scope: str = "all") -> dict[tuple[str, str], Any]:
        """Sync, and return the outcomes by the record's kind and id."""
        run = self.program.json("sync", self.mapping, "--scope", scope).document
        outcomes = self.program.done("run", run["run_id"])["outcomes"]
        found = {(each["kind"], each["source_id"]): each for each in outcomes}
        assert len(found) == len(outcomes), "one outcome for each record (rule 26)"
        return found

    def there(self, type_: str) -> dict[str, Any]:
        """Return the attributes of what Gleanin has of a type, by the e-mail, each once."""
        records = self.served.control.records(self.served.events[1], type_)
        found = {record["attributes"]["email"]: record["attributes"] for record in records}
        assert len(found) == len(records), f"somebody is there twice: {records}"
        return found


@pytest.fixture(scope="module")
def event_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("event") / "event.json"
    file.write_text(json.dumps(saved_event()))
    return file


@pytest.fixture
def sponsored(install: Install, event_file: Path, tmp_path: Path) -> Iterator[Sponsored]:
    program = Program((install("sponsors"),), tmp_path / "sponsors.db")
    with serving(program, "--event", str(event_file)) as served:
        yield Sponsored(served, mapped(served))


@pytest.mark.parametrize("first", ["exhibitors", "sponsors"])
def test_rule_44_everybody_arrives_once_whichever_scope_is_first(sponsored: Sponsored, first: str) -> None:
    second = "sponsors" if first == "exhibitors" else "exhibitors"
    kinds = {"exhibitors": "exhibitor_contact", "sponsors": "sponsor"}
    sponsored.sync("agenda")
    outcomes = sponsored.sync(first) | sponsored.sync(second)

    assert sponsored.there("speakers").keys() == {"eve@example.org"}
    contacts = sponsored.there("exhibitors")
    assert {email: each["company_name"] for email, each in contacts.items()} == {
        "eve@example.org": "Eve Acme" if first == "exhibitors" else "Acme Ltd",
        "xan@example.org": "Xan Acme",
        "pat@example.org": "Acme Ltd",
        "wil@example.org": "Wonka",
    }
    assert {email: each["groups"] for email, each in contacts.items() if each["groups"]} == {
        **({} if first == "exhibitors" else {"eve@example.org": ["Sponsors"]}),
        "pat@example.org": ["Sponsors"],
        "wil@example.org": ["Sponsors"],
    }
    skipped = outcomes[kinds[second], "eve"]
    assert (outcomes[kinds[first], "eve"]["outcome"], skipped["outcome"]) == ("created", "skipped")
    assert skipped["reason"] == (AS_EXHIBITOR if first == "exhibitors" else AS_SPONSOR)
    blocked = outcomes["sponsor", "s-none"]
    assert (blocked["outcome"], blocked["reason"]) == (
        "blocked",
        "The sponsor Nobody Ltd has no primary contact.",
    )
    assert {key: each["outcome"] for key, each in outcomes.items() if key[1] in {"xan", "pat", "wil"}} == {
        ("exhibitor_contact", "xan"): "created",
        ("sponsor", "pat"): "created",
        ("sponsor", "wil"): "created",
    }
    assert all(each["reason"] for each in outcomes.values())

    before = _writes(sponsored)
    again, everything = sponsored.sync(second) | sponsored.sync(first), sponsored.sync()
    for outcomes in (again, everything):
        assert outcomes[kinds[first], "eve"]["outcome"] == "unchanged"
        assert outcomes[kinds[second], "eve"]["outcome"] == "skipped", "rule 44"
    assert _writes(sponsored) == before, "rule 21"


def test_the_sandbox_takes_custom_fields_of_sponsors(sponsored: Sponsored) -> None:
    served, event = sponsored.served, sponsored.served.events[0]
    served.control.add_field(event, "Gleanin Link", type="textarea", module="account")
    (before,) = [row for row in served.control.event(event)["sponsors"] if row["custom_fields"]]
    link = {"gleanin_link": "https://x.example/1"}
    answer = httpx.put(
        f"{served.urls['sessionboard_url']}/v1/event/{event}/sponsors/{before['id']}",
        json={"custom_fields": link},
        headers={"x-access-token": SESSIONBOARD_TOKEN},
        trust_env=False,
        timeout=WITHIN,
    )
    assert answer.status_code == 200, answer.text
    values = {entry["internal_name"]: entry["value"] for entry in answer.json()["custom_fields"]}
    assert values.items() >= link.items()
    assert all(entry in answer.json()["custom_fields"] for entry in before["custom_fields"]), "the tier stays"
    assert served.control.field_values(event, "gleanin_link", "account") == {
        before["id"]: "https://x.example/1"
    }
    assert served.control.sessionboard_writes()["violations"] == {}


def test_rule_44_the_tiers_group_is_sent_where_a_setting_names_its_field(sponsored: Sponsored) -> None:
    program, mapping = sponsored.program, sponsored.mapping
    sponsored.sync("sponsors")
    program.done("settings", mapping, "--set", "sponsor.tier_field=level")
    preview = program.done("preview", mapping, "--scope", "sponsors")
    changed = [step["label"] for step in preview["steps"] if step["outcome"] == "updated"]
    assert sorted(changed) == ["Eve Acme", "Pat Acme"], "those of the sponsor that has a tier"
    outcomes = sponsored.sync("sponsors")
    assert outcomes["sponsor", "pat"]["reason"] == "Changed: groups."
    assert outcomes["sponsor", "wil"]["outcome"] == "unchanged"
    groups = {email: each["groups"] for email, each in sponsored.there("exhibitors").items()}
    assert groups == {
        "eve@example.org": ["Sponsors", "Gold"],
        "pat@example.org": ["Sponsors", "Gold"],
        "wil@example.org": ["Sponsors"],
    }


def test_rule_22_a_contact_who_leaves_the_sponsor_is_kept(sponsored: Sponsored) -> None:
    sponsored.sync()
    event = saved_event()
    acme, wonka, _ = event["sponsors"]
    sponsored.served.control.edit_event(EVENT, sponsors=[{**acme, "contacts": acme["contacts"][:1]}, wonka])
    outcomes = sponsored.sync("sponsors")
    assert outcomes["sponsor", "pat"]["outcome"] == "kept"
    assert "pat@example.org" in sponsored.there("exhibitors")


def test_rule_43_history_and_settings_stay_when_the_package_is_uninstalled(sponsored: Sponsored) -> None:
    program, mapping = sponsored.program, sponsored.mapping
    program.done("settings", mapping, "--set", "sponsor.tier_field=level")
    run = program.json("sync", mapping).document
    before = program.done("run", run["run_id"])
    bare = replace(program, path=())
    assert "gleanin-sync-sponsors" not in {each["package"] for each in bare.done("plugins")}
    assert bare.done("run", run["run_id"])["outcomes"] == before["outcomes"]
    history = bare.done("record", mapping, "pat@example.org")
    assert [(entry["kind"], entry["outcome"]) for entry in history] == [("sponsor", "created")]
    assert bare.done("settings", mapping)["kinds"] == {}
    assert bare.json("sync", mapping, "--scope", "sponsors").exit_code == 2

    writes = _writes(sponsored)
    again = bare.json("sync", mapping).document
    assert again["counts"].keys() == {"sessions", "speakers", "exhibitors"}
    assert _writes(sponsored) == writes, "what was sent as a sponsor stays one"
    assert program.done("settings", mapping)["kinds"] == {"sponsor": {"tier_field": "level"}}
    assert program.json("sync", mapping).document["counts"]["sponsors"]["unchanged"] == 2
    assert _writes(sponsored) == writes


def test_rule_43_the_probe_compares_the_groups(sponsored: Sponsored) -> None:
    sponsored.sync()
    found = sponsored.program.json("probe", ORG).out
    assert "one of the exhibitors has groups: a list of texts" in found
    (finding,) = [
        each for each in _findings(json.loads(found)) if "has groups" in str(each.get("assumption"))
    ]
    assert finding["verdict"] == "agrees"


def test_rule_43_plugins_lists_the_package(install: Install, tmp_path: Path) -> None:
    program = Program((install("sponsors"),), tmp_path / "listed.db")
    (listed,) = [each for each in program.done("plugins") if each["package"] == "gleanin-sync-sponsors"]
    assert (listed["group"], listed["identifier"], listed["display_name"], listed["state"]) == (
        "gleanin_sync.kinds",
        "sponsor",
        "Sponsors",
        "available",
    )
    assert program("doctor").out.count("gleanin-sync-sponsors") <= 1


def test_rule_43_the_installed_package_is_the_one_that_the_kit_tests(install: Install) -> None:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "entry_point")
    done = subprocess.run(
        [*command, "plugins/sponsors/tests/test_kind.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(install("sponsors"))},
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_rule_43_the_demo_syncs_the_sponsors_of_the_packaged_conference(
    install: Install, tmp_path: Path
) -> None:
    program = Program((install("sponsors"),), tmp_path / "demo.db")
    steps = program.done("demo")["steps"]
    runs = [step["result"] for step in steps if " sync " in step["command"]]
    first, second = runs[0]["counts"]["sponsors"], runs[1]["counts"]["sponsors"]
    assert (first["created"], first["skipped"], first["blocked"]) == (4, 1, 1)
    assert (second["created"], second["updated"], second["unchanged"]) == (0, 0, 4)


def test_the_package_brings_nothing_of_the_program_which_knows_nothing_of_it(install: Install) -> None:
    installed = {path.name for path in install("sponsors").iterdir() if not path.name.endswith(".dist-info")}
    assert installed - {".lock", "bin"} == {"gleanin_sync_sponsors"}
    lines = {
        (path.relative_to(SOURCES).as_posix(), line)
        for path in SOURCES.rglob("*")
        if path.suffix in {".py", ".html", ".js", ".css", ".json", ".svg"}
        for line in path.read_text("utf-8").splitlines()
        if "sponsor" in line.lower()
    }
    assert not [(path, line) for path, line in lines if not OWN_FIELD.fullmatch(line)]


@pytest.fixture(scope="module")
def site(
    install: Install, event_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Sponsored, httpx.Client, httpx.Client]]:
    """Serve the program over a sandbox, and return a client of the API and a browser that is signed in."""
    program = Program((install("sponsors"),), tmp_path_factory.mktemp("site") / "sponsors.db")
    with serving(program, "--event", str(event_file)) as served:
        sponsored = Sponsored(served, mapped(served))
        program = sponsored.program
        program.done("settings", sponsored.mapping, "--set", "sponsor.tier_field=level")
        for _ in range(2):  # the second run reads the links
            sponsored.sync()
        secret = program.done("key", "add", "test", "--role", "admin", "--organization", ORG)["secret"]
        program.done("user", "add", EMAIL, "--organization", ORG, "--password-stdin", stdin=PASSWORD)
        with program.serving() as url, ExitStack() as clients:
            options: dict[str, Any] = {"timeout": WITHIN, "trust_env": False}
            headers = {"Authorization": f"Bearer {secret}"}
            api = clients.enter_context(httpx.Client(base_url=f"{url}/api/v1", headers=headers, **options))
            browser = clients.enter_context(httpx.Client(base_url=url, **options))
            assert post(browser, "/sign-in", email=EMAIL, password=PASSWORD).status_code == 303
            yield sponsored, api, browser


Site = tuple[Sponsored, httpx.Client, httpx.Client]


def test_rule_44_sponsors_have_a_page_and_a_menu_entry(site: Site) -> None:
    sponsored, _, browser = site
    organization = sponsored.program.done("organization", "list")[0]["id"]
    event = f"/organizations/{organization}/events/{EVENT}"

    def page(query: str = "") -> str:
        return browser.get(f"{event}/sponsors{query}").raise_for_status().text

    wait_until(lambda: "Pat Acme" in page(), "the page shows the sponsors")
    shown = page()
    for words in (
        "Sync sponsors to Gleanin",
        "Search sponsors and contacts",
        "Company",
        "Tier",
        "Gold",
        "Team member",
        "No contacts",
        AS_EXHIBITOR,
    ):
        assert words in shown, words
    assert "Wil Wonka" in page("?q=wonka")
    assert "Pat Acme" not in page("?q=wonka")
    assert "Pat Acme" in page("?q=gold")
    assert f"{event}/sponsors" in browser.get(f"{event}/agenda").text  # its tab


def test_rule_44_the_api_has_the_scope_the_counts_and_the_setting(site: Site) -> None:
    sponsored, api, _ = site
    started = api.post(f"/mappings/{sponsored.mapping}/runs", json={"scope": "sponsors"})
    assert started.status_code == 202, started.text
    run_id = started.json()["run_id"]
    wait_until(lambda: api.get(f"/runs/{run_id}").json()["finished_at"], "the run has ended")
    run = api.get(f"/runs/{run_id}").json()
    assert (run["scope"], run["counts"]["sponsors"]["unchanged"]) == ("sponsors", 2)
    assert "3 sponsors attempted, 2 synced" in run["message"]
    settings = api.get(f"/mappings/{sponsored.mapping}").json()["settings"]
    assert settings["kinds"] == {"sponsor": {"tier_field": "level"}}
    document = api.get("/openapi.json").raise_for_status().text
    assert '"sponsors"' in document
    assert '"tier_field"' in document


def test_rule_30_a_contact_of_a_sponsor_finds_the_own_links_in_the_portal(site: Site) -> None:
    sponsored, api, browser = site
    people = sponsored.program.done("links", sponsored.mapping)
    assert "pat@example.org" in {person["email"] for person in people if person["kind"] == "sponsor"}
    made = api.post(f"/mappings/{sponsored.mapping}/people/sponsor/pat/portal-address")
    assert made.status_code in {200, 201}, made.text
    page = browser.get(httpx.URL(made.json()["address"]).raw_path.decode())
    assert page.status_code == 200
    for words in ("Share Your Sponsorship", "Thank you for sponsoring", "We%20are%20a%20sponsor%20at"):
        assert words in page.text, words
    assert "wil@example.org" not in page.text


def test_rule_43_the_documentation_and_the_webhooks_name_sponsors(site: Site) -> None:
    sponsored, _, browser = site
    page = browser.get("/documentation").raise_for_status().text
    for words in ("exhibitors and sponsors", "The contacts of the event", "Custom field of the tier"):
        assert words in page, words
    added = sponsored.program("key", "add", "hook", "--role", "hook", "--organization", ORG)
    assert "sponsor.event.associated" in added.out


def _writes(sponsored: Sponsored) -> int:
    requests = sponsored.served.control.requests()
    return sum(
        request["method"] in {"POST", "PATCH"} and "/v1/event/" not in request["path"] for request in requests
    )


def _findings(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in a document."""
    if isinstance(document, dict):
        yield document
    for each in document.values() if isinstance(document, dict) else document:
        if isinstance(each, dict | list):
            yield from _findings(each)
