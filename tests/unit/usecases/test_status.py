"""How continuous sync fares, organization by organization."""

from datetime import timedelta

from core.domain.access.authorization import Actor
from core.domain.runs.health import HealthState
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.show_health import GetHealth
from core.usecases.organizations.list_health import ListOrganizationHealth
from core.usecases.runs.show_status import GetQueue, GetStatus, Queue, Status
from tests.present import present
from tests.unit.usecases.stage import LEASE, Stage
from tests.unit.usecases.test_due import carry_out, due


async def status(stage: Stage) -> Status:
    (only,) = await GetStatus(stage.units, stage.clock)()
    return only


def numbers(status: Status) -> tuple[int, int, int, int]:
    return status.continuous, status.due, status.queued, status.running


async def test_the_status_follows_a_mapping_from_due_to_synced(stage: Stage, mapping: EventMapping) -> None:
    assert numbers(await status(stage)) == (0, 0, 0, 0)
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert numbers(await status(stage)) == (1, 1, 0, 0)
    await carry_out(stage)
    told = await status(stage)
    assert numbers(told) == (1, 0, 0, 0)
    assert told.next_due_at is not None


async def test_a_refused_token_shows_as_failing_and_halted(stage: Stage, mapping: EventMapping) -> None:
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    stage.gleanin.trouble.refuses_tokens = True
    await due(stage)
    await carry_out(stage)
    told = await status(stage)
    assert (told.failing, told.halted, told.next_due_at) == (1, 1, None)


async def test_a_halt_outlives_the_mapping_that_met_it(stage: Stage, mapping: EventMapping) -> None:
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    stage.gleanin.trouble.refuses_tokens = True
    await due(stage)
    await carry_out(stage)
    await stage.remove_mapping(mapping.id)
    listed = ListOrganizationHealth(stage.units, stage.clock)
    ((_, fares),) = await listed(None)
    told = await GetHealth(stage.units, stage.clock)(mapping.organization_id)
    assert (await status(stage)).health == fares.overall == told.overall
    assert fares.overall.state is HealthState.HALTED
    assert await listed(Actor("nobody")) == []


async def test_a_disconnected_organization_has_nothing_to_tell(stage: Stage, mapping: EventMapping) -> None:
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await stage.disconnect(mapping.organization_id, "Acme")
    assert numbers(await status(stage)) == (0, 0, 0, 0)


async def test_what_is_queued_behind_a_running_run_counts_and_an_abandoned_run_waits_too(
    stage: Stage, mapping: EventMapping
) -> None:
    run = await stage.request_sync(mapping.id)
    async with stage.committing() as unit:
        await unit.runs.update(run.start("somebody", stage.clock.now(), LEASE))
    await stage.request_sync(mapping.id)
    assert numbers(await status(stage))[2:] == (1, 1)
    stage.clock.advance(LEASE)
    assert numbers(await status(stage))[2:] == (2, 0)


async def test_the_queue_tells_how_long_the_longest_waits(stage: Stage, mapping: EventMapping) -> None:
    queue = GetQueue(stage.units, stage.clock)
    nothing = Queue(0, 0, 0, 0, 0, timedelta(), timedelta())
    assert await queue() == nothing
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await stage.request_sync(mapping.id)
    stage.clock.advance(timedelta(seconds=7))
    assert await queue() == Queue(0, 1, 0, 0, 0, timedelta(), timedelta(seconds=7)), "it is booked"
    await carry_out(stage)
    assert await queue() == nothing, "it has been synced, and is not due yet"
    (told,) = await GetStatus(stage.units, stage.clock)()
    stage.clock.advance(present(told.next_due_at) - stage.clock.now() + timedelta(seconds=5))
    assert await queue() == Queue(1, 0, 0, 0, 0, timedelta(seconds=5), timedelta())


async def test_a_mapping_that_was_never_synced_is_late_since_it_was_made(stage: Stage) -> None:
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    stage.clock.advance(timedelta(hours=5))
    assert (await GetQueue(stage.units, stage.clock)()).due_for == timedelta(hours=5)
