"""Continuous sync of many mappings, on a clock that is moved: what it costs, and what it leaves in the database.

Real are the use cases, ticks and turns, the jobs in process, SQLite, and HTTP to a sandbox; only the time between two
looks is not waited for.
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

from adapters.jobs.in_process import POLL_INTERVAL, InProcessJobs, Work
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

INTERVAL = timedelta(minutes=30)
LONGEST = 600
"""Seconds until one of the runs under way ends: what takes longer hangs."""
EDITED_EVERY = 100
"""One in so many mappings has changed since the cycle before: another one each time."""
IDLE = 9_800
"""Mappings that are there besides, and not due: tables and indexes are as large as with 10,000."""
CYCLES = 3
DAYS, KEPT = 7, 3
"""What is simulated, and how long runs and outcomes are kept in it."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Json = dict[str, Any]


@dataclass
class Simulation:
    container: Container
    control: ControlClient
    clock: ManualClock
    mapped: Sequence[Mapped]
    by_hand: bool = False
    """Every run is one that somebody asks for."""
    step: timedelta = timedelta(seconds=POLL_INTERVAL)
    """From one look to the next, where nothing is going on."""
    runs: int = 0
    looks: int = 0
    """Those at which nothing was going on."""
    edits: int = 0
    _turn: int = 0
    _under_way: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def go_on(self, span: timedelta) -> None:
        """Let so much time pass, and everything happen that is due in it; then wait for what is under way."""
        jobs = InProcessJobs(self._work(), self.container.log())
        until, cycle, tidy = self.clock.now() + span, self.clock.now(), self.clock.now()
        while self.clock.now() < until:
            if self.clock.now() >= cycle:
                cycle += INTERVAL
                await asyncio.to_thread(self._edit)
            if self.clock.now() >= tidy:
                tidy += HOUR
                await self.container.resolve(ApplyRetention)()
            self._ended.clear()
            await jobs.look()
            await asyncio.sleep(0)  # what was started begins
            if self._under_way:
                async with asyncio.timeout(LONGEST):
                    await self._ended.wait()
            else:
                self.looks += 1
                self.clock.advance(self.step)

    def _work(self) -> Work:
        container = self.container
        run_sync, choose_runs = container.resolve(RunSync), container.resolve(SelectNextRuns)

        async def counted(work: Awaitable[object]) -> None:
            self._under_way += 1
            try:
                await work
            finally:
                self._under_way -= 1
                self.runs += 1
                self._ended.set()

        async def carry_out(run_id: RunId) -> None:
            await counted(run_sync(run_id, waits=False))

        async def check(mapping_id: MappingId, on_run: Callable[[RunId], None]) -> None:
            await counted(run_sync.check(mapping_id, on_run))

        async def choose(room: int, kept: int) -> Sequence[QueuedWork]:
            if self.by_hand:
                await self._ask_by_hand()
            return await choose_runs(room, kept)

        async def nothing(*_: object) -> None:
            pass

        return Work(choose, nothing, carry_out, check, nothing, nothing, nothing)

    async def _ask_by_hand(self) -> None:
        async with self.container.units().read() as unit:
            due = await unit.schedules.due(self.clock.now(), MAX_PER_ORGANIZATION, MAX_DUE)
            list_open = {each.mapping_id for each in await unit.runs.open_work()}
        for mapping in due:
            if mapping.mapping_id not in list_open:
                await self.container.resolve(RequestSync)(SyncRequest(mapping.mapping_id, actor=COMMAND_LINE))

    def _edit(self) -> None:
        """Change a title and a job in one of so many events, at the simulated time."""
        at = self.clock.now().isoformat()
        chosen = [each for place, each in enumerate(self.mapped, self._turn) if place % EDITED_EVERY == 0]
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
    own = {
        "database_url": f"sqlite:///{Path(folder) / 'bench.db'}",
        "gleanin_url": gleanin_url,
        "allow_private_addresses": True,
        **settings,
    }
    return opened(Settings.model_validate(own))


def _requests(control: ControlClient) -> int:
    """Count those to Sessionboard."""
    asked = control.state()["requests"]
    return sum(number for template, number in asked.items() if " /sessionboard" in template)


def _writes(control: ControlClient) -> int:
    return sum(control.state()["writes"].values())


def _megabytes(container: Container) -> float:
    """Tell how large the database is, with nothing of it left in its log."""
    with container.engine().connect() as connection:
        connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        size = connection.scalar(sa.text("PRAGMA page_size"))
    assert pages is not None
    assert size is not None
    return float(pages * size / 2**20)


async def cycles_measured(urls: Mapping[str, str], control_url: str, folder: str, idle: int = IDLE) -> Json:
    """Give, for runs that come by themselves and for runs asked for by hand, what one of them costs."""
    control = ControlClient(control_url)
    async with opened_at(folder, urls["gleanin_url"]) as container:
        clock = ManualClock(datetime.now(UTC))
        container.clock.override(providers.Object(clock))
        mapped = await furnish(container, urls["sessionboard_url"], control, idle)
        # The first run writes everything, and the second finds that there is nothing more to write.
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
            for each in mapped:  # nothing of it is due any more
                schedule = await unit.schedules.get(each.id)
                assert schedule is not None
                await unit.schedules.save(schedule.halted(Halt("", schedule.due_at)))
            await unit.commit()
        cpu = time.process_time()
        await looks.go_on(INTERVAL)
        result["cpu_seconds_a_look"] = (time.process_time() - cpu) / looks.looks
    return result


async def days_measured(urls: Mapping[str, str], control_url: str, folder: str) -> Json:
    """Give the database's size in MB at the end of each day."""
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
