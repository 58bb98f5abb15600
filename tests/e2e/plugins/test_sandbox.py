"""The sandbox with the toy kind: Sessionboard's stand-in has its rows, and Gleanin's takes and lists its records."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from tests.e2e.plugins.conftest import Install, Program
from tests.support.processes import COMMAND, first_document, started
from tests.support.timeouts import WITHIN

ORG = "Sandbox"


@dataclass(frozen=True)
class Served:
    program: Program
    urls: Mapping[str, Any]

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.urls["control_url"])

    @property
    def events(self) -> tuple[str, str]:
        first = self.urls["events"][0]
        return first["sessionboard_id"], first["gleanin_id"]


@contextmanager
def serving(program: Program, *arguments: str) -> Iterator[Served]:
    environment = [f"{name}={value}" for name, value in program.environment.items()]
    with started("sandbox", "--json", *arguments, command=("env", *environment, COMMAND)) as process:
        urls = first_document(process)
        more = {"GLEANIN_SYNC_GLEANIN_URL": urls["gleanin_url"]}
        yield Served(replace(program, more=more), urls)


def mapped(served: Served) -> str:
    program = served.program
    added = ("organization", "add", ORG, "--sessionboard-url", served.urls["sessionboard_url"])
    program.done(*added, "--token-stdin", stdin=SESSIONBOARD_TOKEN)
    program.done("connect", ORG, "--token-stdin", stdin=GLEANIN_TOKEN)
    return str(program.done("map", ORG, *served.events, "--confirm-time-zone")["id"])


def test_rule_43_a_kinds_rows_are_served_synced_edited_and_listed(install: Install, tmp_path: Path) -> None:
    with serving(Program((install("toy_kind"),), tmp_path / "sandbox.db")) as served:
        program, control, (source_event, gleanin_event) = served.program, served.control, served.events
        mapping = mapped(served)
        run = program.json("sync", mapping)
        assert run.document["counts"]["helpers"]["created"] == 2, run.out
        records = control.records(gleanin_event, "helpers")
        assert {record["attributes"]["whole_name"] for record in records} == {"Hana Hand", "Hiro Hand"}
        assert {record["attributes"]["badge"] for record in records} == {"yes"}
        assert control.state()["records"][gleanin_event]["helpers"] == 2
        assert "helpers" in control.event(source_event)

        control.edit_event(source_event, helpers=[{"id": f"{source_event}-Hana", "shift": "Late"}])
        again = program.json("sync", mapping, "--scope", "helpers")
        assert again.document["counts"]["helpers"]["updated"] == 1, again.out
        assert again.document["counts"]["helpers"]["unchanged"] == 1
        late = [
            record for record in control.records(gleanin_event, "helpers") if "Late" in json.dumps(record)
        ]
        assert len(late) == 1
        paths = [request["path"] for request in control.requests() if request["method"] == "POST"]
        assert any(f"/v1/event/{source_event}/people/helpers" in path for path in paths)

        def url(event: str) -> str:
            return f"{served.urls['sessionboard_url']}/v1/event/{event}/people/helpers?pageSize=1"

        assert httpx.post(url(source_event), trust_env=False, timeout=WITHIN).status_code == 401
        headers = {"x-access-token": SESSIONBOARD_TOKEN}
        page = httpx.post(url(source_event), headers=headers, json={}, trust_env=False, timeout=WITHIN).json()
        assert (len(page["results"]), page["pagination"]["totalResults"]) == (1, 2)


def test_rule_30_a_persons_portal_page_has_the_words_of_the_kind(install: Install, tmp_path: Path) -> None:
    with serving(Program((install("toy_kind"),), tmp_path / "sandbox.db")) as served:
        program = served.program
        mapping = mapped(served)
        program.json("sync", mapping, "--scope", "helpers")
        program.json("sync", mapping, "--scope", "helpers")
        source_id = f"{served.events[0]}-Hana"
        people = program.done("links", mapping)
        assert {person["kind"] for person in people} == {"helper"}
        secret = program.done("key", "add", "test", "--role", "admin", "--organization", ORG)["secret"]
        with program.serving() as url, httpx.Client(base_url=url, trust_env=False, timeout=WITHIN) as client:
            api = f"/api/v1/mappings/{mapping}/people/helper/{source_id}/portal-address"
            made = client.post(api, headers={"Authorization": f"Bearer {secret}"})
            assert made.status_code in {200, 201}, made.text
            page = client.get(httpx.URL(made.json()["address"]).raw_path.decode())
        assert page.status_code == 200
        for words in (
            "Share Your Help",
            "Thank you for helping.",
            "I%20am%20helping%20at",
            "Helper campaign",
        ):
            assert words in page.text, page.text


def test_rows_of_a_saved_event_count_before_those_of_the_kind(install: Install, tmp_path: Path) -> None:
    own = [{"id": "own", "name": "Olga Own", "email": "olga@example.org"}]
    event = {"id": 77, "name": "Own event", "timezone": "Europe/Paris"}
    saved = tmp_path / "event.json"
    saved.write_text(json.dumps({"event": event, "sessions": [], "exhibitors": [], "helpers": own}))
    with serving(Program((install("toy_kind"),), tmp_path / "own.db"), "--event", str(saved)) as served:
        assert served.control.event(77)["helpers"] == own


@pytest.mark.parametrize("toys", [(), ("toy_source",)])
def test_without_kinds_nothing_differs(install: Install, tmp_path: Path, toys: tuple[str, ...]) -> None:
    path = (install(*toys),) if toys else ()
    with serving(Program(path, tmp_path / "bare.db")) as served:
        source_event, gleanin_event = served.events
        assert served.control.event(source_event).keys() == {"event", "sessions", "exhibitors"}
        assert served.control.state()["records"][gleanin_event].keys() == {
            "sessions",
            "speakers",
            "exhibitors",
        }
