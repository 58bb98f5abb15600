"""Measure whether some organizations delay others: many with one small due mapping, behind slow and large ones."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from adapters.gleanin.system import GLEANIN
from adapters.jobs.in_process import InProcessJobs
from adapters.memory.event_log import RecordedEvents
from adapters.sessionboard.system import SESSIONBOARD
from core.domain.ids import (
    ConnectionId,
    DestinationEventId,
    MappingId,
    OrganizationId,
    RunId,
    SourceEventId,
)
from core.domain.records.kinds import ALL
from core.domain.runs.run import SyncRun, Trigger
from core.domain.systems import Systems
from core.domain.tenancy.event_mappings import EventMapping, EventPair
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import SealedToken
from core.usecases.runs.select_next_runs import SelectNextRuns
from core.usecases.shared.run_ends import RunEnds
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.settings import Settings
from ports.jobs import JobHandlers

SYSTEMS = Systems(SESSIONBOARD, GLEANIN)

URL = "https://sessionboard.example.org"
SMALL, NOISY, NUMBER_OF_LARGE = 1_000, 500, 40
QUICK, SLOW, LARGE = 0.05, 2.0, 600.0
"""Seconds that a run takes; a large one has 5,000 records to write, 16 concurrently, and waits 2 s for each."""
LEASE = timedelta(minutes=5)
TIMEOUT = 600
"""Seconds: what takes longer is stuck."""


async def _furnish(container: Container, organizations: Mapping[str, int]) -> None:
    """Add organizations, each with this many due mappings."""
    now = container.clock().now()
    async with container.units().write() as unit:
        for name, number in organizations.items():
            organization, connection = OrganizationId(name), ConnectionId(name)
            await unit.organizations.add(Organization(organization, name, SESSIONBOARD, URL, SealedToken("")))
            token = SealedToken("sealed")
            await unit.connections.add(Connection(connection, organization, GLEANIN, token, "", now))
            for place in range(number):
                key = f"{name}-{place}"
                pair = EventPair(URL, SourceEventId(key), DestinationEventId(key))
                mapping = EventMapping(
                    MappingId(key),
                    organization,
                    connection,
                    pair,
                    SYSTEMS,
                    key,
                    key,
                    now,
                    continuous_sync=True,
                )
                await unit.mappings.add(mapping)
        await unit.commit()


async def _first_sync(container: Container, mapping_id: MappingId) -> None:
    """Stand in for the first sync of a due mapping: wait as long as it would take, and store a run."""
    clock, units, ends = container.clock(), container.units(), container.resolve(RunEnds)
    now = clock.now()
    new = RunId(container.ids().new())
    run = SyncRun(new, mapping_id, Trigger.CONTINUOUS, ALL, now).start("bench", now, LEASE)
    async with units.write() as unit:
        await unit.runs.add(run)
        await unit.commit()
    await asyncio.sleep(_seconds(mapping_id))
    async with units.write() as unit:
        await ends.store(unit, run)
        await unit.commit()


def _seconds(mapping_id: MappingId) -> float:
    kind = mapping_id.rstrip("0123456789-")
    return {"small": QUICK, "noisy": SLOW, "large": LARGE}[kind]


async def seconds_until_the_small_are_done(beside: Mapping[str, int]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate({"database_url": f"sqlite:///{Path(folder) / 'bench.db'}"})
        async with opened(settings) as container:
            small = {f"small{number}": 1 for number in range(SMALL)}
            await _furnish(container, {**beside, **small})
            return await _seconds_to_work(container)


async def _seconds_to_work(container: Container) -> float:
    left, done = {f"small{number}-0" for number in range(SMALL)}, asyncio.Event()

    async def check(mapping_id: MappingId, _: object) -> None:
        await _first_sync(container, mapping_id)
        left.discard(mapping_id)
        if not left:
            done.set()

    async def nothing(*_: object) -> None:
        pass

    select = container.resolve(SelectNextRuns)
    handlers = JobHandlers(select, nothing, nothing, check, requeue=nothing, purge=nothing, notify=nothing)
    begun = time.perf_counter()
    async with InProcessJobs(handlers, RecordedEvents()).working():
        async with asyncio.timeout(TIMEOUT):
            await done.wait()
        return time.perf_counter() - begun


def measured() -> dict[str, float]:
    """Return the seconds until all small mappings are done, alone and beside others, and the ratios."""
    alone, beside_noisy, beside_large = (
        asyncio.run(seconds_until_the_small_are_done(beside))
        for beside in ({}, {"noisy": NOISY}, {f"large{number}": 1 for number in range(NUMBER_OF_LARGE)})
    )
    return {
        "alone": alone,
        "beside": beside_noisy,
        "times": beside_noisy / alone,
        "beside_large": beside_large,
        "times_large": beside_large / alone,
    }
