"""Continuous sync of many mappings, on a simulated clock: what it costs, and what it leaves in the database.

The use cases, the fair queue, the jobs in process, SQLite, and HTTP to a sandbox are real; only the time between two
polls is skipped.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dependency_injector import providers

from adapters.jobs.in_process import POLL_INTERVAL, InProcessJobs
from adapters.memory.clock import ManualClock
from bench.many import Mapped, furnish
from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId, RunId
from core.domain.runs.fair_queue import MAX_PER_ORGANIZATION, QueuedWork
from core.domain.runs.schedule import Halt
from core.usecases.runs.apply_retention import ApplyRetention
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.runs.select_next_runs import MAX_DUE, SelectNextRuns
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.settings import Settings
from ports.jobs import JobHandlers

INTERVAL = timedelta(minutes=30)
TIMEOUT = 600
"""Seconds until a run in progress ends: what takes longer is stuck."""
EDITED_EVERY = 100
"""One in this many mappings has changed since the previous cycle, a different one each time."""
IDLE = 9_800
"""Further mappings that are not due, so that tables and indexes are as large as with 10,000."""
CYCLES = 3
DAYS, KEPT = 7, 3
"""How many days are simulated, and the retention of runs and outcomes."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Json = dict[str, Any]


@dataclass
class Simulation:
    container: Container
    control: ControlClient
    clock: ManualClock
    mapped: Sequence[Mapped]
    by_hand: bool = False
    """Whether every run is a manual one."""
    step: timedelta = timedelta(seconds=POLL_INTERVAL)
    """Between two polls while no run is in progress."""
    runs: int = 0
    looks: int = 0
    """Polls while no run was in progress."""
    edits: int = 0
    _turn: int = 0
    _under_way: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def go_on(self, span: timedelta) -> None:
        """Advance the clock by a span, do everything that is due in it, and wait for the runs in progress."""
        jobs = InProcessJobs(self._handlers(), self.container.log())
        until, cycle, tidy = self.clock.now() + span, self.clock.now(), self.clock.now()
        while self.clock.now() < until:
            if self.clock.now() >= cycle:
                cycle += INTERVAL
                await asyncio.to_thread(self._edit)
            if self.clock.now() >= tidy:
                tidy += HOUR
                await self.container.resolve(ApplyRetention)()
            self._ended.clear()
            await jobs.poll()
            await asyncio.sleep(0)  # let the started tasks begin
            if self._under_way:
                async with asyncio.timeout(TIMEOUT):
                    await self._ended.wait()
            else:
                self.looks += 1
                self.clock.advance(self.step)

    def _handlers(self) -> JobHandlers:
        container = self.container
        run_sync, select_runs = container.resolve(RunSync), container.resolve(SelectNextRuns)

        async def counted(work: Awaitable[object]) -> None:
            self._under_way += 1
            try:
                await work
            finally:
                self._under_way -= 1
                self.runs += 1
                self._ended.set()

        async def run(run_id: RunId) -> None:
            await counted(run_sync(run_id, waits=False))

        async def check(mapping_id: MappingId, on_run: Callable[[RunId], None]) -> None:
            await counted(run_sync.check(mapping_id, on_run))

        async def select(slots: int, reserved: int) -> Sequence[QueuedWork]:
            if self.by_hand:
                await self._ask_by_hand()
            return await select_runs(slots, reserved)

        async def nothing(*_: object) -> None:
            pass

        return JobHandlers(select, nothing, run, check, nothing, nothing, nothing)

    async def _ask_by_hand(self) -> None:
        async with self.container.units().read() as unit:
            due = await unit.schedules.list_due(self.clock.now(), MAX_PER_ORGANIZATION, MAX_DUE)
            with_open_work = {work.mapping_id for work in await unit.runs.open_work()}
        for mapping in due:
            if mapping.mapping_id not in with_open_work:
                await self.container.resolve(RequestSync)(SyncRequest(mapping.mapping_id, actor=COMMAND_LINE))

    def _edit(self) -> None:
        """Change a title and a job in one of EDITED_EVERY events, at the simulated time."""
        at = self.clock.now().isoformat()
        chosen = [mapped for place, mapped in enumerate(self.mapped, self._turn) if place % EDITED_EVERY == 0]
        self._turn += len(self.mapped)
        for mapped in chosen:
            saved = self.control.event(mapped.event)
            session = saved["sessions"][self.edits % len(saved["sessions"])]
            person, stamp = session["speakers"][0]["id"], f" ({at})"
            moved = {"id": session["id"], "title": session["title"].partition(" (")[0] + stamp}
            moved["updated_at"] = at
            promoted = {"id": person, "title": f"Chief{stamp}", "updated_at": at}
            self.control.edit_event(mapped.event, sessions=[moved], people=[promoted])
            self.edits += 2


