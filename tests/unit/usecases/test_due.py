"""Rules 23 and 24: what is found to be carried out without anybody asking."""

from datetime import timedelta

import pytest

from core.domain.access.authorization import COMMAND_LINE, CONTINUOUS_SYNC
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import Scope
from core.domain.records.outcomes import Counts
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.schedule import AFTER_AN_INTERRUPTION
from core.domain.runs.stop_reasons import (
    CRASHED_TWICE,
    DATABASE_UNAVAILABLE,
    DISCONNECTED,
    INTERRUPTED,
    LEASE_EXPIRED,
    TOKEN_REPLACED,
    StopReason,
    refused,
)
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.runs.request_sync import SyncRequest
from tests.present import present
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import ELSEWHERE, FAR, LEASE, TOKEN, Stage, nothing

HALF_AN_HOUR = timedelta(minutes=33)


async def continuous(stage: Stage) -> MappingId:
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    return mapping.id


async def book(stage: Stage, mapping_id: MappingId) -> SyncRun:
    return await stage.request(SyncRequest(mapping_id, trigger=Trigger.CONTINUOUS, actor=CONTINUOUS_SYNC))


async def waiting(stage: Stage) -> list[RunId]:
    return [each.run_id for each in await stage.choose_runs(100) if each.run_id]


async def due(stage: Stage) -> list[MappingId]:
    """Return the mappings whose time has come, and that would be seen to now."""
    return [each.mapping_id for each in await stage.choose_runs(100) if each.run_id is None]


async def carry_out(stage: Stage) -> None:
    for each in await stage.choose_runs(100):
        if each.run_id is not None:
            await stage.run_sync(each.run_id)
        elif run := await stage.run_sync.check(each.mapping_id):
            assert (run.trigger, run.requested_by, run.scope) == (
                Trigger.CONTINUOUS,
                CONTINUOUS_SYNC,
                Scope.ALL,
            )


async def test_rule_24_only_mappings_with_continuous_sync_are_due(stage: Stage) -> None:
    mapping = await stage.mapping()
    assert not await due(stage)
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert await due(stage) == [mapping.id]
    await carry_out(stage)
    stage.clock.advance(HALF_AN_HOUR)
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=False))
    assert not await due(stage)


async def test_rule_24_a_connection_can_begin_its_mappings_with_continuous_sync(stage: Stage) -> None:
    organization = await stage.organization()
    await stage.connect(organization.id, TOKEN, continuous_sync=True)
    first, second = await stage.map(organization.id), await stage.map(organization.id, ELSEWHERE, FAR)
    assert first.continuous_sync
    await stage.change_settings(SettingsChange(first.id))
    await stage.change_settings(SettingsChange(second.id))
    assert await due(stage) == [first.id, second.id]


async def test_rule_24_nothing_is_sent_by_itself_while_an_admin_is_still_choosing(stage: Stage) -> None:
    organization = await stage.organization()
    await stage.connect(organization.id, TOKEN, continuous_sync=True)
    mapping = await stage.map(organization.id)
    assert mapping.waits_for_settings
    stage.clock.advance(2 * HALF_AN_HOUR)
    assert not await due(stage)
    await stage.change_settings(SettingsChange(mapping.id, moderators=False))
    assert await due(stage) == [mapping.id]


async def test_rule_24_switching_continuous_sync_on_says_that_the_settings_are_right(stage: Stage) -> None:
    mapping = await stage.mapping()
    changed = await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert not changed.waits_for_settings
    assert await due(stage) == [mapping.id]


async def test_rule_24_a_sync_by_hand_needs_no_saved_settings_and_does_not_stand_for_them(
    stage: Stage,
) -> None:
    organization = await stage.organization()
    await stage.connect(organization.id, TOKEN, continuous_sync=True)
    mapping = await stage.map(organization.id)
    assert not (await stage.sync(mapping)).is_open
    stage.clock.advance(2 * HALF_AN_HOUR)
    assert not await due(stage)


