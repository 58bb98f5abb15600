"""Rule 7: an admin confirms the zone that was shown, and no other."""

import pytest

from core.domain.identifiers import OrganizationId
from core.domain.refusals import TimeZoneUnconfirmed
from core.domain.source import SourceEvent
from core.usecases.change_settings import SettingsChange
from core.usecases.map_events import NewMapping
from tests.unit.usecases.stage import HERE, THERE, Stage


async def test_rule_07_a_zone_that_is_another_by_now_is_asked_for_again(stage: Stage) -> None:
    connection = await stage.connection()
    stage.source.put(SourceEvent(HERE, "PyConf", "Europe/Lisbon"))
    with pytest.raises(TimeZoneUnconfirmed, match="Europe/Lisbon") as refused:
        await stage.map_events(confirmed(connection.organization_id, "Europe/Paris"))
    mapping = await stage.map_events(confirmed(connection.organization_id, refused.value.zone))
    assert mapping.confirmed_time_zone == "Europe/Lisbon"


async def test_rule_07_so_it_is_when_it_is_confirmed_later(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.source.put(SourceEvent(HERE, "PyConf", "Europe/Lisbon"))
    shown = SettingsChange(mapping.id, confirm_time_zone=True, confirmed_zone="Europe/Paris")
    with pytest.raises(TimeZoneUnconfirmed, match="Europe/Lisbon"):
        await stage.change_settings(shown)
    shown = SettingsChange(mapping.id, confirm_time_zone=True, confirmed_zone="Europe/Lisbon")
    assert (await stage.change_settings(shown)).confirmed_time_zone == "Europe/Lisbon"


def confirmed(organization_id: OrganizationId, zone: str) -> NewMapping:
    return NewMapping(organization_id, HERE, THERE, time_zone_confirmed=True, confirmed_zone=zone)
