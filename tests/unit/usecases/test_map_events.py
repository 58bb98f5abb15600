"""Mapping events: rules 4, 5, 6, 7 (when mapping) and 11."""

import asyncio

import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import (
    AlreadyMapped,
    BoundToAnother,
    EventArchived,
    NotConnected,
    NotFound,
    NotMapped,
    TimeZoneUnconfirmed,
    TimeZoneUnknown,
)
from core.domain.ids import DestinationEventId, MappingId, SourceEventId, SourceId, external_id
from core.domain.records.source_records import SourceEvent
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.map_events import NewMapping
from core.usecases.mappings.remove_mapping import RemoveMapping
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.harness import ELSEWHERE, FAR, HERE, THERE, Harness
from tests.support.systems import SESSIONBOARD


async def active_mappings(harness: Harness, mapping: EventMapping) -> list[EventMapping]:
    return [*await harness.list_mappings(mapping.organization_id)]


@pytest.mark.parametrize(
    ("pair", "taken"),
    [((HERE, FAR), f"Sessionboard event {HERE}"), ((ELSEWHERE, THERE), f"Gleanin event {THERE}")],
)
async def test_rule_04_mapped_event_cannot_be_mapped_to_another(
    harness: Harness, mapping: EventMapping, pair: tuple[SourceEventId, DestinationEventId], taken: str
) -> None:
    with pytest.raises(AlreadyMapped, match=f"{taken} is already mapped"):
        await harness.map(mapping.organization_id, *pair)
    assert await active_mappings(harness, mapping) == [mapping]


async def test_rule_04_error_is_the_same_for_another_organizations_mapping(harness: Harness) -> None:
    mapping = await harness.mapping()
    with pytest.raises(AlreadyMapped) as own:
        await harness.map(mapping.organization_id, ELSEWHERE, THERE)
    stranger = await harness.connection("Bolt")
    with pytest.raises(AlreadyMapped) as strange:
        await harness.map(stranger.organization_id, ELSEWHERE, THERE)
    assert str(strange.value) == str(own.value)


async def test_rule_04_bound_pair_of_another_organization_is_not_named(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    await harness.sync(mapping)
    await harness.remove_mapping(mapping.id)
    stranger = await harness.connection("Bolt")
    with pytest.raises(AlreadyMapped) as strange:
        await harness.map(stranger.organization_id, ELSEWHERE, THERE)
    assert mapping.source_event_name not in str(strange.value)


@pytest.mark.parametrize(
    "rival", [(HERE, THERE), (HERE, FAR), (ELSEWHERE, THERE)], ids=["same", "same source", "same target"]
)
async def test_rule_04_of_two_concurrent_attempts_exactly_one_wins(
    harness: Harness, rival: tuple[SourceEventId, DestinationEventId]
) -> None:
    first, second = await harness.connection("Acme"), await harness.connection("Bolt")
    ends = await asyncio.gather(
        harness.map(first.organization_id, HERE, THERE),
        harness.map(second.organization_id, *rival),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["AlreadyMapped", "EventMapping"]


async def test_rule_05_mapping_removed_before_its_first_write_frees_both_events(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("declined", status="declined"))
    await harness.sync(mapping)
    await harness.remove_mapping(mapping.id)
    crossed = await harness.map(mapping.organization_id, HERE, FAR)
    assert crossed.id != mapping.id
    await harness.map(mapping.organization_id, ELSEWHERE, THERE)


@pytest.mark.parametrize("pair", [(HERE, FAR), (ELSEWHERE, THERE)])
async def test_rule_05_after_the_first_write_the_events_stay_bound_to_each_other(
    harness: Harness, pair: tuple[SourceEventId, DestinationEventId], mapping: EventMapping
) -> None:
    harness.offer(session("opening"))
    await harness.sync(mapping)
    await harness.remove_mapping(mapping.id)
    with pytest.raises(BoundToAnother):
        await harness.map(mapping.organization_id, *pair)


async def test_rule_05_same_pair_mapped_again_continues_where_it_stopped(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))))
    await harness.sync(mapping)
    sent = list(harness.gleanin.writes)
    await harness.remove_mapping(mapping.id)
    again = await harness.map(mapping.organization_id)
    assert again.id == mapping.id
    run = await harness.sync(again)
    assert run.state is RunState.COMPLETED
    assert harness.gleanin.writes == sent


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
async def test_rule_05_write_with_a_lost_response_binds_the_events(harness: Harness, written: bool) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 1_000, written
    await harness.sync(mapping)
    await harness.remove_mapping(mapping.id)
    with pytest.raises(BoundToAnother):
        await harness.map(mapping.organization_id, HERE, FAR)


async def test_rule_06_removing_a_mapping_does_not_affect_others(harness: Harness) -> None:
    one = await harness.mapping()
    other = await harness.map(one.organization_id, ELSEWHERE, FAR)
    await harness.remove_mapping(one.id)
    assert await active_mappings(harness, one) == [other]
    harness.offer(session("keynote"), event=ELSEWHERE)
    assert (await harness.sync(other)).state is RunState.COMPLETED