async def test_rule_24_what_was_saved_once_stays_saved_when_the_events_are_mapped_again(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    stage.offer(session("s1"))
    await due(stage)
    await carry_out(stage)
    mapping = await stage.remove_mapping(mapping_id)
    assert (await stage.map(mapping.organization_id)).id == mapping_id
    stage.clock.advance(HALF_AN_HOUR)
    assert await due(stage) == [mapping_id]


async def test_rule_24_what_was_booked_or_has_just_been_synced_is_not_due(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    assert await due(stage) == [mapping_id]
    stage.clock.advance(2 * HALF_AN_HOUR)
    booked = await book(stage, mapping_id)
    assert not await due(stage)
    await stage.run_sync(booked.id)
    assert not await due(stage)
    stage.clock.advance(HALF_AN_HOUR)
    assert await due(stage) == [mapping_id]


async def test_rule_24_the_first_run_of_all_is_counted_from_too(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    stage.offer(session("s1", on(person("ada"))))

    async def time_goes_on() -> None:
        stage.clock.advance(timedelta(seconds=1))

    stage.gate.pass_by = time_goes_on
    await due(stage)
    await carry_out(stage)
    assert not await due(stage)
    stage.clock.advance(HALF_AN_HOUR)
    assert await due(stage) == [mapping_id]


async def test_rule_24_a_sync_by_hand_puts_off_the_next_continuous_one(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    await due(stage)
    await carry_out(stage)
    stage.clock.advance(HALF_AN_HOUR)
    await stage.run_sync((await stage.request_sync(mapping_id)).id)
    assert not await due(stage)


async def test_rule_24_a_removed_mapping_is_not_due(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    await stage.remove_mapping(mapping_id)
    assert not await due(stage)


async def test_rule_24_after_a_disconnect_nothing_is_due(stage: Stage, mapping: EventMapping) -> None:
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await stage.disconnect(mapping.organization_id, "Acme")
    stage.clock.advance(2 * HALF_AN_HOUR)
    assert not await due(stage)


async def test_an_organization_is_booked_no_more_than_its_share_at_once(stage: Stage) -> None:
    organization = await stage.organization()
    await stage.connect(organization.id, TOKEN, continuous_sync=True)
    first, second = await stage.map(organization.id), await stage.map(organization.id, ELSEWHERE, FAR)
    await stage.request_sync(first.id)
    await stage.request_sync(second.id)
    assert not await due(stage), "two of it wait already"


async def test_a_refused_token_stops_continuous_sync_once_and_another_one_lets_it_go_on(stage: Stage) -> None:
    mapping_id = await continuous(stage)
    await due(stage)
    stage.gleanin.trouble.refuses_tokens = True
    await carry_out(stage)
    assert (await stage.schedule_of(mapping_id)).is_halted
    stage.clock.advance(timedelta(days=2))
    assert not await due(stage)
    stage.gleanin.trouble.refuses_tokens = False
    async with stage.units.read() as unit:
        mapping = present(await unit.mappings.get(mapping_id))
    await stage.replace_gleanin_token(mapping.organization_id, TOKEN)
    assert await due(stage) == [mapping_id]
    await carry_out(stage)
    assert not (await stage.schedule_of(mapping_id)).is_failing


async def test_a_token_that_was_replaced_meanwhile_halts_nothing_when_the_former_one_is_refused(
    stage: Stage,
) -> None:
    mapping_id = await continuous(stage)
    stage.offer(session("s1", on(person("ada"))))
    another = Token("another-gleanin-token-0123456789")

    async def replaced() -> None:
        stage.gleanin.tokens = {another.value}
        async with stage.units.read() as unit:
            mapping = present(await unit.mappings.get(mapping_id))
        await stage.replace_gleanin_token(mapping.organization_id, another)

    stage.gate.pass_by = replaced
    run = await stage.run_sync((await book(stage, mapping_id)).id)
    assert run.stop == TOKEN_REPLACED
    schedule = await stage.schedule_of(mapping_id)
    assert not schedule.is_failing
    assert schedule.due_at == stage.clock.now() + AFTER_AN_INTERRUPTION
    stage.gate.pass_by = nothing
    assert (await stage.run_sync((await book(stage, mapping_id)).id)).state is RunState.COMPLETED


async def test_rule_23_what_a_dead_process_left_goes_on_as_another_run(stage: Stage) -> None:
    mapping = await stage.mapping()
    run = (await stage.request_sync(mapping.id, Scope.AGENDA)).start("owner:1", stage.clock.now(), LEASE)
    async with stage.committing() as unit:
        await unit.runs.update(run)
    assert await stage.take_over(run.id) is None, "its lease is good"
    stage.clock.advance(LEASE)
    again = present(await stage.take_over(run.id))
    assert await waiting(stage) == [again]
    assert await stage.take_over(run.id) is None
    ended = await stage.run_sync(again)
    assert (ended.state, ended.scope, ended.trigger) == (RunState.COMPLETED, Scope.AGENDA, Trigger.MANUAL)
    former = await stage.get_run(run.id)
    assert former.stop == LEASE_EXPIRED


async def test_a_run_that_dies_again_is_not_tried_for_ever(stage: Stage, mapping: EventMapping) -> None:
    run, again = await stage.request_sync(mapping.id), None
    for _ in range(2):
        async with stage.committing() as unit:
            await unit.runs.update(run.start("owner:1", stage.clock.now(), LEASE))
        stage.clock.advance(LEASE)
        again = await stage.take_over(run.id)
        async with stage.units.read() as unit:
            known = present(await unit.runs.get(again or run.id))
        run = known
    assert again is None
    assert run.stop == CRASHED_TWICE
    schedule = await stage.schedule_of(mapping.id)
    assert schedule.failures == 1, "what ends its process comes again after growing waits only"
    assert schedule.due_at > stage.clock.now() + timedelta(minutes=26)
    assert not await waiting(stage)


async def test_rule_23_runs_that_nobody_carries_out_are_found(stage: Stage, mapping: EventMapping) -> None:
    run = await stage.request_sync(mapping.id)
    assert await waiting(stage) == [run.id]
    await stage.run_sync(run.id)
    assert not await waiting(stage)


async def test_rule_23_a_run_that_somebody_carries_out_is_found_when_its_lease_has_run_out(
    stage: Stage, mapping: EventMapping
) -> None:
    run = (await stage.request_sync(mapping.id)).start("owner:1", stage.clock.now(), LEASE)
    async with stage.committing() as unit:
        await unit.runs.update(run)
    await stage.request_sync(mapping.id)
    assert not await waiting(stage), "the mapping is being synced"
    stage.clock.advance(LEASE)
    assert await waiting(stage) == [run.id], "and what waits behind it comes once it is ended"


async def test_rule_23_a_run_by_hand_that_joins_a_waiting_continuous_one_makes_it_somebodys(
    stage: Stage,
) -> None:
    mapping_id = await continuous(stage)
    first = await book(stage, mapping_id)
    assert (first.trigger, first.requested_by) == (Trigger.CONTINUOUS, CONTINUOUS_SYNC)
    joined = await stage.request(SyncRequest(mapping_id, Scope.AGENDA, actor="ada@example.org"))
    assert (joined.id, joined.trigger, joined.requested_by) == (first.id, Trigger.MANUAL, "ada@example.org")
    again = await book(stage, mapping_id)
    assert (again.trigger, again.requested_by) == (Trigger.MANUAL, "ada@example.org")


async def interrupted(
    stage: Stage, mapping_id: MappingId, scope: Scope = Scope.ALL, actor: StopReason = INTERRUPTED
) -> SyncRun:
    run = (await stage.request_sync(mapping_id, scope)).start("owner:1", stage.clock.now(), LEASE)
    stopped = run.stopped(actor, stage.clock.now(), Counts())
    async with stage.committing() as unit:
        await unit.runs.update(stopped)
    return stopped


async def waiting_run(stage: Stage) -> SyncRun:
    (run_id,) = await waiting(stage)
    return await stage.get_run(run_id)


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


async def test_what_ended_otherwise_is_not_booked_again(stage: Stage, mapping: EventMapping) -> None:
    done = await stage.sync(mapping)
    await stage.request_again(done.id)
    await stage.request_again(RunId("nothing"))
    for stop in (refused("It may not."), LEASE_EXPIRED, DISCONNECTED):
        await stage.request_again((await interrupted(stage, mapping.id, actor=stop)).id)
    stopped = await interrupted(stage, mapping.id)
    await stage.remove_mapping(mapping.id)
    await stage.request_again(stopped.id)
    assert not await waiting(stage)


async def test_a_run_that_lost_its_database_is_booked_again_but_not_for_ever(
    stage: Stage, mapping: EventMapping
) -> None:
    await stage.request_again((await interrupted(stage, mapping.id, actor=DATABASE_UNAVAILABLE)).id)
    again = await waiting_run(stage)
    lost = again.start("owner:1", stage.clock.now(), LEASE).stopped(
        DATABASE_UNAVAILABLE, stage.clock.now(), Counts()
    )
    async with stage.committing() as unit:
        await unit.runs.update(lost)
    await stage.request_again(lost.id)
    assert not await waiting(stage)


@pytest.mark.parametrize("unmapped", [True, False])
async def test_a_waiting_run_ends_with_its_mapping(stage: Stage, unmapped: bool) -> None:
    mapping = await stage.mapping()
    run = await stage.request_sync(mapping.id)
    if unmapped:
        await stage.remove_mapping(mapping.id)
    else:
        await stage.disconnect(mapping.organization_id, "Acme")
    assert not await waiting(stage)
    ended = await stage.get_run(run.id)
    assert (present(ended.stop) == DISCONNECTED) is not unmapped
