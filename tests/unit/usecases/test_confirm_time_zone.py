"""Rule 7: an admin confirms exactly the zone that was shown."""

from dataclasses import replace

import pytest

from core.domain.errors import NotMapped, TimeZoneUnconfirmed
from core.domain.ids import OrganizationId
from core.domain.records.source_records import SourceEvent
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.map_events import NewMapping
from ports.destination import DestinationRefused
from tests.support.harness import HERE, THERE, Harness


async def test_rule_07_changed_zone_must_be_confirmed_again(harness: Harness) -> None:
    connection = await harness.connection()
    harness.source.put(SourceEvent(HERE, "PyConf", "Europe/Lisbon"))
    with pytest.raises(TimeZoneUnconfirmed, match="Europe/Lisbon") as refused:
        await harness.map_events(confirmed(connection.organization_id, "Europe/Paris"))
    mapping = await harness.map_events(confirmed(connection.organization_id, refused.value.zone))
    assert mapping.confirmed_time_zone == "Europe/Lisbon"


async def test_rule_07_changed_zone_must_be_confirmed_again_in_settings(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.source.put(SourceEvent(HERE, "PyConf", "Europe/Lisbon"))
    shown = SettingsChange(mapping.id, confirm_time_zone=True, confirmed_zone="Europe/Paris")
    with pytest.raises(TimeZoneUnconfirmed, match="Europe/Lisbon"):
        await harness.change_settings(shown)
    shown = SettingsChange(mapping.id, confirm_time_zone=True, confirmed_zone="Europe/Lisbon")
    assert (await harness.change_settings(shown)).confirmed_time_zone == "Europe/Lisbon"


async def test_rule_07_missing_zone_is_read_and_stored(harness: Harness) -> None:
    mapping = await mapping_without_zone(harness, "Europe/Brussels")
    updated = await harness.confirm_time_zone(mapping.id)
    assert updated.destination_time_zone == "Europe/Brussels"
    harness.gleanin.faults.refuses_tokens = True
    assert await harness.confirm_time_zone(mapping.id) == updated, "it is read once"


async def test_rule_07_zone_that_gleanin_does_not_report_stays_unset(harness: Harness) -> None:
    mapping = await harness.mapping()
    assert await harness.confirm_time_zone(mapping.id) == mapping


@pytest.mark.parametrize("zone", ["Europe/Brussels", "America/New_York"])
async def test_rule_07_zone_reported_by_gleanin_needs_no_confirmation(harness: Harness, zone: str) -> None:
    mapping = await mapping_without_zone(harness, zone)
    changed = await harness.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))
    assert (changed.confirmed_time_zone, changed.destination_time_zone) == (None, zone)


async def test_rule_07_zone_is_not_confirmed_while_gleanin_is_unavailable(harness: Harness) -> None:
    mapping = await mapping_without_zone(harness, None)
    harness.gleanin.faults.refuses_tokens = True
    with pytest.raises(DestinationRefused):
        await harness.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))
    await harness.change_settings(SettingsChange(mapping.id, moderators=False))
    harness.gleanin.faults.refuses_tokens = False
    changed = await harness.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))
    assert changed.confirmed_time_zone == "Europe/Paris"


async def test_rule_07_removed_mapping_stores_no_zone(harness: Harness, mapping: EventMapping) -> None:
    await harness.remove_mapping(mapping.id)
    with pytest.raises(NotMapped):
        await harness.confirm_time_zone(mapping.id)


async def mapping_without_zone(harness: Harness, zone: str | None) -> EventMapping:
    """Store a mapping without Gleanin's zone, as an older version of this program did."""
    mapping = await harness.mapping()
    async with harness.committing() as unit:
        older = replace(mapping, confirmed_time_zone=None, destination_time_zone=None)
        await unit.mappings.update(older)
    harness.gleanin.add_event(THERE, "PyConf", zone)
    return older


def confirmed(organization_id: OrganizationId, zone: str) -> NewMapping:
    return NewMapping(organization_id, HERE, THERE, time_zone_confirmed=True, confirmed_zone=zone)
