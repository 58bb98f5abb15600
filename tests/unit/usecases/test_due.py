"""Rules 23 and 24: what is found to be carried out without anybody asking."""

from datetime import timedelta

import pytest

from core.domain.access import COMMAND_LINE, CONTINUOUS_SYNC
from core.domain.identifiers import MappingId, RunId
from core.domain.kinds import Scope
from core.domain.runs import RunState, SyncRun, Trigger
from core.domain.stops import DISCONNECTED, INTERRUPTED, TAKEN_OVER, Stop, refused
from core.usecases.change_settings import SettingsChange
from core.usecases.request_sync import SyncRequest
from tests.unit.usecases.stage import ELSEWHERE, FAR, LEASE, TOKEN, Stage

HALF_AN_HOUR = timedelta(minutes=33)


async def continuous(stage: Stage) -> MappingId:
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    return mapping.id


async def book(stage: Stage, mapping_id: MappingId) -> SyncRun:
    return await stage.request(SyncRequest(mapping_id, trigger=Trigger.CONTINUOUS, by=CONTINUOUS_SYNC))


async def test_rule_24_only_mappings_with_continuous_sync_are_due(stage: Stage) -> None:
    mapping = await stage.mapping()
    assert not await stage.find_due_mappings()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert await stage.find_due_mappings() == [mapping.id]
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=False))
    assert not await stage.find_due_mappings()


async def test_rule_24_a_connection_can_begin_its_mappings_with_continuous_sync(stage: Stage) -> None:
    organization = await stage.organization()
    await stage.connect(organization.id, TOKEN, continuous_sync=True)
    first, second = await stage.map(organization.id), await stage.map(organization.id, ELSEWHERE, FAR)
    assert first.continuous_sync
    assert await stage.find_due_mappings() == [first.id, second.id]


async def test_rule_24_what_was_booked_or_has_just_been_synced_is_not_due(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    run = await book(stage, mapping_id)
    stage.clock.advance(2 * HALF_AN_HOUR)
    assert not await stage.find_due_mappings()
    await stage.run_sync(run.id)
    assert not await stage.find_due_mappings()
    stage.clock.advance(HALF_AN_HOUR)
    assert await stage.find_due_mappings() == [mapping_id]


async def test_rule_24_a_sync_by_hand_puts_off_the_next_continuous_one(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    await stage.run_sync((await book(stage, mapping_id)).id)
    stage.clock.advance(HALF_AN_HOUR)
    await stage.run_sync((await stage.request_sync(mapping_id)).id)
    assert not await stage.find_due_mappings()


async def test_rule_24_a_removed_mapping_is_not_due(stage: Stage) -> None:
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await stage.remove_mapping(mapping.id)
    assert not await stage.find_due_mappings()


async def test_rule_24_after_a_disconnect_nothing_is_due(stage: Stage) -> None:
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await stage.disconnect(mapping.organization_id, "Acme")
    stage.clock.advance(2 * HALF_AN_HOUR)
    assert not await stage.find_due_mappings()


async def test_rule_23_runs_that_nobody_carries_out_are_found(stage: Stage) -> None:
    mapping = await stage.mapping()
    run = await stage.request_sync(mapping.id)
    assert await stage.find_waiting_runs() == [run.id]
    await stage.run_sync(run.id)
    assert not await stage.find_waiting_runs()


async def test_rule_23_a_run_that_somebody_carries_out_is_found_when_its_lease_has_run_out(
    stage: Stage,
) -> None:
    mapping = await stage.mapping()
    run = (await stage.request_sync(mapping.id)).start("owner:1", stage.clock.now(), LEASE)
    async with stage.units.writing() as unit:
        await unit.runs.update(run)
        await unit.commit()
    waiting = await stage.request_sync(mapping.id)
    assert await stage.find_waiting_runs() == [waiting.id]
    stage.clock.advance(LEASE)
    assert await stage.find_waiting_runs() == [run.id, waiting.id]


async def test_rule_23_a_run_by_hand_that_joins_a_waiting_continuous_one_makes_it_somebodys(
    stage: Stage,
) -> None:
    mapping_id = await continuous(stage)
    waiting = await book(stage, mapping_id)
    assert (waiting.trigger, waiting.requested_by) == (Trigger.CONTINUOUS, CONTINUOUS_SYNC)
    joined = await stage.request(SyncRequest(mapping_id, Scope.AGENDA, by="ada@example.org"))
    assert (joined.id, joined.trigger, joined.requested_by) == (waiting.id, Trigger.MANUAL, "ada@example.org")
    again = await book(stage, mapping_id)
    assert (again.trigger, again.requested_by) == (Trigger.MANUAL, "ada@example.org")


async def interrupted(
    stage: Stage, mapping_id: MappingId, scope: Scope = Scope.ALL, by: Stop = INTERRUPTED
) -> SyncRun:
    run = (await stage.request_sync(mapping_id, scope)).start("owner:1", stage.clock.now(), LEASE)
    stopped = run.stopped(by, stage.clock.now())
    async with stage.units.writing() as unit:
        await unit.runs.update(stopped)
        await unit.commit()
    return stopped


async def waiting_run(stage: Stage) -> SyncRun:
    (waiting,) = await stage.find_waiting_runs()
    async with stage.units.reading() as unit:
        run = await unit.runs.get(waiting)
    assert run is not None
    return run


async def test_rule_23_a_run_that_was_interrupted_is_booked_again_as_it_was_asked_for(stage: Stage) -> None:
    mapping = await stage.mapping()
    stopped = await interrupted(stage, mapping.id, Scope.EXHIBITORS)
    await stage.request_again(stopped.id)
    again = await waiting_run(stage)
    assert (again.scope, again.trigger, again.requested_by) == (
        Scope.EXHIBITORS,
        Trigger.MANUAL,
        COMMAND_LINE,
    )
    assert again.state is RunState.QUEUED
    assert again.id != stopped.id


async def test_rule_23_one_run_serves_what_was_interrupted_and_what_was_asked_meanwhile(stage: Stage) -> None:
    mapping = await stage.mapping()
    stopped = await interrupted(stage, mapping.id, Scope.EXHIBITORS)
    booked = await stage.request_sync(mapping.id, Scope.AGENDA)
    await stage.request_again(stopped.id)
    again = await waiting_run(stage)
    assert (again.id, again.scope) == (booked.id, Scope.ALL)


async def test_what_ended_otherwise_is_not_booked_again(stage: Stage) -> None:
    mapping = await stage.mapping()
    done = await stage.sync(mapping)
    await stage.request_again(done.id)
    await stage.request_again(RunId("nothing"))
    for stop in (refused("It may not."), TAKEN_OVER, DISCONNECTED):
        await stage.request_again((await interrupted(stage, mapping.id, by=stop)).id)
    stopped = await interrupted(stage, mapping.id)
    await stage.remove_mapping(mapping.id)
    await stage.request_again(stopped.id)
    assert not await stage.find_waiting_runs()


@pytest.mark.parametrize("unmapped", [True, False])
async def test_a_waiting_run_ends_with_its_mapping(stage: Stage, unmapped: bool) -> None:
    mapping = await stage.mapping()
    run = await stage.request_sync(mapping.id)
    if unmapped:
        await stage.remove_mapping(mapping.id)
    else:
        await stage.disconnect(mapping.organization_id, "Acme")
    assert not await stage.find_waiting_runs()
    async with stage.units.reading() as unit:
        ended = await unit.runs.get(run.id)
    assert ended is not None
    assert ended.stop is not None
    assert (ended.stop == DISCONNECTED) is not unmapped
