"""The PostgreSQL server is down for some seconds while `serve` and two workers sync: all syncs continue afterwards."""

import asyncio
import time
from pathlib import Path

import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.runs.run import RunState
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.running import Addresses
from tests.contract.persistence.conftest import Server, started_server
from tests.support.changing_programme import FIRST_ID, differences
from tests.support.processes import free_port
from tests.support.trial_harness import (
    Mapped,
    Trial,
    runs_of,
    sandbox_with,
    set_up,
    settings_of,
    sync_once_more,
)
from tests.support.trial_verdict import Evidence, Request
from tests.support.workers import WorkerPool

OUTAGE_SECONDS = 6.0
"""Shorter than a lease."""
CONTINUES_WITHIN = 60.0
"""Seconds after the server is back; 30 on an idle machine."""
LEASE = 30.0
"""Seconds, as by default."""
WRITTEN_BEFORE = 0.25
"""The share of the records that is written before the outage."""


async def until_written(control: ControlClient, number: int) -> None:
    async with asyncio.timeout(CONTINUES_WITHIN):
        while sum(control.state()["writes"].values()) < number:  # noqa: ASYNC110 - a write raises no event
            await asyncio.sleep(0.05)


async def until_completed(container: Container, mapped: Mapped) -> None:
    async with asyncio.timeout(CONTINUES_WITHIN):
        while not all(  # noqa: ASYNC110 - a run raises no event
            any(run.state is RunState.COMPLETED for run in runs)
            for runs in (await runs_of(container, mapped)).values()
        ):
            await asyncio.sleep(0.2)


@pytest.mark.long
async def test_syncs_continue_when_the_database_server_is_back(tmp_path: Path) -> None:
    with started_server() as server:
        trial = Trial(
            server.new_database(),
            workers=2,
            seed=0,
            organizations=3,
            mappings_each=1,
            lease=LEASE,
            sessions=120,
        )
        with sandbox_with(trial, tmp_path) as sandbox:
            settings = trial.settings(sandbox.gleanin_url)
            del settings["GLEANIN_SYNC_INTERVAL_MINUTES"], settings["GLEANIN_SYNC_RESEND_AFTER_SECONDS"]
            workers = WorkerPool(sandbox.gleanin_url, settings, tmp_path, trial.lease)
            try:
                async with opened(settings_of(settings)) as container:
                    await _check_outage(trial, server, sandbox, workers, container)
            finally:
                workers.close()


async def _check_outage(
    trial: Trial, server: Server, sandbox: Addresses, workers: WorkerPool, container: Container
) -> None:
    mapped, control = await set_up(container, trial, sandbox), sandbox.control
    by_hand, *_ = mapped  # the others are due by themselves
    await container.resolve(RequestSync)(SyncRequest(by_hand, actor=COMMAND_LINE))
    control.inject_faults(Fault(latency_ms=400))
    workers.begin("serve", "--port", str(free_port()))
    for _ in range(trial.workers):
        workers.begin()
    await workers.all_working()
    total = trial.mappings * (2 * trial.sessions + 2)
    await until_written(control, round(WRITTEN_BEFORE * total))
    await asyncio.to_thread(server.stop)
    before = sum(control.state()["writes"].values())
    await asyncio.sleep(OUTAGE_SECONDS)
    await asyncio.to_thread(server.start)
    back = time.monotonic()
    left = total - sum(control.state()["writes"].values())
    await until_completed(container, mapped)
    seconds = time.monotonic() - back
    state = control.state()
    runs = await runs_of(container, mapped)
    print(
        f"{before} of {total} records were written before the outage, {left} were left after "
        f"{OUTAGE_SECONDS:.0f} s of outage; all were written {seconds:.1f} s later; runs: "
        f"{[(each.trigger.value, each.stop.code if each.stop else each.state.value) for those in runs.values() for each in those]}"
    )
    requests = [Request.of(request) for request in control.requests() if request["event"] is not None]
    intrusions = [
        *Evidence(
            runs, [request for request in requests if request.host != "127.0.0.1"], workers.workers
        ).intrusions()
    ]
    assert not intrusions
    created = {what: number for what, number in state["writes"].items() if what.startswith("POST ")}
    assert sum(created.values()) == total, "each record once"
    assert not any(sum(kinds.values()) for kinds in state["duplicates"].values()), state["duplicates"]
    for number, event in enumerate(mapped.values()):
        assert differences(control, FIRST_ID + number, event) == []
    await workers.end()
    await sync_once_more(container, mapped)
    assert control.state()["writes"] == state["writes"], "syncing unchanged events writes nothing"
