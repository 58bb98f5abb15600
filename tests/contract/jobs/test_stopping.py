"""A process that ends while it syncs: what was sent is noted, and the rest is taken up at the next start."""

import asyncio
from collections.abc import Sequence

from core.domain.mappings import EventMapping
from core.domain.runs import RunState, SyncRun
from core.usecases.look_up import ListRuns
from tests.contract.jobs.conftest import Making
from tests.limits import WITHIN, happens
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import Stage, nothing


async def runs_of(stage: Stage, mapping: EventMapping) -> Sequence[SyncRun]:
    return await ListRuns(stage.units)(mapping.id)


async def test_rule_32_a_run_that_is_interrupted_is_noted_and_goes_on_at_the_next_start(make: Making) -> None:
    stage = Stage()
    mapping = await stage.mapping()
    stage.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(3)))
    first_write = asyncio.Event()

    async def hold_after_the_first_write() -> None:
        if stage.gleanin.writes:
            first_write.set()
            await asyncio.Event().wait()

    stage.gate.pass_by = hold_after_the_first_write
    run = await stage.request_sync(mapping.id)
    async with make(stage).working():
        await happens(first_write)
    again, interrupted = await runs_of(stage, mapping)
    assert interrupted.id == run.id
    assert interrupted.stop is not None
    assert (interrupted.state, interrupted.stop.code) == (RunState.STOPPED, "interrupted")
    assert (again.state, again.requested_by) == (RunState.QUEUED, run.requested_by)
    sent = len(stage.gleanin.writes)
    assert 0 < sent < 6

    stage.gate.pass_by = nothing
    async with make(stage).working(), asyncio.timeout(WITHIN):
        while (await runs_of(stage, mapping))[0].is_open:  # noqa: ASYNC110 - a run raises no event
            await asyncio.sleep(0.01)
    done, *_ = await runs_of(stage, mapping)
    assert done.state is RunState.COMPLETED
    assert stage.gleanin.duplicates == 0
    assert len(stage.gleanin.writes) == 6


async def test_rule_23_a_run_that_waits_for_its_turn_is_still_there_at_the_next_start(make: Making) -> None:
    stage = Stage()
    mapping = await stage.mapping()
    run = await stage.request_sync(mapping.id)
    async with make(stage, at_once=0).working():  # it never has a turn at all
        await asyncio.sleep(0.1)
    assert [each.run_id for each in await stage.choose_runs(5)] == [run.id]
