"""How continuous sync fares, organization by organization."""

from core.usecases.change_settings import SettingsChange
from core.usecases.show_status import ShowStatus, Status
from tests.unit.usecases.stage import Stage
from tests.unit.usecases.test_due import booked, carry_out


async def status(stage: Stage) -> Status:
    (only,) = await ShowStatus(stage.units, stage.clock)()
    return only


def numbers(status: Status) -> tuple[int, int, int, int]:
    return status.continuous, status.due, status.queued, status.running


async def test_the_status_follows_a_mapping_from_due_to_synced(stage: Stage) -> None:
    mapping = await stage.mapping()
    assert numbers(await status(stage)) == (0, 0, 0, 0)
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    assert numbers(await status(stage)) == (1, 1, 0, 0)
    await booked(stage)
    assert numbers(await status(stage))[2] == 1
    await carry_out(stage)
    told = await status(stage)
    assert numbers(told) == (1, 0, 0, 0)
    assert told.next_due_at is not None


async def test_a_refused_token_shows_as_failing_and_halted(stage: Stage) -> None:
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    stage.gleanin.trouble.refuses_tokens = True
    await booked(stage)
    await carry_out(stage)
    told = await status(stage)
    assert (told.failing, told.halted, told.next_due_at) == (1, 1, None)


async def test_a_disconnected_organization_has_nothing_to_tell(stage: Stage) -> None:
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await stage.disconnect(mapping.organization_id, "Acme")
    assert numbers(await status(stage)) == (0, 0, 0, 0)
