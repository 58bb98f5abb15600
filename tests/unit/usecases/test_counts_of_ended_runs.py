"""Rule 26: the counts of every ended run equal its stored outcomes, and the log never runs ahead of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest

from core.domain.records.outcomes import counted
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.errors import DatabaseUnavailable
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.support.builders import on, person, session
from tests.support.harness import LEASE, Harness
from tests.support.kill_switch import killed

TALKS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(300))
EndRun = Callable[[Harness, EventMapping], Awaitable[object]]


async def killed_after(harness: Harness, writes: int, after: timedelta) -> EventMapping:
    mapping = await harness.mapping()
    harness.offer(*TALKS)
    with killed(harness, write=writes, after=after):
        await harness.sync(mapping)
    return mapping


async def unmapped(harness: Harness, mapping: EventMapping) -> None:
    await harness.remove_mapping(mapping.id)


async def disconnected(harness: Harness, mapping: EventMapping) -> None:
    await harness.disconnect(mapping.organization_id, "Acme")


async def synced_again(harness: Harness, mapping: EventMapping) -> None:
    await harness.sync(mapping)


async def recovered(harness: Harness, mapping: EventMapping) -> None:
    async with harness.units.read() as unit:
        (run,) = await unit.runs.list_open(mapping.id)
    await harness.recover_run(run.id)


async def unmapped_and_recovered(harness: Harness, mapping: EventMapping) -> None:
    await unmapped(harness, mapping)
    async with harness.units.read() as unit:
        open_runs = await unit.runs.list_open(mapping.id)
    harness.clock.advance(LEASE)
    for run in open_runs:
        await harness.recover_run(run.id)


@pytest.mark.parametrize(
    ("after", "end"),
    [
        (LEASE, unmapped),
        (LEASE, disconnected),
        (LEASE, synced_again),
        (LEASE, recovered),
        (timedelta(0), disconnected),
        (timedelta(0), unmapped_and_recovered),
    ],
)
async def test_rule_26_counts_of_a_killed_run_equal_its_stored_outcomes(
    harness: Harness, after: timedelta, end: EndRun
) -> None:
    mapping = await killed_after(harness, 500, after)
    await end(harness, mapping)
    harness.clock.advance(LEASE)
    async with harness.units.read() as unit:
        run = (await unit.runs.list_by_mapping(mapping.id))[-1]
        stored = counted(await unit.outcomes.list_by_run(run.id))
    if not run.is_open:
        assert run.state is RunState.STOPPED
        assert run.counts == stored
    assert stored.read > 300, "otherwise the test proves nothing"


@dataclass(slots=True)
class Uncommitted:
    """A unit of work factory that fails every commit that ends a run."""

    units: UnitOfWorkFactory

    def read(self) -> object:
        return self.units.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        async with self.units.write() as unit:
            update, commit, ends = unit.runs.update, unit.commit, list[SyncRun]()

            async def watched_update(run: SyncRun) -> None:
                ends.extend([] if run.is_open else [run])
                await update(run)

            async def watched_commit() -> None:
                if ends:
                    raise DatabaseUnavailable("The database is gone.")
                await commit()

            unit.runs.update, unit.commit = watched_update, watched_commit  # type: ignore[method-assign]
            yield unit


@pytest.mark.parametrize("end", [synced_again, recovered])
async def test_uncommitted_end_of_a_run_is_not_logged(harness: Harness, end: EndRun) -> None:
    mapping = await killed_after(harness, 5, LEASE)
    harness.log.entries.clear()
    well = harness.units
    harness.units = Uncommitted(well)  # type: ignore[assignment]
    with suppress(DatabaseUnavailable):
        await end(harness, mapping)
    names = {name for name, _ in harness.log.entries}
    assert not names & {
        "sync.run_taken_over",
        "continuous.failing",
        "continuous.recovered",
        "sync.run_finished",
    }
    harness.units = well


async def test_uncommitted_schedule_failure_is_not_logged(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*TALKS[:2])
    harness.gleanin.faults.refuses_tokens = True
    well = harness.units
    booked = await harness.request_sync(mapping.id)
    harness.units = Uncommitted(well)  # type: ignore[assignment]
    with suppress(DatabaseUnavailable):
        await harness.run_sync(booked.id)
    assert "continuous.failing" not in {name for name, _ in harness.log.entries}
    harness.units = well
