"""Rule 26: the counts of every ended run equal its stored outcomes, however it ended; a log is never ahead of that."""

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
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.power import killed
from tests.unit.usecases.stage import LEASE, Stage

TALKS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(300))
RunLifecycle = Callable[[Stage, EventMapping], Awaitable[object]]


async def killed_after(stage: Stage, writes: int, after: timedelta) -> EventMapping:
    mapping = await stage.mapping()
    stage.offer(*TALKS)
    with killed(stage, write=writes, after=after):
        await stage.sync(mapping)
    return mapping


async def unmapped(stage: Stage, mapping: EventMapping) -> None:
    await stage.remove_mapping(mapping.id)


async def disconnected(stage: Stage, mapping: EventMapping) -> None:
    await stage.disconnect(mapping.organization_id, "Acme")


async def synced_again(stage: Stage, mapping: EventMapping) -> None:
    await stage.sync(mapping)


async def taken_over(stage: Stage, mapping: EventMapping) -> None:
    async with stage.units.read() as unit:
        (run,) = await unit.runs.list_open(mapping.id)
    await stage.take_over(run.id)


async def unmapped_and_taken_over(stage: Stage, mapping: EventMapping) -> None:
    await unmapped(stage, mapping)
    async with stage.units.read() as unit:
        list_open = await unit.runs.list_open(mapping.id)
    stage.clock.advance(LEASE)
    for run in list_open:
        await stage.take_over(run.id)


@pytest.mark.parametrize(
    ("after", "end"),
    [
        (LEASE, unmapped),
        (LEASE, disconnected),
        (LEASE, synced_again),
        (LEASE, taken_over),
        (timedelta(0), disconnected),
        (timedelta(0), unmapped_and_taken_over),
    ],
)
async def test_rule_26_a_killed_run_has_the_counts_of_what_it_stored(
    stage: Stage, after: timedelta, end: RunLifecycle
) -> None:
    mapping = await killed_after(stage, 500, after)
    await end(stage, mapping)
    stage.clock.advance(LEASE)
    async with stage.units.read() as unit:
        run = (await unit.runs.list_by_mapping(mapping.id))[-1]
        stored = counted(await unit.outcomes.list_by_run(run.id))
    if not run.is_open:
        assert run.state is RunState.STOPPED
        assert run.counts == stored
    assert stored.read > 300, "else this proves nothing"


@dataclass(slots=True)
class Uncommitted:
    """Units of which none that would end a run can be committed."""

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


@pytest.mark.parametrize("end", [synced_again, taken_over])
async def test_no_log_event_tells_of_an_end_that_was_not_stored(stage: Stage, end: RunLifecycle) -> None:
    mapping = await killed_after(stage, 5, LEASE)
    stage.log.kept.clear()
    well = stage.units
    stage.units = Uncommitted(well)  # type: ignore[assignment]
    with suppress(DatabaseUnavailable):
        await end(stage, mapping)
    names = {name for name, _ in stage.log.kept}
    assert not names & {
        "sync.run_taken_over",
        "continuous.failing",
        "continuous.recovered",
        "sync.run_finished",
    }
    stage.units = well


async def test_no_log_event_tells_of_a_failing_schedule_that_was_not_stored(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*TALKS[:2])
    stage.gleanin.trouble.refuses_tokens = True
    well = stage.units
    booked = await stage.request_sync(mapping.id)
    stage.units = Uncommitted(well)  # type: ignore[assignment]
    with suppress(DatabaseUnavailable):
        await stage.run_sync(booked.id)
    assert "continuous.failing" not in {name for name, _ in stage.log.kept}
    stage.units = well
