"""Rule 32 with SIGKILL: after a kill at any moment, the next sync loses and duplicates nothing."""

import asyncio
import multiprocessing
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.domain.links.link_outcomes import LinkOutcome
from core.domain.runs.run import RunState
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SandboxState
from tests.support.crash_harness import conference, set_up, write_links_back
from tests.support.kill_points import KillPoint
from tests.support.killed_process import SyncTarget, sync, sync_and_be_killed
from tests.support.timeouts import WITHIN

SESSIONS, SPEAKERS, EXHIBITORS = 5, 6, 2
RECORDS = SESSIONS + SPEAKERS + EXHIBITORS
LOST_ANSWERS = 0.2
EVENT, FIELD, BY_HAND = 77, "gleanin_link", "https://first0.example.org"
MIN_KILLS = 34
"""Per search; six searches make more than 200 kills."""


@pytest.fixture(scope="module")
def forkserver() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.killed_process"])
    return context


def killed(context: Any, target: SyncTarget, kill_at: int) -> bool:
    """Sync in a child process that kills itself at the given moment; False if it ended before."""
    child = context.Process(target=sync_and_be_killed, args=(target, kill_at))
    child.start()
    child.join(WITHIN)
    if child.is_alive():
        child.kill()
        raise AssertionError(f"The child did not end within {WITHIN:.0f} s.")
    assert child.exitcode in (0, -signal.SIGKILL), f"the child ended with {child.exitcode}"
    return bool(child.exitcode)


def lose_answers(state: SandboxState, seed: int, *others: Fault) -> None:
    state.inject_faults(
        Fault(sides=("gleanin",), methods=("POST", "PATCH"), lost_answers=LOST_ANSWERS, seed=seed), *others
    )


def check_exactly_once(sandbox: Sandbox, suffix: str) -> None:
    """Check that every eligible record is in Gleanin exactly once, as it is in Sessionboard."""
    gleanin = sandbox.state.gleanin
    event_id = next(iter(gleanin.events))
    found = {
        kind: [record.resource(linked=True)["attributes"] for record in gleanin.of(event_id, kind).values()]
        for kind in ("sessions", "speakers", "exhibitors")
    }
    assert Counter(session["title"] for session in found["sessions"]) == Counter(
        f"Session {number}{suffix}" for number in range(SESSIONS)
    )
    assert Counter((speaker["email"], speaker["first_name"]) for speaker in found["speakers"]) == Counter(
        (f"person{number}@example.org", f"First{number}{suffix}") for number in range(SPEAKERS)
    )
    assert Counter(exhibitor["company_name"] for exhibitor in found["exhibitors"]) == Counter(
        f"Contact {number}{suffix}" for number in range(EXHIBITORS)
    )
    session_counts = {speaker["email"]: len(speaker["session_ids"]) for speaker in found["speakers"]}
    ends = {"person0@example.org", f"person{SPEAKERS - 1}@example.org"}
    assert session_counts == {email: 1 if email in ends else 2 for email in session_counts}


def sync_after_kill(sandbox: Sandbox, target: SyncTarget, suffix: str) -> None:
    """Sync again after a kill, and once more, which must write nothing."""
    run = asyncio.run(sync(target, KillPoint(0)))
    assert run.state is RunState.COMPLETED, run.message
    check_exactly_once(sandbox, suffix)
    before = sum(sandbox.state.writes.values())
    sandbox.state.inject_faults()
    run = asyncio.run(sync(target, KillPoint(0)))
    assert sum(sandbox.state.writes.values()) == before
    assert sum(tally.succeeded for tally in run.counts.tallies.values()) == RECORDS


def kill_first_sync(context: Any, folder: Path, moment: int, seed: int) -> bool:
    state = SandboxState()
    state.add(conference(SESSIONS))
    with in_thread(state) as sandbox:
        target = set_up(sandbox, folder)
        lose_answers(state, seed)
        was_killed = killed(context, target, moment)
        sync_after_kill(sandbox, target, suffix="")
    return was_killed