async def test_removed_mapping_cannot_be_removed_again(harness: Harness, mapping: EventMapping) -> None:
    await harness.remove_mapping(mapping.id)
    with pytest.raises(NotMapped):
        await harness.remove_mapping(mapping.id)
    with pytest.raises(NotFound):
        await RemoveMapping(harness.units, harness.clock, harness.run_ends)(
            MappingId("none"), actor=COMMAND_LINE
        )


async def test_rule_07_admin_confirms_the_zone_if_gleanin_reports_none(
    harness: Harness,
) -> None:
    connection = await harness.connection()
    with pytest.raises(TimeZoneUnconfirmed, match=r"Europe/Paris \(GMT\+02:00 now, GMT\+01:00"):
        await harness.map_events(NewMapping(connection.organization_id, HERE, THERE))
    mapping = await harness.map(connection.organization_id)
    assert mapping.confirmed_time_zone == "Europe/Paris"


async def test_rule_07_no_confirmation_is_needed_if_gleanin_reports_its_zone(harness: Harness) -> None:
    harness.gleanin.add_event("13", "PyConf in Brussels", "Europe/Brussels")
    connection = await harness.connection()
    mapping = await harness.map_events(NewMapping(connection.organization_id, HERE, DestinationEventId("13")))
    assert mapping.is_active


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus_Mons"])
async def test_rule_07_event_without_a_known_zone_cannot_be_mapped(
    harness: Harness, zone: str | None
) -> None:
    connection = await harness.connection()
    harness.source.put(SourceEvent(HERE, "PyConf", zone))
    with pytest.raises(TimeZoneUnknown, match=r"Sessionboard's time zone of PyConf is .*not "):
        await harness.map(connection.organization_id)


async def test_rule_07_refused_mapping_is_not_stored(harness: Harness) -> None:
    connection = await harness.connection()
    with pytest.raises(TimeZoneUnconfirmed):
        await harness.map_events(NewMapping(connection.organization_id, HERE, THERE))
    assert not await harness.list_mappings(connection.organization_id)


async def test_an_unknown_event_is_named(harness: Harness) -> None:
    connection = await harness.connection()
    with pytest.raises(NotFound, match="Sessionboard event '9999'"):
        await harness.map(connection.organization_id, SourceEventId("9999"))
    with pytest.raises(NotFound, match="Gleanin event '9999'"):
        await harness.map(connection.organization_id, HERE, DestinationEventId("9999"))


async def test_an_archived_event_cannot_be_mapped(harness: Harness) -> None:
    harness.gleanin.add_event("13", "PyConf 2019", is_archived=True)
    connection = await harness.connection()
    with pytest.raises(EventArchived, match="PyConf 2019 is archived"):
        await harness.map(connection.organization_id, HERE, DestinationEventId("13"))


async def test_mapping_needs_a_connection(harness: Harness) -> None:
    organization = await harness.organization()
    with pytest.raises(NotConnected):
        await harness.map(organization.id)


async def test_rule_11_only_a_mapped_event_can_be_synced(harness: Harness, mapping: EventMapping) -> None:
    await harness.remove_mapping(mapping.id)
    with pytest.raises(NotMapped):
        await harness.request_sync(mapping.id)
    with pytest.raises(NotMapped):
        await harness.preview(mapping.id)
    with pytest.raises(NotFound):
        await harness.request_sync(MappingId("none"))


async def test_rule_11_queued_run_stops_with_its_mapping(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("opening"))
    booked = await harness.request_sync(mapping.id)
    await harness.remove_mapping(mapping.id)
    run = await harness.run_sync(booked.id)
    assert run.state is RunState.STOPPED
    assert "The mapping was removed." in run.message
    assert not harness.gleanin.writes


async def test_event_lists_show_what_can_be_mapped_and_why_not(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.gleanin.add_event("13", "PyConf 2019", is_archived=True)
    lists = await harness.list_events(mapping.organization_id)
    assert {event.id: event.why_not for event in lists.source} == {
        HERE: "mapped to PyConf goes Gleanin",
        ELSEWHERE: "",
    }
    assert {event.id: event.why_not for event in lists.destination} == {
        THERE: "mapped to PyConf",
        FAR: "",
        "13": "archived in Gleanin",
    }


async def test_event_lists_show_bound_events(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("opening"))
    await harness.sync(mapping)
    await harness.remove_mapping(mapping.id)
    lists = await harness.list_events(mapping.organization_id)
    (bound,) = [event for event in lists.destination if event.only_with]
    assert (bound.id, bound.mappable, bound.only_with) == (THERE, True, "PyConf")
    (partner,) = [event for event in lists.source if event.only_with]
    assert (partner.id, partner.mappable, partner.only_with) == (HERE, True, "PyConf goes Gleanin")
    async with harness.units.read() as unit:
        assert present(await unit.mappings.get(mapping.id)).written


async def test_rule_05_mapping_whose_only_write_failed_frees_its_events(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(session("opening"))
    sent_as = external_id(SESSIONBOARD, mapping.connection_id, SourceId("opening"))
    harness.gleanin.faults.rejected[sent_as] = "No."
    await harness.sync(mapping)
    assert not harness.gleanin.writes
    await harness.remove_mapping(mapping.id)
    again = await harness.map(mapping.organization_id, there=FAR)
    assert again.id != mapping.id
