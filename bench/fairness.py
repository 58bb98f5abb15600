"""Whether one organization delays the others: many with one mapping that is due, behind one with many and slow ones."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from adapters.jobs.in_process import InProcessJobs, Work
from adapters.memory.log import KeptEvents
from core.domain.identifiers import (
    ConnectionId,
    GleaninEventId,
    MappingId,
    OrganizationId,
    RunId,
    SessionboardEventId,
)
from core.domain.mappings import EventMapping, EventPair
from core.domain.organizations import Connection, Organization
from core.domain.outcomes import Counts
from core.domain.runs import SyncRun
from core.domain.schedule import Schedule
from core.domain.secrets import SealedToken
from entrypoints.container import Container, opened
from entrypoints.settings import Settings

URL = "https://sessionboard.example.org"
SMALL, NOISY = 1_000, 500
QUICK, SLOW = 0.05, 2.0
"""Seconds that a run of theirs takes."""
LEASE = timedelta(minutes=5)
LONGEST = 600
"""Seconds: what takes longer hangs."""


async def _furnish(container: Container, organizations: Mapping[str, int]) -> None:
    """Add organizations, each with so many mappings that are due."""
    now = container.clock().now()
    async with container.units().writing() as unit:
        for name, number in organizations.items():
            organization, connection = OrganizationId(name), ConnectionId(name)
            await unit.organizations.add(Organization(organization, name, URL, SealedToken("")))
            token = SealedToken("sealed")
            await unit.connections.add(Connection(connection, organization, token, "", now))
            for each in range(number):
                key = f"{name}-{each}"
                pair = EventPair(URL, SessionboardEventId(key), GleaninEventId(key))
                mapping = EventMapping(
                    MappingId(key), organization, connection, pair, key, key, now, continuous_sync=True
                )
                await unit.mappings.add(mapping)
        await unit.commit()


async def _carry_out(container: Container, run_id: RunId) -> SyncRun:
    """Stand in for a sync: it takes its time, and is stored as one."""
    clock, units = container.clock(), container.units()
    async with units.writing() as unit:
        run = await unit.runs.get(run_id)
        assert run is not None
        run = run.start("bench", clock.now(), LEASE)
        await unit.runs.update(run)
        await unit.commit()
    await asyncio.sleep(SLOW if run.mapping_id.startswith("noisy") else QUICK)
    async with units.writing() as unit:
        run = run.finished(Counts(), clock.now())
        await unit.runs.update(run)
        await unit.schedules.save(Schedule(run.mapping_id, run.requested_at).after(run))
        await unit.commit()
    return run


async def seconds_until_the_small_are_done(*, beside_a_noisy_one: bool) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate({"database_url": f"sqlite:///{Path(folder) / 'bench.db'}"})
        async with opened(settings) as container:
            small = {f"small{number}": 1 for number in range(SMALL)}
            await _furnish(container, ({"noisy": NOISY} if beside_a_noisy_one else {}) | small)
            return await _worked(container)


async def _worked(container: Container) -> float:
    left, done = {f"small{number}-0" for number in range(SMALL)}, asyncio.Event()

    async def carry_out(run_id: RunId) -> None:
        run = await _carry_out(container, run_id)
        left.discard(run.mapping_id)
        if not left:
            done.set()

    async def nothing(*_: object) -> None:
        pass

    tick, choose = container.request_due_syncs(), container.choose_runs()
    work = Work(
        tick, choose, take_over=nothing, carry_out=carry_out, ask_again=nothing, tidy=nothing, tell=nothing
    )
    begun = time.perf_counter()
    async with InProcessJobs(work, KeptEvents()).working():
        async with asyncio.timeout(LONGEST):
            await done.wait()
        return time.perf_counter() - begun


def measured() -> dict[str, float]:
    """Give the seconds until all the small ones are done, alone and beside the noisy one, and how many times longer."""
    alone = asyncio.run(seconds_until_the_small_are_done(beside_a_noisy_one=False))
    beside = asyncio.run(seconds_until_the_small_are_done(beside_a_noisy_one=True))
    return {"alone": alone, "beside": beside, "times": beside / alone}
