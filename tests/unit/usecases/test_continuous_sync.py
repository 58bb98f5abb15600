"""Rules 23 and 24: work that starts without a request."""

from datetime import timedelta

import pytest

from core.domain.access.authorization import COMMAND_LINE, CONTINUOUS_SYNC, Actor
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import AGENDA, ALL, EXHIBITORS, Scope
from core.domain.records.outcomes import Counts
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.schedule import RETRY_AFTER_INTERRUPTION
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
from ports.source import SourceEventRefused
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.continuous_sync import due, run_all
from tests.support.harness import ELSEWHERE, FAR, LEASE, TOKEN, Harness, nothing
from tests.support.systems import SYSTEMS

HALF_AN_HOUR = timedelta(minutes=33)


async def continuous(harness: Harness) -> MappingId:
    mapping = await harness.mapping()
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    return mapping.id


async def book(harness: Harness, mapping_id: MappingId) -> SyncRun:
    return await harness.request(SyncRequest(mapping_id, trigger=Trigger.CONTINUOUS, actor=CONTINUOUS_SYNC))


async def waiting(harness: Harness) -> list[RunId]:
    return [run.run_id for run in await harness.select_next_runs(100) if run.run_id]


async def test_rule_24_only_mappings_with_continuous_sync_are_due(harness: Harness) -> None:
    mapping = await harness.mapping()
    assert not await due(harness)
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert await due(harness) == [mapping.id]
    await run_all(harness)
    harness.clock.advance(HALF_AN_HOUR)
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=False))
    assert not await due(harness)


async def test_rule_24_connection_can_enable_continuous_sync_for_new_mappings(harness: Harness) -> None:
    organization = await harness.organization()
    await harness.connect(organization.id, TOKEN, continuous_sync=True)
    first, second = await harness.map(organization.id), await harness.map(organization.id, ELSEWHERE, FAR)
    assert first.continuous_sync
    await harness.change_settings(SettingsChange(first.id))
    await harness.change_settings(SettingsChange(second.id))
    assert await due(harness) == [first.id, second.id]


async def test_rule_24_continuous_sync_waits_for_saved_settings(harness: Harness) -> None:
    organization = await harness.organization()
    await harness.connect(organization.id, TOKEN, continuous_sync=True)
    mapping = await harness.map(organization.id)
    assert mapping.waits_for_settings
    harness.clock.advance(2 * HALF_AN_HOUR)
    assert not await due(harness)
    await harness.change_settings(SettingsChange(mapping.id, moderators=False))
    assert await due(harness) == [mapping.id]


async def test_rule_24_enabling_continuous_sync_counts_as_saving_settings(
    harness: Harness,
) -> None:
    mapping = await harness.mapping()
    changed = await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert not changed.waits_for_settings
    assert await due(harness) == [mapping.id]


async def test_rule_24_manual_sync_neither_needs_nor_implies_saved_settings(
    harness: Harness,
) -> None:
    organization = await harness.organization()
    await harness.connect(organization.id, TOKEN, continuous_sync=True)
    mapping = await harness.map(organization.id)
    assert not (await harness.sync(mapping)).is_open
    harness.clock.advance(2 * HALF_AN_HOUR)
    assert not await due(harness)


async def test_rule_24_settings_stay_saved_when_events_are_mapped_again(
    harness: Harness,
) -> None:
    mapping_id = await continuous(harness)
    harness.offer(session("s1"))
    await due(harness)
    await run_all(harness)
    mapping = await harness.remove_mapping(mapping_id)
    assert (await harness.map(mapping.organization_id)).id == mapping_id
    harness.clock.advance(HALF_AN_HOUR)
    assert await due(harness) == [mapping_id]


async def test_rule_24_queued_or_just_synced_mapping_is_not_due(harness: Harness) -> None:
    mapping_id = await continuous(harness)
    assert await due(harness) == [mapping_id]
    harness.clock.advance(2 * HALF_AN_HOUR)
    queued = await book(harness, mapping_id)
    assert not await due(harness)
    await harness.run_sync(queued.id)
    assert not await due(harness)
    harness.clock.advance(HALF_AN_HOUR)
    assert await due(harness) == [mapping_id]


async def test_rule_24_interval_starts_with_the_first_run(harness: Harness) -> None:
    mapping_id = await continuous(harness)
    harness.offer(session("s1", on(person("ada"))))

    async def time_goes_on() -> None:
        harness.clock.advance(timedelta(seconds=1))

    harness.gate.before_write = time_goes_on
    await due(harness)
    await run_all(harness)
    assert not await due(harness)
    harness.clock.advance(HALF_AN_HOUR)
    assert await due(harness) == [mapping_id]


async def test_rule_24_manual_sync_postpones_the_next_continuous_one(harness: Harness) -> None:
    mapping_id = await continuous(harness)
    await due(harness)
    await run_all(harness)
    harness.clock.advance(HALF_AN_HOUR)
    await harness.run_sync((await harness.request_sync(mapping_id)).id)
    assert not await due(harness)