def opened_at(folder: str, gleanin_url: str, **settings: Any) -> AbstractAsyncContextManager[Container]:
    variables = {
        "database_url": f"sqlite:///{Path(folder) / 'bench.db'}",
        "gleanin_url": gleanin_url,
        "allow_private_addresses": True,
        **settings,
    }
    return opened(Settings.model_validate(variables))


def _requests(control: ControlClient) -> int:
    """Count the requests to Sessionboard."""
    requests = control.state()["requests"]
    return sum(number for template, number in requests.items() if " /sessionboard" in template)


def _writes(control: ControlClient) -> int:
    return sum(control.state()["writes"].values())


def _megabytes(container: Container) -> float:
    """Return the size of the database in MB, after moving everything from the write-ahead log into it."""
    with container.engine().connect() as connection:
        connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        size = connection.scalar(sa.text("PRAGMA page_size"))
    assert pages is not None
    assert size is not None
    return float(pages * size / 2**20)


async def cycles_measured(urls: Mapping[str, str], control_url: str, folder: str, idle: int = IDLE) -> Json:
    """Measure the cost of continuous and of manual runs."""
    control = ControlClient(control_url)
    async with opened_at(folder, urls["gleanin_url"]) as container:
        clock = ManualClock(datetime.now(UTC))
        container.clock.override(providers.Object(clock))
        mapped = await furnish(container, urls["sessionboard_url"], control, idle)
        # The first run writes everything, and the second finds nothing more to write.
        await Simulation(container, control, clock, ()).go_on(INTERVAL * 1.9)
        result: Json = {"mappings": len(mapped)}
        for name, by_hand in (("continuous", False), ("by_hand", True)):
            simulated = Simulation(container, control, clock, mapped, by_hand)
            requests, writes = _requests(control), _writes(control)
            begun, cpu = time.perf_counter(), time.process_time()
            await simulated.go_on(INTERVAL * CYCLES)
            cpu, seconds = time.process_time() - cpu, time.perf_counter() - begun
            result[name] = {
                "runs": simulated.runs,
                "looks": simulated.looks,
                "cpu_seconds": cpu,
                "seconds": seconds,
                "requests": _requests(control) - requests,
                "writes": _writes(control) - writes,
                "edits": simulated.edits,
            }
        looks = Simulation(container, control, clock, ())
        async with container.units().write() as unit:
            for each in mapped:  # no mapping is due any more
                schedule = await unit.schedules.get(each.id)
                assert schedule is not None
                await unit.schedules.save(schedule.halted(Halt("", schedule.due_at)))
            await unit.commit()
        cpu = time.process_time()
        await looks.go_on(INTERVAL)
        result["cpu_seconds_a_look"] = (time.process_time() - cpu) / looks.looks
    return result


async def days_measured(urls: Mapping[str, str], control_url: str, folder: str) -> Json:
    """Measure the database's size in MB at the end of each day."""
    control = ControlClient(control_url)
    async with opened_at(folder, urls["gleanin_url"], retention_days=KEPT) as container:
        clock = ManualClock(datetime.now(UTC))
        container.clock.override(providers.Object(clock))
        mapped = await furnish(container, urls["sessionboard_url"], control)
        simulated = Simulation(container, control, clock, mapped, step=timedelta(minutes=1))
        await simulated.go_on(INTERVAL * 0.8)
        sizes = [_megabytes(container)]
        for _ in range(DAYS):
            await simulated.go_on(DAY)
            sizes.append(_megabytes(container))
    return {"mappings": len(mapped), "kept": KEPT, "megabytes": sizes, "runs": simulated.runs}
