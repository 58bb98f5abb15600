"""Queries about ended mappings."""

import pytest

from core.domain.errors import NotFound
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.results.get_record_history import GetRecordHistory
from core.usecases.results.queries import ListMappingsWithPeople
from tests.support.builders import on, person, session
from tests.support.harness import ELSEWHERE, FAR, TOKEN, Harness


@pytest.fixture
async def mapping(harness: Harness) -> EventMapping:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))))
    await harness.sync(mapping)
    return mapping


async def test_ended_mappings_are_listed_last(harness: Harness, mapping: EventMapping) -> None:
    list_mappings = harness.list_mappings
    await harness.remove_mapping(mapping.id)
    other = await harness.map(mapping.organization_id, ELSEWHERE, FAR)
    listed = await list_mappings(mapping.organization_id, ended=True)
    assert [each.id for each in listed] == [other.id, mapping.id]
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [other.id]


async def test_people_of_an_ended_mapping_are_still_found(harness: Harness, mapping: EventMapping) -> None:
    list_mappings = ListMappingsWithPeople(harness.units)
    empty = await harness.map(mapping.organization_id, ELSEWHERE, FAR)
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [mapping.id, empty.id]
    await harness.disconnect(mapping.organization_id, "Acme")
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [mapping.id]


async def test_mappings_with_the_same_people_are_listed_once(harness: Harness, mapping: EventMapping) -> None:
    list_mappings = ListMappingsWithPeople(harness.units)
    second = await harness.reconnect_and_map(mapping)
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [second.id], "the active one"
    await harness.disconnect(mapping.organization_id, "Acme")
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [second.id], "the newest"
    await harness.connect(mapping.organization_id, TOKEN)
    assert [each.id for each in await list_mappings(mapping.organization_id)] == [second.id]


async def test_ended_mapping_does_not_mention_the_preview(harness: Harness, mapping: EventMapping) -> None:
    get_history = GetRecordHistory(harness.units)
    with pytest.raises(NotFound, match="or see the preview"):
        await get_history(mapping.id, "nobody")
    await harness.remove_mapping(mapping.id)
    with pytest.raises(NotFound, match=r"has read it\.$"):
        await get_history(mapping.id, "nobody")
    assert await get_history(mapping.id, "ada")