async def test_rule_24_removed_mapping_is_not_due(harness: Harness) -> None:
    mapping_id = await continuous(harness)
    await harness.remove_mapping(mapping_id)
    assert not await due(harness)


async def test_rule_24_after_a_disconnect_nothing_is_due(harness: Harness, mapping: EventMapping) -> None:
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await harness.disconnect(mapping.organization_id, "Acme")
    harness.clock.advance(2 * HALF_AN_HOUR)
    assert not await due(harness)


async def test_organization_is_limited_to_its_share(harness: Harness) -> None:
    organization = await harness.organization()
    await harness.connect(organization.id, TOKEN, continuous_sync=True)
    first, second = await harness.map(organization.id), await harness.map(organization.id, ELSEWHERE, FAR)
    await harness.request_sync(first.id)
    await harness.request_sync(second.id)
    assert not await due(harness), "two of its runs are already queued"


async def test_refused_token_halts_continuous_sync_until_it_is_replaced(
    harness: Harness,
) -> None:
    mapping_id = await continuous(harness)
    await due(harness)
    harness.gleanin.faults.refuses_tokens = True
    await run_all(harness)
    assert (await harness.schedule_of(mapping_id)).is_halted
    harness.clock.advance(timedelta(days=2))
    assert not await due(harness)
    harness.gleanin.faults.refuses_tokens = False
    async with harness.units.read() as unit:
        mapping = present(await unit.mappings.get(mapping_id))
    await harness.replace_destination_token(mapping.organization_id, TOKEN)
    assert await due(harness) == [mapping_id]
    await run_all(harness)
    assert not (await harness.schedule_of(mapping_id)).is_failing


async def test_rule_29_a_token_that_may_not_read_one_event_halts_no_mapping(harness: Harness) -> None:
    organization = await harness.organization()
    await harness.connect(organization.id, TOKEN, continuous_sync=True)
    first, second = await harness.map(organization.id), await harness.map(organization.id, ELSEWHERE, FAR)
    await harness.sync(second)
    harness.source.error = SourceEventRefused("The token must include the event (403).")
    run = await harness.sync(first)
    assert present(run.stop).code == "event_refused"
    assert "The token must include the event" in run.message
    for mapping, is_failing in ((first, True), (second, False)):
        schedule = await harness.schedule_of(mapping.id)
        assert (schedule.is_halted, schedule.is_failing) == (False, is_failing)
    harness.source.error = None
    assert (await harness.sync(first)).state is RunState.COMPLETED
    assert not (await harness.schedule_of(first.id)).is_failing, "access that was given later is enough"


async def test_refusal_of_a_replaced_token_does_not_halt_continuous_sync(
    harness: Harness,
) -> None:
    mapping_id = await continuous(harness)
    harness.offer(session("s1", on(person("ada"))))
    another = Token("another-gleanin-token-0123456789")

    async def replaced() -> None:
        harness.gleanin.tokens = {another.value}
        async with harness.units.read() as unit:
            mapping = present(await unit.mappings.get(mapping_id))
        await harness.replace_destination_token(mapping.organization_id, another)

    harness.gate.before_write = replaced
    run = await harness.run_sync((await book(harness, mapping_id)).id)
    assert run.stop == TOKEN_REPLACED
    schedule = await harness.schedule_of(mapping_id)
    assert not schedule.is_failing
    assert schedule.due_at == harness.clock.now() + RETRY_AFTER_INTERRUPTION
    harness.gate.before_write = nothing
    assert (await harness.run_sync((await book(harness, mapping_id)).id)).state is RunState.COMPLETED


async def test_rule_23_abandoned_run_is_recovered_as_a_new_run(harness: Harness) -> None:
    mapping = await harness.mapping()
    run = (await harness.request_sync(mapping.id, AGENDA)).start("owner:1", harness.clock.now(), LEASE)
    async with harness.committing() as unit:
        await unit.runs.update(run)
    assert await harness.recover_run(run.id) is None, "its lease is valid"
    harness.clock.advance(LEASE)
    again = present(await harness.recover_run(run.id))
    assert await waiting(harness) == [again]
    assert await harness.recover_run(run.id) is None
    ended = await harness.run_sync(again)
    assert (ended.state, ended.scope, ended.trigger) == (RunState.COMPLETED, AGENDA, Trigger.MANUAL)
    previous = await harness.get_run(run.id)
    assert previous.stop == LEASE_EXPIRED


async def test_run_that_crashes_twice_is_not_requeued(harness: Harness, mapping: EventMapping) -> None:
    run, again = await harness.request_sync(mapping.id), None
    for _ in range(2):
        async with harness.committing() as unit:
            await unit.runs.update(run.start("owner:1", harness.clock.now(), LEASE))
        harness.clock.advance(LEASE)
        again = await harness.recover_run(run.id)
        async with harness.units.read() as unit:
            known = present(await unit.runs.get(again or run.id))
        run = known
    assert again is None
    assert run.stop == CRASHED_TWICE
    schedule = await harness.schedule_of(mapping.id)
    assert schedule.failures == 1, "a run that crashes its process is retried with growing delays"
    assert schedule.due_at > harness.clock.now() + timedelta(minutes=26)
    assert not await waiting(harness)


