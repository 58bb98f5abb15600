"""Preview, sync and results, from the command line to a stand-in for Gleanin."""

import csv
import json
from pathlib import Path

import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from entrypoints.text import safe
from tests.e2e.cli.conference import EVENT_ID, FORMULA, MARKUP_READ, conference
from tests.e2e.cli.conftest import CommandLine, Mapper

NOTHING = dict.fromkeys(
    ("attempted", "succeeded", "created", "updated", "unchanged", "kept", "skipped", "blocked", "failed"), 0
)
FIRST = {
    "sessions": NOTHING | {"attempted": 2, "succeeded": 2, "created": 2, "skipped": 1},
    "speakers": NOTHING | {"attempted": 3, "succeeded": 2, "created": 2, "blocked": 1},
    "exhibitors": NOTHING | {"attempted": 1, "succeeded": 1, "created": 1},
}


def test_a_preview_has_the_counts_of_the_sync_and_writes_nothing(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    preview = cli.json("preview", mapping)
    assert preview.exit_code == 0
    assert preview.document["counts"] == FIRST
    assert not state.writes
    assert cli.json("runs", mapping).document == []
    assert cli.json("sync", mapping).document["counts"] == FIRST


def test_a_preview_lists_each_field_with_its_old_and_new_value(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    steps = {step["source_id"]: step for step in cli.json("preview", mapping).document["steps"]}
    assert steps["session-2"]["outcome"] == "created"
    assert {"field": "title", "old": None, "new": "Engines"} in steps["session-2"]["changes"]
    assert steps["person-3"]["reason"] == "Required field is missing: last name."
    cli("sync", mapping)
    programme = state.programmes[EVENT_ID]
    state.programmes[EVENT_ID] = programme.edited(
        {"sessions": [{"id": "session-2", "title": "More engines"}]}, state.now()
    )
    steps = {step["source_id"]: step for step in cli.json("preview", mapping).document["steps"]}
    assert steps["session-2"]["outcome"] == "updated"
    assert steps["session-2"]["changes"] == [{"field": "title", "old": "Engines", "new": "More engines"}]
    assert "title: Engines → More engines" in cli("preview", mapping).out


def test_rule_28_a_sync_with_problems_ends_with_4_and_says_what_to_check(
    cli: CommandLine, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_SUPPORT_CONTACT", "help@example.org")
    result = cli("sync", mapping)
    assert result.exit_code == 4
    assert result.out.startswith("Sync to Gleanin has started.\nSync to Gleanin finished with problems: ")
    assert "3 speakers attempted, 2 synced" in result.out
    assert "help@example.org" in result.out
    assert "gleanin-sync run " in result.out


def test_rule_28_a_sync_without_problems_ends_with_0(cli: CommandLine, map_event: Mapper) -> None:
    result = cli.json("sync", map_event("Clean 2099"))
    assert result.exit_code == 0
    assert result.document["state"] == "completed"
    assert result.document["message"].startswith("Sync to Gleanin is complete.")


def test_rule_21_a_second_sync_writes_nothing(cli: CommandLine, mapping: str, state: SandboxState) -> None:
    cli("sync", mapping)
    writes = dict(state.writes)
    second = cli.json("sync", mapping).document["counts"]
    assert dict(state.writes) == writes
    assert [second[plural]["unchanged"] for plural in ("sessions", "speakers", "exhibitors")] == [2, 2, 1]


def test_a_scope_syncs_its_kinds_only(cli: CommandLine, mapping: str) -> None:
    counts = cli.json("sync", mapping, "--scope", "exhibitors").document["counts"]
    assert counts == {"sessions": NOTHING, "speakers": NOTHING, "exhibitors": FIRST["exhibitors"]}


def test_a_saved_event_is_read_instead_of_asking_sessionboard(
    cli: CommandLine, mapping: str, state: SandboxState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.json("sync", mapping)
    saved = conference()
    saved["sessions"][0]["title"] = "Renamed in the file"
    (tmp_path / "saved.json").write_text(json.dumps(saved))
    monkeypatch.setenv("GLEANIN_SYNC_SAVED_EVENT", str(tmp_path / "saved.json"))
    requests = state.log.by_status["sessionboard 200"]
    preview = cli.json("preview", mapping).document
    assert {step["label"] for step in preview["steps"] if step["outcome"] == "updated"} == {
        "Renamed in the file"
    }
    assert state.log.by_status["sessionboard 200"] == requests


def test_rule_26_a_run_tells_every_record_s_outcome_and_why(
    cli: CommandLine, mapping: str, tmp_path: Path
) -> None:
    run_id = cli.json("sync", mapping).document["run_id"]
    document = cli.json("run", run_id).document
    assert document["run_id"] == run_id
    assert document["mapping_id"] == mapping
    outcomes = {outcome["source_id"]: outcome for outcome in document["outcomes"]}
    assert len(document["outcomes"]) == len(outcomes) == 7
    assert outcomes["person-3"] == {
        "kind": "speaker",
        "source_id": "person-3",
        "label": "Prince",
        "outcome": "blocked",
        "reason": "Required field is missing: last name.",
        "detail": "Add it in Sessionboard, then sync again.",
        "gleanin_id": None,
        "code": "missing_fields",
    }
    assert outcomes["person-1"]["label"].startswith(MARKUP_READ)
    some = cli.json("run", run_id, "--outcome", "blocked", "--outcome", "skipped").document["outcomes"]
    assert {each["source_id"] for each in some} == {"person-3", "session-3"}


def test_names_with_markup_and_escapes_are_shown_as_they_are_and_obeyed_by_nothing(
    cli: CommandLine, mapping: str
) -> None:
    run_id = cli.json("sync", mapping).document["run_id"]
    for command in (
        ["run", run_id],
        ["preview", mapping],
        ["links", mapping],
        ["record", mapping, "person-1"],
    ):
        result = cli(*command)
        assert result.exit_code == 0
        assert safe(MARKUP_READ) in result.out, command
        assert "\x1b" not in result.out


def test_a_csv_of_the_outcomes_is_safe_in_a_spreadsheet(
    cli: CommandLine, mapping: str, tmp_path: Path
) -> None:
    run_id = cli.json("sync", mapping).document["run_id"]
    file = tmp_path / "outcomes.csv"
    assert cli("run", run_id, "--csv", str(file)).exit_code == 0
    with file.open(encoding="utf-8", newline="") as opened:
        rows = {row["source_id"]: row for row in csv.DictReader(opened)}
    assert len(rows) == 7
    assert rows["person-2"]["label"] == f"'{FORMULA} Lovelace"
    assert rows["person-3"]["code"] == "missing_fields"
    assert cli.json("run", run_id, "--csv", str(tmp_path / "no" / "where.csv")).exit_code == 2


def test_the_runs_of_a_mapping_are_listed_newest_first(cli: CommandLine, mapping: str) -> None:
    first, second = (cli.json("sync", mapping).document["run_id"] for _ in range(2))
    runs = cli.json("runs", mapping).document
    assert [run["run_id"] for run in runs] == [second, first]
    assert runs[1]["counts"] == FIRST
    assert "2 of 3 speakers" in cli("runs", mapping).out


def test_a_record_s_history_is_found_by_each_of_its_names(cli: CommandLine, mapping: str) -> None:
    cli("sync", mapping)
    cli("sync", mapping)
    history = cli.json("record", mapping, "GRACE@example.org").document
    assert [entry["outcome"] for entry in history] == ["created", "unchanged"]
    assert history[0].keys() >= {"at", "run_id", "outcome", "reason", "detail", "gleanin_id", "label"}
    assert cli.json("record", mapping, "person-1").document == history
    assert cli.json("record", mapping, history[0]["gleanin_id"]).document == history
    unknown = cli.json("record", mapping, "nobody@example.org")
    assert (unknown.exit_code, unknown.error["code"]) == (3, "not_found")


def test_rule_30_share_links_are_listed_under_their_heading(
    cli: CommandLine, mapping: str, tmp_path: Path
) -> None:
    cli("sync", mapping)
    people = cli.json("links", mapping).document
    assert {person["email"] for person in people} == {
        "grace@example.org",
        "ada@example.org",
        "linus@example.org",
    }
    assert all(person.keys() == {"kind", "source_id", "name", "email", "links"} for person in people)
    assert all(link["url"].startswith("https://") for person in people for link in person["links"])
    assert all(person["links"] for person in people)
    file = tmp_path / "links.csv"
    shown = cli("links", mapping, "--csv", str(file))
    assert "Share Your Attendance" in shown.out
    assert people[0]["links"][0]["url"] in shown.out
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 3
    assert {row["url"] for row in rows} == {link["url"] for person in people for link in person["links"]}
    assert cli.json("links", mapping, "--missing").document == []


def test_a_link_is_not_broken_in_two_in_a_narrow_terminal(
    cli: CommandLine, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("sync", mapping)
    monkeypatch.setattr("entrypoints.cli.output._WIDTH_WITHOUT_TERMINAL", 72)
    shown = cli("links", mapping).out
    for person in cli.json("links", mapping).document:
        assert person["links"][0]["url"] in shown


def test_rule_30_people_without_a_link_yet_are_listed(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.gleanin.link_delay = 3600
    cli("sync", mapping)
    missing = cli.json("links", mapping, "--missing").document
    assert len(missing) == 3
    assert not any(person["links"] for person in missing)
    assert "without a link yet" in cli("links", mapping, "--missing").out


def test_rule_16_masked_e_mails_stop_preview_and_sync_with_3(
    cli: CommandLine, map_event: Mapper, state: SandboxState
) -> None:
    mapping = map_event("Masked 2099")
    preview = cli.json("preview", mapping)
    assert (preview.exit_code, preview.error["code"]) == (3, "masked_emails")
    sync = cli.json("sync", mapping)
    assert sync.exit_code == 3
    assert (sync.document["state"], sync.document["code"]) == ("stopped", "masked_emails")
    assert "j***@a***.com" in sync.document["message"]
    assert not state.writes


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Fault(sides=("gleanin",), revoked_after=0), "token_refused"),
        (Fault(sides=("sessionboard",), revoked_after=0), "token_refused"),
        (Fault(sides=("gleanin",), junk=1.0), "unreachable"),
        (Fault(sides=("sessionboard",), junk=1.0), "unreachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.sides[0],
)
def test_rule_29_what_the_other_side_does_to_all_records_ends_with_5(
    trouble: Fault, code: str, cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(trouble)
    sync = cli.json("sync", mapping)
    assert sync.exit_code == 5
    assert (sync.document["state"], sync.document["code"]) == ("stopped", code)
    preview = cli.json("preview", mapping)
    assert (preview.exit_code, preview.error["code"]) == (5, code)


def test_rule_29_an_event_that_is_gone_ends_with_5(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.gleanin.delete_event(next(iter(state.gleanin.events)))
    sync = cli.json("sync", mapping)
    assert (sync.exit_code, sync.document["code"]) == (5, "event_gone")


def test_the_probe_reads_only_and_tells_of_each_assumption(
    cli: CommandLine, connected: str, mapping: str, state: SandboxState
) -> None:
    cli("sync", mapping)
    writes = dict(state.writes)
    result = cli.json("probe", connected)
    assert result.exit_code == 0
    assert {finding["verdict"] for finding in result.document} <= {"agrees", "differs", "not seen"}
    keys = {"assumption", "marked", "verdict", "seen", "system"}
    assert all(finding.keys() == keys for finding in result.document)
    assert {finding["system"] for finding in result.document} == {"Gleanin", "Sessionboard"}
    assert dict(state.writes) == writes
    assert "grace@example.org" not in json.dumps(result.document)
    assert "Nothing was written." in cli("probe", connected).out
