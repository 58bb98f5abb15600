"""Rule 7: an admin confirms the zone that was shown, and no other."""

from dataclasses import replace

import pytest

from core.domain.errors import NotMapped, TimeZoneUnconfirmed
from core.domain.ids import OrganizationId
from core.domain.records.source_records import SourceEvent
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.map_events import NewMapping
from ports.destination import DestinationRefused
from tests.unit.usecases.stage import HERE, THERE, Stage


async def test_rule_07_a_zone_that_is_another_by_now_is_asked_for_again(stage: Stage) -> None:
    connection = await stage.connection()
    stage.source.put(SourceEvent(HERE, "PyConf", "Europe/Lisbon"))
    with pytest.raises(TimeZoneUnconfirmed, match="Europe/Lisbon") as refused:
        await stage.map_events(confirmed(connection.organization_id, "Europe/Paris"))
    mapping = await stage.map_events(confirmed(connection.organization_id, refused.value.zone))
    assert mapping.confirmed_time_zone == "Europe/Lisbon"


async def test_rule_07_so_it_is_when_it_is_confirmed_later(stage: Stage, mapping: EventMapping) -> None:
    stage.source.put(SourceEvent(HERE, "PyConf", "Europe/Lisbon"))
    shown = SettingsChange(mapping.id, confirm_time_zone=True, confirmed_zone="Europe/Paris")
    with pytest.raises(TimeZoneUnconfirmed, match="Europe/Lisbon"):
        await stage.change_settings(shown)
    shown = SettingsChange(mapping.id, confirm_time_zone=True, confirmed_zone="Europe/Lisbon")
    assert (await stage.change_settings(shown)).confirmed_time_zone == "Europe/Lisbon"


async def test_rule_07_a_zone_that_is_not_noted_is_asked_for_and_noted(stage: Stage) -> None:
    mapping = await unnoted(stage, "Europe/Brussels")
    noted = await stage.note_time_zone(mapping.id)
    assert noted.gleanin_time_zone == "Europe/Brussels"
    stage.gleanin.trouble.refuses_tokens = True
    assert await stage.note_time_zone(mapping.id) == noted, "it is asked for once"


async def test_rule_07_a_zone_that_gleanin_does_not_tell_stays_open(stage: Stage) -> None:
    mapping = await stage.mapping()
    assert await stage.note_time_zone(mapping.id) == mapping


@pytest.mark.parametrize("zone", ["Europe/Brussels", "America/New_York"])
async def test_rule_07_nothing_is_confirmed_where_gleanin_tells_the_zone(stage: Stage, zone: str) -> None:
    mapping = await unnoted(stage, zone)
    changed = await stage.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))
    assert (changed.confirmed_time_zone, changed.gleanin_time_zone) == (None, zone)


async def test_rule_07_nothing_is_confirmed_while_gleanin_cannot_be_asked(stage: Stage) -> None:
    mapping = await unnoted(stage, None)
    stage.gleanin.trouble.refuses_tokens = True
    with pytest.raises(DestinationRefused):
        await stage.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))
    await stage.change_settings(SettingsChange(mapping.id, moderators=False))
    stage.gleanin.trouble.refuses_tokens = False
    changed = await stage.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))
    assert changed.confirmed_time_zone == "Europe/Paris"


async def test_rule_07_a_removed_mapping_has_no_zone_to_note(stage: Stage, mapping: EventMapping) -> None:
    await stage.remove_mapping(mapping.id)
    with pytest.raises(NotMapped):
        await stage.note_time_zone(mapping.id)


async def unnoted(stage: Stage, zone: str | None) -> EventMapping:
    """Store a mapping as a database has it that is older than the zone of Gleanin's event."""
    mapping = await stage.mapping()
    async with stage.committing() as unit:
        older = replace(mapping, confirmed_time_zone=None, gleanin_time_zone=None)
        await unit.mappings.update(older)
    stage.gleanin.add_event(THERE, "PyConf", zone)
    return older


def confirmed(organization_id: OrganizationId, zone: str) -> NewMapping:
    return NewMapping(organization_id, HERE, THERE, time_zone_confirmed=True, confirmed_zone=zone)