async def test_rule_23_queued_runs_are_found(harness: Harness, mapping: EventMapping) -> None:
    run = await harness.request_sync(mapping.id)
    assert await waiting(harness) == [run.id]
    await harness.run_sync(run.id)
    assert not await waiting(harness)


async def test_rule_23_running_run_is_found_when_its_lease_expires(
    harness: Harness, mapping: EventMapping
) -> None:
    run = (await harness.request_sync(mapping.id)).start("owner:1", harness.clock.now(), LEASE)
    async with harness.committing() as unit:
        await unit.runs.update(run)
    await harness.request_sync(mapping.id)
    assert not await waiting(harness), "the mapping is being synced"
    harness.clock.advance(LEASE)
    assert await waiting(harness) == [run.id], "and the run queued behind it follows"


async def test_rule_23_manual_request_makes_a_queued_continuous_run_manual(
    harness: Harness,
) -> None:
    mapping_id = await continuous(harness)
    first = await book(harness, mapping_id)
    assert (first.trigger, first.requested_by) == (Trigger.CONTINUOUS, CONTINUOUS_SYNC.name)
    joined = await harness.request(SyncRequest(mapping_id, AGENDA, actor=Actor("ada@example.org")))
    assert (joined.id, joined.trigger, joined.requested_by) == (first.id, Trigger.MANUAL, "ada@example.org")
    again = await book(harness, mapping_id)
    assert (again.trigger, again.requested_by) == (Trigger.MANUAL, "ada@example.org")


async def interrupted(
    harness: Harness, mapping_id: MappingId, scope: Scope = ALL, stop: StopReason = INTERRUPTED
) -> SyncRun:
    run = (await harness.request_sync(mapping_id, scope)).start("owner:1", harness.clock.now(), LEASE)
    stopped = run.stopped(stop, harness.clock.now(), Counts(), SYSTEMS)
    async with harness.committing() as unit:
        await unit.runs.update(stopped)
    return stopped


async def waiting_run(harness: Harness) -> SyncRun:
    (run_id,) = await waiting(harness)
    return await harness.get_run(run_id)


async def test_rule_23_interrupted_run_is_requeued_with_its_request(
    harness: Harness,
) -> None:
    mapping = await harness.mapping()
    stopped = await interrupted(harness, mapping.id, EXHIBITORS)
    await harness.requeue_run(stopped.id)
    again = await waiting_run(harness)
    assert (again.scope, again.trigger, again.requested_by) == (
        EXHIBITORS,
        Trigger.MANUAL,
        COMMAND_LINE.name,
    )
    assert again.state is RunState.QUEUED
    assert again.id != stopped.id


async def test_rule_23_interrupted_run_is_merged_with_a_newer_request(
    harness: Harness,
) -> None:
    mapping = await harness.mapping()
    stopped = await interrupted(harness, mapping.id, EXHIBITORS)
    queued = await harness.request_sync(mapping.id, AGENDA)
    await harness.requeue_run(stopped.id)
    again = await waiting_run(harness)
    assert (again.id, again.scope) == (queued.id, ALL)


async def test_run_that_ended_otherwise_is_not_requeued(harness: Harness, mapping: EventMapping) -> None:
    done = await harness.sync(mapping)
    await harness.requeue_run(done.id)
    await harness.requeue_run(RunId("nothing"))
    for stop in (refused("It may not."), LEASE_EXPIRED, DISCONNECTED):
        await harness.requeue_run((await interrupted(harness, mapping.id, stop=stop)).id)
    stopped = await interrupted(harness, mapping.id)
    await harness.remove_mapping(mapping.id)
    await harness.requeue_run(stopped.id)
    assert not await waiting(harness)


async def test_run_that_lost_its_database_is_requeued_once(harness: Harness, mapping: EventMapping) -> None:
    await harness.requeue_run((await interrupted(harness, mapping.id, stop=DATABASE_UNAVAILABLE)).id)
    again = await waiting_run(harness)
    lost = again.start("owner:1", harness.clock.now(), LEASE).stopped(
        DATABASE_UNAVAILABLE, harness.clock.now(), Counts(), SYSTEMS
    )
    async with harness.committing() as unit:
        await unit.runs.update(lost)
    await harness.requeue_run(lost.id)
    assert not await waiting(harness)


@pytest.mark.parametrize("unmapped", [True, False])
async def test_queued_run_ends_with_its_mapping(harness: Harness, unmapped: bool) -> None:
    mapping = await harness.mapping()
    run = await harness.request_sync(mapping.id)
    if unmapped:
        await harness.remove_mapping(mapping.id)
    else:
        await harness.disconnect(mapping.organization_id, "Acme")
    assert not await waiting(harness)
    ended = await harness.get_run(run.id)
    assert (present(ended.stop) == DISCONNECTED) is not unmapped