def kill_second_sync(context: Any, folder: Path, moment: int, seed: int) -> bool:
    """Kill a sync that updates every record."""
    state = SandboxState()
    state.add(conference(SESSIONS))
    with in_thread(state) as sandbox:
        target = set_up(sandbox, folder)
        asyncio.run(sync(target, KillPoint(0)))
        edited = SandboxState()
        edited.add(conference(SESSIONS, suffix=" changed"))
        state.programmes.update(edited.programmes)
        lose_answers(state, seed)
        was_killed = killed(context, target, moment)
        sync_after_kill(sandbox, target, suffix=" changed")
    return was_killed


def kill_write_back(context: Any, folder: Path, moment: int, seed: int) -> bool:
    """Kill a first sync that writes its share links back, while answers of both systems get lost."""
    state = SandboxState(link_delay=0)
    state.add(conference(SESSIONS))
    with in_thread(state) as sandbox:
        control = ControlClient(sandbox.control_url)
        control.add_field(EVENT, "Gleanin Link", internal_name=FIELD)
        control.add_field(EVENT, "Other", internal_name="other")
        control.edit_record(EVENT, "person-0", {FIELD: BY_HAND, "other": "kept"})
        target = set_up(sandbox, folder)
        write_links_back(target, FIELD)
        lose_answers(state, seed, Fault(paths=("/contacts/bulk",), lost_answers=LOST_ANSWERS, seed=seed))
        was_killed = killed(context, target, moment)
        sync_after_kill(sandbox, target, suffix="")
        check_links(state, control)
        before = control.sessionboard_writes()["requests"]
        run = asyncio.run(sync(target, KillPoint(0)))
        assert control.sessionboard_writes()["requests"] == before, "a further sync writes nothing"
        assert not run.links[LinkOutcome.FAILED]
    return was_killed


def check_links(state: SandboxState, control: ControlClient) -> None:
    """Check that everybody's link is in Sessionboard, and that nothing else has changed there."""
    gleanin = state.gleanin
    event_id = next(iter(gleanin.events))
    people = [
        record.resource(linked=True)["attributes"]
        for kind in ("speakers", "exhibitors")
        for record in gleanin.of(event_id, kind).values()
    ]
    links = {
        person["external_idx"].rpartition(":")[2]: person["campaign_links"][0]["url"] for person in people
    }
    assert control.field_values(EVENT, FIELD) == links | {"person-0": BY_HAND}
    assert control.field_values(EVENT, "other") == {"person-0": "kept"}
    assert control.sessionboard_writes()["violations"] == {}


@pytest.mark.parametrize("moment", [1, 2, 4, 7, 12, 20, 31])
def test_rule_32_the_next_sync_completes_a_killed_one(forkserver: Any, tmp_path: Path, moment: int) -> None:
    assert kill_first_sync(forkserver, tmp_path, moment, seed=moment)


@pytest.mark.parametrize("moment", [5, 17])
def test_rule_32_the_next_sync_completes_a_killed_update(
    forkserver: Any, tmp_path: Path, moment: int
) -> None:
    assert kill_second_sync(forkserver, tmp_path, moment, seed=moment)


@pytest.mark.parametrize("moment", [3, 33, 36, 39])
def test_rules_32_and_38_the_next_sync_completes_a_killed_write_back(
    forkserver: Any, tmp_path: Path, moment: int
) -> None:
    assert kill_write_back(forkserver, tmp_path, moment, seed=moment)


@pytest.mark.long
@pytest.mark.parametrize("kill", [kill_first_sync, kill_second_sync, kill_write_back])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rule_32_a_kill_at_any_moment_loses_and_duplicates_nothing(
    forkserver: Any, tmp_path: Path, kill: Any, seed: int
) -> None:
    """More than 200 kills in all: at every moment that sends or stores something, with three seeds of lost responses."""
    moment = 0
    while kill(forkserver, tmp_path / str(moment + 1), moment + 1, seed):
        moment += 1
    print(f"{moment} kills")
    assert moment >= MIN_KILLS
