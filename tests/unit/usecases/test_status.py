"""The status of continuous sync, per organization and in total."""

from datetime import timedelta

from core.domain.access.authorization import Actor
from core.domain.runs.health import HealthState
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.get_health import GetHealth
from core.usecases.organizations.list_health import ListOrganizationHealth
from core.usecases.runs.get_status import GetQueue, GetStatus, Queue, Status
from tests.support.assertions import present
from tests.support.continuous_sync import due, run_all
from tests.support.harness import LEASE, Harness


async def status(harness: Harness) -> Status:
    (only,) = await GetStatus(harness.units, harness.clock)()
    return only


def numbers(status: Status) -> tuple[int, int, int, int]:
    return status.continuous, status.due, status.queued, status.running


async def test_status_follows_a_mapping_from_due_to_synced(harness: Harness, mapping: EventMapping) -> None:
    assert numbers(await status(harness)) == (0, 0, 0, 0)
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert numbers(await status(harness)) == (1, 1, 0, 0)
    await run_all(harness)
    current = await status(harness)
    assert numbers(current) == (1, 0, 0, 0)
    assert current.next_due_at is not None


async def test_refused_token_is_shown_as_failing_and_halted(harness: Harness, mapping: EventMapping) -> None:
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    harness.gleanin.faults.refuses_tokens = True
    await due(harness)
    await run_all(harness)
    current = await status(harness)
    assert (current.failing, current.halted, current.next_due_at) == (1, 1, None)


async def test_halt_outlives_the_mapping_that_caused_it(harness: Harness, mapping: EventMapping) -> None:
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    harness.gleanin.faults.refuses_tokens = True
    await due(harness)
    await run_all(harness)
    await harness.remove_mapping(mapping.id)
    listed = ListOrganizationHealth(harness.units, harness.clock)
    ((_, fares),) = await listed(None)
    health = await GetHealth(harness.units, harness.clock)(mapping.organization_id)
    assert (await status(harness)).health == fares.overall == health.overall
    assert fares.overall.state is HealthState.HALTED
    assert await listed(Actor("nobody")) == []


async def test_disconnected_organization_has_an_empty_status(harness: Harness, mapping: EventMapping) -> None:
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await harness.disconnect(mapping.organization_id, "Acme")
    assert numbers(await status(harness)) == (0, 0, 0, 0)


async def test_runs_behind_a_running_one_and_abandoned_runs_count_as_queued(
    harness: Harness, mapping: EventMapping
) -> None:
    run = await harness.request_sync(mapping.id)
    async with harness.committing() as unit:
        await unit.runs.update(run.start("somebody", harness.clock.now(), LEASE))
    await harness.request_sync(mapping.id)
    assert numbers(await status(harness))[2:] == (1, 1)
    harness.clock.advance(LEASE)
    assert numbers(await status(harness))[2:] == (2, 0)


async def test_queue_shows_the_longest_wait(harness: Harness, mapping: EventMapping) -> None:
    get_queue = GetQueue(harness.units, harness.clock)
    nothing = Queue(0, 0, 0, 0, 0, timedelta(), timedelta())
    assert await get_queue() == nothing
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await harness.request_sync(mapping.id)
    harness.clock.advance(timedelta(seconds=7))
    assert await get_queue() == Queue(0, 1, 0, 0, 0, timedelta(), timedelta(seconds=7)), "it is queued"
    await run_all(harness)
    assert await get_queue() == nothing, "it was synced and is not due yet"
    (current,) = await GetStatus(harness.units, harness.clock)()
    harness.clock.advance(present(current.next_due_at) - harness.clock.now() + timedelta(seconds=5))
    assert await get_queue() == Queue(1, 0, 0, 0, 0, timedelta(seconds=5), timedelta())


async def test_mapping_that_was_never_synced_is_due_since_its_creation(harness: Harness) -> None:
    mapping = await harness.mapping()
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    harness.clock.advance(timedelta(hours=5))
    assert (await GetQueue(harness.units, harness.clock)()).due_for == timedelta(hours=5)
