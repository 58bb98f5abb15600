"""Many workers over one database, killed and stopped at random moments while everything is being edited.

What is shown, from the sandbox's own log of requests:

*No mapping is synced by two at once* (rule 23). A run has its mapping from its start to its end, as the run table
tells; what a dead one had, it has until it is taken over. Every request to Gleanin about the mapping's event that
arrives within this time comes from the worker that carries this run out; none arrives while there is no run. Excused
is only what decision 5 names: what was past the fence when its process was stopped (SIGSTOP), arriving within 5
seconds after it goes on (SIGCONT), if the run was taken over meanwhile; no more than 16 writes, the requests that a
process has under way at the most. Reads of a run that was taken over, which change nothing, are excused for the same 5
seconds, from the moment of the taking over too: its lease may have run out because another process, stopped amid a change
of the database, let nobody prolong one, or because the machine was too busy. That its time is over, a run sees before
its next write.

*Every due mapping is synced*: from the end of a run, however it ended, to the start of the mapping's next one it is less
than a minute; and each has a run that saw its end within two minutes after the last mishap.

*What a killed worker had goes on elsewhere* within a minute, counted from the kill to the next run's start.

*Nothing is lost and nothing doubled* (rule 32): once all is quiet, every record is in Gleanin exactly once, with its
last content, and a further round of syncs writes nothing.
"""

import asyncio
import random
import time
from pathlib import Path

import pytest

from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.running import Addresses
from tests.contract.persistence.conftest import postgresql_server
from tests.support.changing_programme import FIRST_ID, Editor, differences
from tests.support.trial_harness import (
    Trial,
    database_for,
    runs_of,
    sandbox_with,
    set_up,
    settings_of,
    sync_once_more,
    until_all_are_synced,
)
from tests.support.trial_verdict import Evidence, Request
from tests.support.workers import ENDS_WITHIN, WorkerPool

__all__ = ["postgresql_server"]
EDITS_EVERY = 0.12
LOST_ANSWERS = 0.05
A_MINUTE = 60.0
GOES_ON_WITHIN = 180.0
"""Seconds, with a lease of 3: what a machine that is shared by others may take. What counts is that it goes on."""


async def edit_until(ended: asyncio.Event, editor: Editor) -> None:
    while not ended.is_set():
        await asyncio.to_thread(editor.edit)
        await asyncio.sleep(EDITS_EVERY)


async def tried(trial: Trial, folder: Path) -> None:
    with sandbox_with(trial, folder) as sandbox:
        settings = trial.settings(sandbox.gleanin_url)
        workers = WorkerPool(sandbox.gleanin_url, settings, folder, trial.lease)
        try:
            async with opened(settings_of(settings)) as container:
                await _tried(trial, sandbox, workers, container)
        finally:
            workers.close()


async def _tried(trial: Trial, sandbox: Addresses, workers: WorkerPool, container: Container) -> None:
    mapped = await set_up(container, trial, sandbox)
    control, begun = sandbox.control, time.time()
    control.inject_faults(
        Fault(latency_ms=trial.latency_ms),
        Fault(sides=("gleanin",), methods=("POST", "PATCH"), lost_answers=LOST_ANSWERS, seed=trial.seed),
    )
    for _ in range(trial.workers):
        workers.begin()
    await workers.all_working()
    editor = Editor(control, trial.mappings, random.Random(trial.seed))
    ended = asyncio.Event()
    editing = asyncio.create_task(edit_until(ended, editor))
    await workers.inject_faults(random.Random(trial.seed), trial.seconds, trial.pause)
    ended.set()
    await editing
    control.inject_faults()
    quiet_from = time.time()
    await until_all_are_synced(container, mapped)
    quiet = time.time()
    found = [
        each
        for number, event in enumerate(mapped.values())
        for each in differences(control, FIRST_ID + number, event)
    ]
    before = sum(control.state()["writes"].values())
    seconds_to_end = await workers.end()
    await sync_once_more(container, mapped)
    state = control.state()

    runs = await runs_of(container, mapped)
    asked = [Request.of(each) for each in control.requests() if each["event"] is not None]
    evidence = Evidence(runs, [each for each in asked if each.host != "127.0.0.1"], workers.workers)
    waits, (wait, story) = evidence.takeovers(), evidence.longest_wait(begun)
    intrusions = [*evidence.intrusions()]
    killed = sum(each.killed_at is not None for each in workers.workers)
    print(
        f"{trial.database.partition(':')[0]}, {trial.workers} workers, seed {trial.seed}: "
        f"{sum(map(len, runs.values()))} runs, {editor.edits} edits, {before} writes, {killed} kills, "
        f"{sum(len(each.stops) for each in workers.workers)} stops, {len(waits)} runs died and went on after "
        f"{max(waits, default=0):.1f} s at most, nobody waited longer than {wait:.1f} s, "
        f"{evidence.excused_writes()} writes past the fence, quiet after {quiet - quiet_from:.1f} s, "
        f"ended in {seconds_to_end:.1f} s"
    )
    print(*intrusions, story, sep="\n")
    assert not intrusions
    assert found == []
    assert not any(sum(kinds.values()) for kinds in state["duplicates"].values()), state["duplicates"]
    assert sum(state["writes"].values()) == before, "a round of syncs of what is unchanged writes nothing"
    assert max(waits, default=0) < GOES_ON_WITHIN
    assert wait < GOES_ON_WITHIN
    assert seconds_to_end < ENDS_WITHIN
    assert killed


async def test_rules_23_and_32_hold_while_workers_are_killed_and_stopped(tmp_path: Path) -> None:
    """The short one."""
    trial = Trial(
        f"sqlite:///{tmp_path / 'trial.db'}",
        workers=2,
        seed=52,
        seconds=6,
        organizations=2,
        lease=1.5,
        latency_ms=200,
        pause=(0.5, 1.5),
    )
    await tried(trial, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("over", ["sqlite", "postgresql"])
async def test_rules_23_and_32_hold_for_a_minute_of_kills_and_stops(
    request: pytest.FixtureRequest, tmp_path: Path, over: str, workers: int, seed: int
) -> None:
    await tried(Trial(database_for(over, tmp_path, request), workers, seed), tmp_path)
