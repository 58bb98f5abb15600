"""What a sync reports when Sessionboard or Gleanin has faults: command line and adapters against the sandbox."""

import time
from dataclasses import replace
from typing import Any

import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from tests.e2e.cli.conference import person, session
from tests.e2e.cli.conftest import CommandLine, Mapper

MANY, NAME, EVENT = 250, "Large 2099", 4200
SIGNED = "https://pictures.example.org/{}.png?v=1"


def large_conference() -> dict[str, Any]:
    """Return an event with three pages of sessions, each with one of 40 people, who have pictures."""
    people = [
        person(
            number,
            f"First{number}",
            f"Last{number}",
            f"p{number}@example.org",
            photo_url=SIGNED.format(number),
        )
        for number in range(40)
    ]
    sessions = [
        session(
            number,
            f"Talk {number}",
            [people[number % 40]],
            description=f'<img src="{SIGNED.format("x")}"> Text',
        )
        for number in range(MANY)
    ]
    for each in sessions:
        each["starts_at"], each["ends_at"] = "2099-07-21T08:00:00Z", "2099-07-21T08:45:00Z"
    return {
        "event": {"id": EVENT, "name": NAME, "timezone": "Europe/Paris"},
        "sessions": sessions,
        "exhibitors": [],
    }


@pytest.fixture
def state() -> SandboxState:
    state = SandboxState(link_delay=0)
    state.add(large_conference())
    return state


@pytest.fixture
def mapping(map_event: Mapper) -> str:
    return map_event(NAME)


def synced(cli: CommandLine, mapping: str, exit_code: int = 0) -> dict[str, Any]:
    result = cli.json("sync", mapping)
    assert result.exit_code == exit_code, result.out
    return dict(result.document)


def outcomes(cli: CommandLine, run: dict[str, Any], *outcome: str) -> list[dict[str, Any]]:
    chosen = [argument for each in outcome for argument in ("--outcome", each)]
    return list(cli.json("run", run["run_id"], *chosen).document["outcomes"])


@pytest.mark.parametrize("trouble", [Fault(empty_pages=(2,)), Fault(repeated_pages=(2,))])
def test_rule_34_a_page_that_is_empty_or_repeats_reports_nothing_as_gone(
    cli: CommandLine, mapping: str, state: SandboxState, trouble: Fault
) -> None:
    synced(cli, mapping)
    state.inject_faults(trouble)
    run = synced(cli, mapping, 4)
    assert "Sessionboard reports 250 sessions but returned 150." in run["message"]
    kept = outcomes(cli, run, "kept")
    assert len(kept) == 100
    assert {each["code"] for each in kept} == {"not_all_read"}
    assert "250 sessions but returned 150" in cli("preview", mapping).out.replace("\n", " ")
    state.inject_faults()
    assert synced(cli, mapping)["message"].startswith("Sync to Gleanin is complete.")


def test_rule_29_pages_that_are_too_large_are_read_in_smaller_ones(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(Fault(padding_bytes=700_000))
    assert synced(cli, mapping)["counts"]["sessions"]["created"] == MANY


def test_rule_29_a_firewall_that_objects_to_one_text_keeps_nobody_else_out(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    state.inject_faults(Fault(forbidden_words=("Talk 77",)))
    run = synced(cli, mapping, 4)
    (failed,) = outcomes(cli, run, "failed")
    assert failed["code"] == "forbidden"
    assert "web page (HTTP 403)" in failed["reason"]
    assert run["counts"]["sessions"]["created"] == MANY - 1
    assert run["counts"]["speakers"]["created"] == 40


def test_rule_29_a_challenge_halts_nothing(cli: CommandLine, mapping: str, state: SandboxState) -> None:
    state.inject_faults(Fault(sides=("sessionboard",), challenge=1))
    run = synced(cli, mapping, 5)
    assert run["code"] == "unreachable"
    assert "web page" in run["message"]
    state.inject_faults()
    synced(cli, mapping)


@pytest.mark.parametrize("trouble", [Fault(late_commit_s=3), Fault(accepted_s=3)], ids=["504", "202"])
def test_rule_32_creates_that_are_carried_out_late_stand_once(
    cli: CommandLine, mapping: str, state: SandboxState, monkeypatch: pytest.MonkeyPatch, trouble: Fault
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_RESEND_AFTER_SECONDS", "10")
    state.inject_faults(replace(trouble, sides=("gleanin",), methods=("POST",), last=5))
    began = time.monotonic()
    run = synced(cli, mapping)
    assert time.monotonic() - began >= 3
    assert run["counts"]["sessions"]["created"] == MANY
    assert not any(sum(duplicate.values()) for duplicate in state.summary()["duplicates"].values())


def test_rule_21_signed_pictures_are_no_change(cli: CommandLine, mapping: str, state: SandboxState) -> None:
    state.inject_faults(Fault(signed_pictures=True))
    synced(cli, mapping)
    writes = dict(state.writes)
    assert synced(cli, mapping)["counts"]["sessions"]["unchanged"] == MANY
    assert dict(state.writes) == writes
