"""A worker that is asked to end while it syncs finishes or requeues its runs, and ends in time."""

import asyncio
import time
from pathlib import Path

import pytest

from core.domain.runs.run import RunState
from entrypoints.cli.errors import ExitCode
from entrypoints.database import opened
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.settings import Settings
from tests.contract.persistence.conftest import postgresql_server
from tests.support import timeouts
from tests.support.changing_programme import FIRST_ID, differences
from tests.support.trial_harness import (
    Trial,
    database_for,
    runs_of,
    sandbox_with,
    set_up,
    settings_of,
    until_all_are_synced,
)
from tests.support.workers import ENDS_WITHIN, Worker, WorkerPool

__all__ = ["postgresql_server"]
STOP_SECONDS = 1.5
OVER = pytest.mark.parametrize("over", ["sqlite", "postgresql"])


def trial_over(over: str, folder: Path, request: pytest.FixtureRequest) -> Trial:
    return Trial(
        database_for(over, folder, request), workers=1, seed=0, organizations=1, mappings_each=2, lease=1
    )


async def until_it_writes(control: ControlClient, worker: Worker, at_least: int = 1) -> None:
    async with asyncio.timeout(timeouts.WITHIN):
        while sum(control.state()["writes"].values()) < at_least or not control.state()["in_flight"]:
            assert worker.process.poll() is None, worker.log.read_text()
            await asyncio.sleep(0.02)


async def end(worker: Worker) -> int:
    worker.process.terminate()
    return await asyncio.to_thread(timeouts.end, worker.process)


@pytest.mark.long  # by default, the contract of the jobs port covers this without syncing
@OVER
async def test_a_worker_requeues_its_runs(request: pytest.FixtureRequest, tmp_path: Path, over: str) -> None:
    trial = trial_over(over, tmp_path, request)
    with sandbox_with(trial, tmp_path) as sandbox:
        settings = trial.settings(sandbox.gleanin_url)
        workers = WorkerPool(sandbox.gleanin_url, settings, tmp_path, trial.lease)
        async with opened(settings_of(settings)) as container:
            mapped = await set_up(container, trial, sandbox)
            sandbox.control.inject_faults(Fault(sides=("gleanin",), methods=("POST",), answer_delay_ms=1000))
            try:
                worker = workers.begin()
                await until_it_writes(sandbox.control, worker)
                assert await end(worker) == 0, "otherwise it was cut off after its time limit"
            finally:
                workers.close()
            for runs in (await runs_of(container, mapped)).values():
                interrupted, again = runs
                assert interrupted.stop is not None
                assert (interrupted.stop.code, again.state) == ("interrupted", RunState.QUEUED)


@OVER
async def test_a_worker_ends_in_time_even_if_gleanin_does_not_respond(
    request: pytest.FixtureRequest, tmp_path: Path, over: str
) -> None:
    trial = trial_over(over, tmp_path, request)
    with sandbox_with(trial, tmp_path) as sandbox:
        settings = trial.settings(sandbox.gleanin_url)
        settings["GLEANIN_SYNC_STOP_SECONDS"] = str(STOP_SECONDS)
        workers = WorkerPool(sandbox.gleanin_url, settings, tmp_path, trial.lease)
        async with opened(settings_of(settings)) as container:
            mapped = await set_up(container, trial, sandbox)
            sandbox.control.inject_faults(
                Fault(sides=("gleanin",), methods=("POST",), answer_delay_ms=600_000)
            )
            try:
                worker = workers.begin()
                await until_it_writes(sandbox.control, worker)
                requested = time.monotonic()
                assert await end(worker) == ExitCode.INTERRUPTED
                assert time.monotonic() - requested >= STOP_SECONDS
                assert "continues in another process" in worker.log.read_text()
                states = [runs[0].state for runs in (await runs_of(container, mapped)).values()]
                assert RunState.RUNNING in states, "a run that waits for a response keeps its lease"
                sandbox.control.inject_faults()
                workers.begin()
                await until_all_are_synced(container, mapped)
                for number, event in enumerate(mapped.values()):
                    assert differences(sandbox.control, FIRST_ID + number, event) == []
            finally:
                workers.close()


def test_by_default_a_worker_ends_before_supervisors_kill_it() -> None:
    assert Settings().stop_seconds < ENDS_WITHIN
