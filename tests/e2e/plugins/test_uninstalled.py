"""What remains when the packages are not installed any more."""

import httpx

from tests.e2e.plugins.conftest import ORG, TOYS, Install, Program
from tests.support.timeouts import WITHIN
from tests.support.toy_server import ToyServer


def test_rule_43_history_stays_when_the_packages_are_uninstalled(
    install: Install, program: Program, toys: ToyServer, mapping: str
) -> None:
    run = program.done("sync", mapping)
    before = program.done("run", run["run_id"])
    reads, writes = len(toys.state.reads), len(toys.state.writes)
    bare = program.without(install(*TOYS))
    assert {each["package"] for each in bare.plugins()} == {"gleanin-sync"}

    assert [each["id"] for each in bare.done("mappings", ORG)] == [mapping]
    assert [each["run_id"] for each in bare.done("runs", mapping)] == [run["run_id"]]
    shown = bare.done("run", run["run_id"])
    assert shown["outcomes"] == before["outcomes"]
    assert shown["message"] == before["message"]
    history = bare.done("record", mapping, "hedy@example.org")
    assert [(entry["kind"], entry["outcome"]) for entry in history] == [("helper", "created")]
    for arguments in (
        ("mappings", ORG),
        ("runs", mapping),
        ("run", run["run_id"]),
        ("record", mapping, "h1"),
    ):
        result = bare(*arguments)
        assert result.exit_code == 0, result.err
    assert "Hedy Help (helper" in bare.results[-1].out
    assert "Hugo Help (helper)" in bare.results[-2].out

    refused = bare.json("sync", mapping)
    assert refused.exit_code == 5
    assert refused.document["code"] == "plugin_failed"
    assert "There is no source 'toys'." in refused.document["message"]
    assert "Install the package that brings it." in refused.document["message"]
    assert (len(toys.state.reads), len(toys.state.writes)) == (reads, writes)
    assert bare.json("sync", mapping, "--scope", "helpers").exit_code == 2
    assert bare("doctor").exit_code == 5
    assert "Toy Box" in bare.results[-1].out

    again = program.json("sync", mapping)
    assert again.exit_code == 0, again.out
    assert len(toys.state.writes) == writes


def test_rule_43_without_its_package_a_kind_is_not_synced_and_the_others_are(
    install: Install, program: Program, toys: ToyServer, mapping: str
) -> None:
    program.done("sync", mapping)
    writes = len(toys.state.writes)
    without_helpers = Program(
        (install("toy_source", "toy_destination"),), program.database, program.shelf_url
    )
    toys.state.box["summer"]["sessions"][0]["title"] = "Another talk"
    run = without_helpers.done("sync", mapping)
    assert run["counts"].keys() == {"sessions", "speakers", "exhibitors"}
    assert run["counts"]["sessions"]["updated"] == 1
    assert len(toys.state.writes) == writes + 1
    history = without_helpers.done("record", mapping, "hedy@example.org")
    assert [entry["kind"] for entry in history] == ["helper"]


def test_rule_43_a_kind_vanishes_without_a_trace_but_history_and_its_settings_come_back_with_it(
    install: Install, program: Program, toys: ToyServer, mapping: str
) -> None:
    program.done("sync", mapping)
    program.done("settings", mapping, "--set", "helper.team=Doors")
    bare = Program((install("toy_source", "toy_destination"),), program.database, program.shelf_url)
    assert bare.done("settings", mapping)["kinds"] == {}
    refused = bare.json("settings", mapping, "--set", "helper.team=Stage")
    assert refused.exit_code == 3
    assert "None is installed." in refused.error["message"]
    bare.done("settings", mapping, "--moderators", "off")
    key = bare.done("key", "add", "test", "--role", "admin", "--organization", ORG)["secret"]
    with bare.serving() as url, httpx.Client(base_url=url, trust_env=False, timeout=WITHIN) as client:
        headers = {"Authorization": f"Bearer {key}"}
        for page in ("/documentation", "/api/v1/openapi.json", f"/api/v1/mappings/{mapping}"):
            shown = client.get(page, headers=headers).raise_for_status().text
            assert "helper" not in shown.lower(), page
        hooks = client.post("/hooks/toys/anybody", content=b"{}")
        assert hooks.status_code == 401, "the source is still there"
    again = program.done("settings", mapping)
    assert again["kinds"]["helper"]["team"] == "Doors"
    assert again["moderators"] is False
