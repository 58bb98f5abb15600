"""A destination that needs a URL, a secret and a choice, and a source that needs no token (rules 1, 2, 8 and 43)."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from tests.e2e.http.pages import post
from tests.e2e.plugins.conftest import BOX_EVENT, TOYS, Install, Program, programme
from tests.support.timeouts import WITHIN
from tests.support.toy_server import TOKEN, ToyServer, serving_toys

EMAIL, PASSWORD = "ada@example.org", "correct-horse-battery"
COMBINATION, OTHER_COMBINATION = "left-right-left", "right-left-right"
ACCESS = ("--access", f"combination={COMBINATION}", "--access", "drawer=upper")
VALUES = {"combination": COMBINATION, "drawer": "upper"}


def protect(
    toys: ToyServer, combination: str = COMBINATION, drawer: str = "upper", token: str = TOKEN
) -> None:
    """Set which headers the shelf requires; the box requires none."""
    headers = {"Authorization": f"Token {token}", "X-Combination": combination, "X-Drawer": drawer}
    toys.state.required.update({"shelf": headers, "box": {}})


class Served:
    """The program, which is also served, with an organization of each test in one database."""

    def __init__(self, program: Program, toys: ToyServer, api: httpx.Client, browser: httpx.Client) -> None:
        self.program, self.toys, self.api, self.browser = program, toys, api, browser

    def organization(self, name: str) -> str:
        body = {"name": name, "source": "leaflet", "sessionboard_url": self.toys.box_url}
        added = self.api.post("/organizations", json=body)
        assert added.status_code == 201, added.text
        return str(added.json()["id"])

    def connect(self, name: str, *options: str) -> Any:
        arguments = ("connect", name, "--destination", "safe", "--url", self.toys.shelf_url, "--token-stdin")
        return self.program.json(*arguments, *options, stdin=TOKEN)


@pytest.fixture(scope="module")
def served(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving_toys(programme()) as toys:
        protect(toys)
        program = Program((install(*TOYS, "toy_safe"),), tmp_path_factory.mktemp("served") / "toys.db")
        secret = program.done("key", "add", "test", "--role", "admin")["secret"]
        program.done("user", "add", EMAIL, "--password-stdin", stdin=PASSWORD)
        with program.serving() as url, ExitStack() as clients:
            options: dict[str, Any] = {"timeout": WITHIN, "trust_env": False}
            headers = {"Authorization": f"Bearer {secret}"}
            api = clients.enter_context(httpx.Client(base_url=f"{url}/api/v1", headers=headers, **options))
            browser = clients.enter_context(httpx.Client(base_url=url, **options))
            assert post(browser, "/sign-in", email=EMAIL, password=PASSWORD).status_code == 303
            yield Served(program, toys, api, browser)


def test_rule_43_a_source_without_a_token_and_a_destination_with_fields_are_synced(served: Served) -> None:
    program, toys, name = served.program, served.toys, "By command"
    served.organization(name)
    result = served.connect(name, *ACCESS, "--access", "note=hello")
    assert result.exit_code == 0, result.err
    shelf = program.done("events", name)["gleanin"][0]["id"]
    prefix, digest, own = shelf.split(":")
    assert (prefix, own, len(digest)) == ("safe", "7", 8)
    mapping = program.done("map", name, BOX_EVENT, shelf)["id"]
    assert program.done("sync", mapping)["counts"]["sessions"]["created"] == 3
    assert {*toys.state.notes} == {"hello"}

    protect(toys, OTHER_COMBINATION)
    replaced = program.json("token", name, "safe", "--access", f"combination={OTHER_COMBINATION}")
    assert replaced.exit_code == 0, replaced.err
    assert program.done("sync", mapping)["counts"]["sessions"]["unchanged"] == 3
    shown = program("probe", name)
    protect(toys)
    assert shown.exit_code == 0, shown.err
    assert "the safe has shelves" in shown.out

    printed = "".join(result.out + result.err for result in program.results)
    program.done("disconnect", name, "--yes")
    with closing(sqlite3.connect(program.database)) as database:
        dump = "\n".join(database.iterdump())
        rows = database.execute(
            "SELECT connections.sealed_token, connections.sealed_fields, url FROM connections JOIN organizations "
            "ON organizations.id = organization_id WHERE name = ?",
            [name],
        ).fetchall()
    assert rows == [(None, None, toys.shelf_url)]
    for secret in (COMBINATION, OTHER_COMBINATION):
        assert secret not in dump
        assert secret not in printed


def test_rule_01_what_is_wrong_is_named_and_nothing_is_stored(served: Served) -> None:
    name = "In vain"
    organization = served.organization(name)
    for options, exit_code, sentence in (
        (("--access", "drawer=upper"), 3, "Combination (combination) of Toy Safe is missing. Enter it."),
        (("--access", "secret-without-a-name"), 2, "Use NAME=VALUE."),
        ((*ACCESS, "--access", "drawer=lower"), 2, "drawer is given twice."),
        (("--access", "combination=wrong", *ACCESS[2:]), 5, "The shelf refused the token (401)."),
    ):
        result = served.connect(name, *options)
        assert (result.exit_code, sentence in result.error["message"]) == (exit_code, True), result.out
        shown = result.out + result.err
        assert not any(value in shown for value in (COMBINATION, "secret-without-a-name"))
    replaced = served.program.json("token", name, "leaflet", "--token-stdin", stdin=TOKEN)
    assert (replaced.exit_code, "Toy Leaflet needs no token." in replaced.error["message"]) == (2, True)
    assert not served.api.get(f"/organizations/{organization}/connection").json()["connected"]


def test_rule_43_a_url_or_a_token_that_is_not_needed_is_refused(served: Served) -> None:
    at = f"/organizations/{served.organization('Too much')}/connection"
    known = {"destination": "toy-shelf", "url": served.toys.shelf_url, "token": TOKEN}
    for body, sentence in (
        (known, "Toy Shelf needs no URL: it is known. Leave it out."),
        ({"destination": "safe", "token": TOKEN, "access": VALUES}, "Toy Safe needs the URL of its API."),
        ({"destination": "safe", "url": served.toys.shelf_url, "access": VALUES}, "needs an API token."),
        (
            {"destination": "safe", "url": served.toys.shelf_url, "token": TOKEN, "access": {"lid": "open"}},
            "Use combination, drawer, note.",
        ),
    ):
        refused = served.api.put(at, json=body)
        assert (refused.status_code, sentence in refused.text) == (422, True), refused.text
    source = {"name": "x", "source": "leaflet", "sessionboard_url": served.toys.box_url, "token": TOKEN}
    refused = served.api.post("/organizations", json=source)
    assert (refused.status_code, "Toy Leaflet needs no token." in refused.text) == (422, True)


def test_rule_43_the_api_takes_the_fields_and_never_returns_them(served: Served) -> None:
    at = f"/organizations/{served.organization('By the API')}/connection"
    body = {"destination": "safe", "url": served.toys.shelf_url, "token": TOKEN}
    wrong = served.api.put(at, json={**body, "access": {**VALUES, "drawer": "side"}})
    assert (wrong.status_code, "upper, lower" in wrong.text) == (422, True)
    no_text = served.api.put(at, json={**body, "access": {"combination": [COMBINATION]}})
    assert no_text.status_code == 422
    connected = served.api.put(at, json={**body, "access": VALUES})
    assert (connected.status_code, connected.json()["destination"]) == (201, "safe")
    again = served.api.put(at, json={"access": {"note": "hello"}})
    assert again.status_code == 200, again.text
    nothing = served.api.put(at, json={"access": {"note": "hello"}})
    assert (nothing.status_code, "There is nothing new." in nothing.text) == (422, True)
    log = served.api.get(f"{at.removesuffix('/connection')}/audit-log").json()["items"]
    assert [(entry["what"], entry["detail"]) for entry in log[:2]] == [
        ("Toy Safe access (note)", ""),
        ("By the API", "Toy Safe"),
    ]
    texts = [wrong.text, no_text.text, connected.text, again.text, str(log)]
    assert not any(COMBINATION in text for text in texts)


def test_openapi_names_the_fields_of_the_plug_ins(served: Served) -> None:
    schemas = served.api.get("/openapi.json").json()["components"]["schemas"]
    described = schemas["NewConnectionRequest"]["properties"]["access"]["description"]
    assert (
        "safe: combination (Combination; secret), drawer (Drawer; one of upper, lower), note (Note; optional)"
        in described
    )
    assert "gleanin: none" in described
    sources = schemas["NewOrganizationRequest"]["properties"]["access"]["description"]
    assert "leaflet: none, no token" in sources
    assert schemas["NewConnectionRequest"].get("required", []) == []


def test_rule_43_the_form_for_connecting_follows_from_the_plug_in(served: Served) -> None:
    organization = served.organization("In the browser")
    at = f"/organizations/{organization}/integrations"
    page = served.browser.get(f"{at}/connect?destination=safe").text
    assert 'aria-label="Destinations"' in page
    assert f'href="{at}/connect?destination=toy-shelf"' in page
    assert '<label for="field-secret.combination">Combination</label>' in page
    assert 'type="password" id="field-secret.combination"' in page
    assert 'aria-describedby="field-secret.combination-hint"' in page
    assert '<select class="select" id="field-access.drawer" name="access.drawer" required>' in page
    assert '<label for="field-url">Toy Safe API address</label>' in page
    sent = {"destination": "safe", "url": served.toys.shelf_url, "token": TOKEN}
    fields = {"secret.combination": COMBINATION, "access.drawer": "lower", "access.note": "my <note>"}
    refused = post(served.browser, f"{at}/connect", **sent, **fields)
    assert refused.status_code == 422
    assert f'value="{served.toys.shelf_url}"' in refused.text
    assert '<option value="lower" selected>' in refused.text
    assert "my &lt;note&gt;" in refused.text
    assert COMBINATION not in refused.text
    missing = post(served.browser, f"{at}/connect", **sent, **{"access.drawer": "upper"})
    assert 'id="field-secret.combination-error"' in missing.text
    done = post(served.browser, f"{at}/connect", **sent, **{**fields, "access.drawer": "upper"})
    assert done.status_code == 303, done.text
    page = served.browser.get(f"{at}/connect").text
    assert served.toys.shelf_url in page
    assert 'value="my &lt;note&gt;"' in page
    assert COMBINATION not in page
    assert "Leave it empty to keep the present one." in page
    form = f"{at}/token"
    changed = {"access.drawer": "upper", "access.note": "another"}
    replaced = post(served.browser, form, page=f"{at}/connect", **changed)
    assert replaced.status_code == 303, replaced.text
    same = post(served.browser, form, page=f"{at}/connect", **changed)
    assert "There is nothing new." in same.text
    log = served.browser.get(f"/organizations/{organization}/settings/audit-log").text
    assert "Connected In the browser to Toy Safe." in log
    assert "Replaced the Toy Safe access (note)." in log


def test_rule_43_the_form_for_adding_asks_for_no_token_where_none_is_needed(served: Served) -> None:
    page = served.browser.get("/organizations/new?source=leaflet").text
    assert 'name="token"' not in page
    assert 'name="token"' in served.browser.get("/organizations/new?source=toys").text
    sent = {"name": "No token", "source": "leaflet", "sessionboard_url": served.toys.box_url}
    added = post(served.browser, "/organizations/new", **sent)
    assert added.status_code == 303, added.text
    settings = served.browser.get(added.headers["location"].replace("/integrations", "/settings")).text
    assert "API token" not in settings.partition("Who has access")[0]
    assert served.browser.get("/organizations/new?source=nothing").status_code == 404
    assert served.browser.get(f"{added.headers['location']}/connect?destination=nothing").status_code == 404
