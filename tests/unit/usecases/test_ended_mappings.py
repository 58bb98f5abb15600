"""What can be looked up of mappings that have ended."""

import pytest

from core.domain.errors import NotFound
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.results.get_record_history import GetRecordHistory
from core.usecases.results.queries import ListMappingsWithPeople
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import ELSEWHERE, FAR, TOKEN, Stage


@pytest.fixture
async def mapping(stage: Stage) -> EventMapping:
    mapping = await stage.mapping()
    stage.offer(session("opening", on(person("ada"))))
    await stage.sync(mapping)
    return mapping


async def test_mappings_that_have_ended_are_listed_behind_the_others(
    stage: Stage, mapping: EventMapping
) -> None:
    list_mappings = stage.list_mappings
    await stage.remove_mapping(mapping.id)
    other = await stage.map(mapping.organization_id, ELSEWHERE, FAR)
    listed = await list_mappings(mapping.organization_id, ended=True)
    assert [each.id for each in listed] == [other.id, mapping.id]
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [other.id]


async def test_people_of_a_mapping_that_has_ended_are_found_still(
    stage: Stage, mapping: EventMapping
) -> None:
    list_mappings = ListMappingsWithPeople(stage.units)
    nobody = await stage.map(mapping.organization_id, ELSEWHERE, FAR)
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [mapping.id, nobody.id]
    await stage.disconnect(mapping.organization_id, "Acme")
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [mapping.id]


async def test_mappings_that_share_their_people_are_listed_once(stage: Stage, mapping: EventMapping) -> None:
    list_mappings = ListMappingsWithPeople(stage.units)
    second = await stage.reconnect_and_map(mapping)
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [second.id], "the active one"
    await stage.disconnect(mapping.organization_id, "Acme")
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [second.id], "the newest"
    await stage.connect(mapping.organization_id, TOKEN)
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [second.id]


async def test_of_a_mapping_that_has_ended_no_next_sync_is_promised(
    stage: Stage, mapping: EventMapping
) -> None:
    tell = GetRecordHistory(stage.units)
    with pytest.raises(NotFound, match="its next sync will tell"):
        await tell(mapping.id, "nobody")
    await stage.remove_mapping(mapping.id)
    with pytest.raises(NotFound, match=r"has read it\.$"):
        await tell(mapping.id, "nobody")
    assert await tell(mapping.id, "ada")
