"""Many workers over one database, killed and suspended at random moments while all events are edited.

The sandbox's log of requests must show:

*No mapping is synced by two workers concurrently* (rule 23). A run owns its mapping from its start to its end, as
stored; a dead run owns it until it is recovered. Every request to Gleanin about the mapping's event in that time comes
from the worker that executes the run; none arrives without a run. The only exception is that of decision 5: a write that
had passed the fence when its process was suspended (SIGSTOP) may arrive within 5 seconds after it resumes (SIGCONT), if
the run was recovered in between; at most 16 writes, which is the limit of concurrent requests of a process. Reads of a
recovered run, which change nothing, are excused for the same 5 seconds, and for 5 seconds after the recovery: its lease
may have expired because another process, suspended during a transaction, blocked all renewals, or because the machine
was too busy. A run notices the loss of its lease before its next write.

*Every due mapping is synced*: from the end of a run, however it ended, to the start of the mapping's next run it takes
less than `CONTINUES_WITHIN`; and each mapping has a completed run within two minutes after the last fault.

*The runs of a killed worker continue on another worker* within the same time, from the kill to the start of the next run.

*Nothing is lost or duplicated* (rule 32): in the end every record is in Gleanin exactly once, with its latest content,
and syncing again writes nothing.
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
EDIT_INTERVAL = 0.12
LOST_ANSWERS = 0.05
A_MINUTE = 60.0
CONTINUES_WITHIN = 180.0
"""Seconds, with a lease of 3: generous, because the machine may be busy."""


async def edit_until(ended: asyncio.Event, editor: Editor) -> None:
    while not ended.is_set():
        await asyncio.to_thread(editor.edit)
        await asyncio.sleep(EDIT_INTERVAL)


async def run_trial(trial: Trial, folder: Path) -> None:
    with sandbox_with(trial, folder) as sandbox:
        settings = trial.settings(sandbox.gleanin_url)
        workers = WorkerPool(sandbox.gleanin_url, settings, folder, trial.lease)
        try:
            async with opened(settings_of(settings)) as container:
                await _run_trial(trial, sandbox, workers, container)
        finally:
            workers.close()


async def _run_trial(trial: Trial, sandbox: Addresses, workers: WorkerPool, container: Container) -> None:
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
        difference
        for number, event in enumerate(mapped.values())
        for difference in differences(control, FIRST_ID + number, event)
    ]
    before = sum(control.state()["writes"].values())
    seconds_to_end = await workers.end()
    await sync_once_more(container, mapped)
    state = control.state()

    runs = await runs_of(container, mapped)
    requests = [Request.of(request) for request in control.requests() if request["event"] is not None]
    evidence = Evidence(
        runs, [request for request in requests if request.host != "127.0.0.1"], workers.workers
    )
    waits, (wait, history) = evidence.takeovers(), evidence.longest_wait(begun)
    intrusions = [*evidence.intrusions()]
    killed = sum(worker.killed_at is not None for worker in workers.workers)
    print(
        f"{trial.database.partition(':')[0]}, {trial.workers} workers, seed {trial.seed}: "
        f"{sum(map(len, runs.values()))} runs, {editor.edits} edits, {before} writes, {killed} kills, "
        f"{sum(len(worker.stops) for worker in workers.workers)} stops, {len(waits)} runs died and continued after "
        f"{max(waits, default=0):.1f} s at most, the longest wait was {wait:.1f} s, "
        f"{evidence.excused_writes()} late writes, all synced after {quiet - quiet_from:.1f} s, "
        f"ended in {seconds_to_end:.1f} s"
    )
    print(*intrusions, history, sep="\n")
    assert not intrusions
    assert found == []
    assert not any(sum(kinds.values()) for kinds in state["duplicates"].values()), state["duplicates"]
    assert sum(state["writes"].values()) == before, "syncing unchanged events writes nothing"
    assert max(waits, default=0) < CONTINUES_WITHIN
    assert wait < CONTINUES_WITHIN
    assert seconds_to_end < ENDS_WITHIN
    assert killed


async def test_rules_23_and_32_hold_while_workers_are_killed_and_suspended(tmp_path: Path) -> None:
    """A short trial."""
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
    await run_trial(trial, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("over", ["sqlite", "postgresql"])
async def test_rules_23_and_32_hold_for_a_minute_of_kills_and_suspensions(
    request: pytest.FixtureRequest, tmp_path: Path, over: str, workers: int, seed: int
) -> None:
    await run_trial(Trial(database_for(over, tmp_path, request), workers, seed), tmp_path)
