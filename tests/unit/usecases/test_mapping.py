"""Mapping events: rules 4, 5, 6 and 7 (when mapping), and 11."""

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
from tests.present import present
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import ELSEWHERE, FAR, HERE, THERE, Stage


async def active_mappings(stage: Stage, mapping: EventMapping) -> list[EventMapping]:
    return [*await stage.list_mappings(mapping.organization_id)]


@pytest.mark.parametrize(
    ("pair", "taken"),
    [((HERE, FAR), f"Sessionboard event {HERE}"), ((ELSEWHERE, THERE), f"Gleanin event {THERE}")],
)
async def test_rule_04_a_mapped_event_cannot_be_mapped_to_another(
    stage: Stage, mapping: EventMapping, pair: tuple[SourceEventId, DestinationEventId], taken: str
) -> None:
    with pytest.raises(AlreadyMapped, match=f"{taken} is in a mapping already"):
        await stage.map(mapping.organization_id, *pair)
    assert await active_mappings(stage, mapping) == [mapping]


async def test_rule_04_of_another_organizations_mapping_the_same_is_said(stage: Stage) -> None:
    mapping = await stage.mapping()
    with pytest.raises(AlreadyMapped) as own:
        await stage.map(mapping.organization_id, ELSEWHERE, THERE)
    stranger = await stage.connection("Bolt")
    with pytest.raises(AlreadyMapped) as strange:
        await stage.map(stranger.organization_id, ELSEWHERE, THERE)
    assert str(strange.value) == str(own.value)


async def test_rule_04_not_even_a_bound_pair_of_another_organization_is_named(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    await stage.sync(mapping)
    await stage.remove_mapping(mapping.id)
    stranger = await stage.connection("Bolt")
    with pytest.raises(AlreadyMapped) as strange:
        await stage.map(stranger.organization_id, ELSEWHERE, THERE)
    assert mapping.sessionboard_name not in str(strange.value)


@pytest.mark.parametrize(
    "rival", [(HERE, THERE), (HERE, FAR), (ELSEWHERE, THERE)], ids=["same", "same source", "same target"]
)
async def test_rule_04_of_two_simultaneous_attempts_exactly_one_wins(
    stage: Stage, rival: tuple[SourceEventId, DestinationEventId]
) -> None:
    first, second = await stage.connection("Acme"), await stage.connection("Bolt")
    ends = await asyncio.gather(
        stage.map(first.organization_id, HERE, THERE),
        stage.map(second.organization_id, *rival),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["AlreadyMapped", "EventMapping"]


async def test_rule_05_a_mapping_removed_before_its_first_write_frees_both_events(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("declined", status="declined"))
    await stage.sync(mapping)
    await stage.remove_mapping(mapping.id)
    crossed = await stage.map(mapping.organization_id, HERE, FAR)
    assert crossed.id != mapping.id
    await stage.map(mapping.organization_id, ELSEWHERE, THERE)


@pytest.mark.parametrize("pair", [(HERE, FAR), (ELSEWHERE, THERE)])
async def test_rule_05_after_the_first_write_the_events_stay_bound_to_each_other(
    stage: Stage, pair: tuple[SourceEventId, DestinationEventId], mapping: EventMapping
) -> None:
    stage.offer(session("opening"))
    await stage.sync(mapping)
    await stage.remove_mapping(mapping.id)
    with pytest.raises(BoundToAnother):
        await stage.map(mapping.organization_id, *pair)


async def test_rule_05_the_same_pair_mapped_again_goes_on_where_it_stopped(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening", on(person("ada"))))
    await stage.sync(mapping)
    sent = list(stage.gleanin.writes)
    await stage.remove_mapping(mapping.id)
    again = await stage.map(mapping.organization_id)
    assert again.id == mapping.id
    run = await stage.sync(again)
    assert run.state is RunState.COMPLETED
    assert stage.gleanin.writes == sent


@pytest.mark.parametrize("written", [True, False], ids=["written", "not written"])
async def test_rule_05_a_write_whose_answer_was_lost_binds_the_events(stage: Stage, written: bool) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    stage.gleanin.trouble.lost_answers, stage.gleanin.trouble.lost_are_written = 1_000, written
    await stage.sync(mapping)
    await stage.remove_mapping(mapping.id)
    with pytest.raises(BoundToAnother):
        await stage.map(mapping.organization_id, HERE, FAR)


async def test_rule_06_removing_one_mapping_touches_no_other(stage: Stage) -> None:
    one = await stage.mapping()
    other = await stage.map(one.organization_id, ELSEWHERE, FAR)
    await stage.remove_mapping(one.id)
    assert await active_mappings(stage, one) == [other]
    stage.offer(session("keynote"), event=ELSEWHERE)
    assert (await stage.sync(other)).state is RunState.COMPLETED


async def test_a_removed_mapping_cannot_be_removed_again(stage: Stage, mapping: EventMapping) -> None:
    await stage.remove_mapping(mapping.id)
    with pytest.raises(NotMapped):
        await stage.remove_mapping(mapping.id)
    with pytest.raises(NotFound):
        await RemoveMapping(stage.units, stage.clock, stage.run_ends)(MappingId("none"), actor=COMMAND_LINE)


async def test_rule_07_where_gleanin_tells_no_zone_the_admin_is_shown_ours_and_confirms_it(
    stage: Stage,
) -> None:
    connection = await stage.connection()
    with pytest.raises(TimeZoneUnconfirmed, match=r"Europe/Paris \(GMT\+02:00 now, GMT\+01:00"):
        await stage.map_events(NewMapping(connection.organization_id, HERE, THERE))
    mapping = await stage.map(connection.organization_id)
    assert mapping.confirmed_time_zone == "Europe/Paris"


async def test_rule_07_where_gleanin_tells_its_zone_nothing_is_to_be_confirmed(stage: Stage) -> None:
    stage.gleanin.add_event("13", "PyConf in Brussels", "Europe/Brussels")
    connection = await stage.connection()
    mapping = await stage.map_events(NewMapping(connection.organization_id, HERE, DestinationEventId("13")))
    assert mapping.is_active


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus_Mons"])
async def test_rule_07_an_event_without_a_known_zone_cannot_be_mapped(stage: Stage, zone: str | None) -> None:
    connection = await stage.connection()
    stage.source.put(SourceEvent(HERE, "PyConf", zone))
    with pytest.raises(TimeZoneUnknown, match="no known time zone"):
        await stage.map(connection.organization_id)


async def test_rule_07_a_mapping_that_is_refused_is_not_stored(stage: Stage) -> None:
    connection = await stage.connection()
    with pytest.raises(TimeZoneUnconfirmed):
        await stage.map_events(NewMapping(connection.organization_id, HERE, THERE))
    assert not await stage.list_mappings(connection.organization_id)


async def test_an_unknown_event_is_named(stage: Stage) -> None:
    connection = await stage.connection()
    with pytest.raises(NotFound, match="Sessionboard event '9999'"):
        await stage.map(connection.organization_id, SourceEventId("9999"))
    with pytest.raises(NotFound, match="Gleanin event '9999'"):
        await stage.map(connection.organization_id, HERE, DestinationEventId("9999"))


async def test_an_archived_event_cannot_be_mapped(stage: Stage) -> None:
    stage.gleanin.add_event("13", "PyConf 2019", is_archived=True)
    connection = await stage.connection()
    with pytest.raises(EventArchived, match="PyConf 2019 is archived"):
        await stage.map(connection.organization_id, HERE, DestinationEventId("13"))


async def test_mapping_needs_a_connection(stage: Stage) -> None:
    organization = await stage.organization()
    with pytest.raises(NotConnected):
        await stage.map(organization.id)


async def test_rule_11_only_a_mapped_event_can_be_synced(stage: Stage, mapping: EventMapping) -> None:
    await stage.remove_mapping(mapping.id)
    with pytest.raises(NotMapped):
        await stage.request_sync(mapping.id)
    with pytest.raises(NotMapped):
        await stage.preview(mapping.id)
    with pytest.raises(NotFound):
        await stage.request_sync(MappingId("none"))


async def test_rule_11_a_run_that_waits_stops_with_its_mapping(stage: Stage, mapping: EventMapping) -> None:
    stage.offer(session("opening"))
    booked = await stage.request_sync(mapping.id)
    await stage.remove_mapping(mapping.id)
    run = await stage.run_sync(booked.id)
    assert run.state is RunState.STOPPED
    assert "The mapping was removed." in run.message
    assert not stage.gleanin.writes


async def test_the_lists_of_events_say_what_can_still_be_mapped_and_why_not(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.gleanin.add_event("13", "PyConf 2019", is_archived=True)
    lists = await stage.list_events(mapping.organization_id)
    assert {event.id: event.why_not for event in lists.sessionboard} == {
        HERE: "mapped to PyConf goes Gleanin",
        ELSEWHERE: "",
    }
    assert {event.id: event.why_not for event in lists.gleanin} == {
        THERE: "mapped to PyConf",
        FAR: "",
        "13": "archived in Gleanin",
    }


async def test_the_lists_of_events_say_who_is_bound_to_whom(stage: Stage, mapping: EventMapping) -> None:
    stage.offer(session("opening"))
    await stage.sync(mapping)
    await stage.remove_mapping(mapping.id)
    lists = await stage.list_events(mapping.organization_id)
    (bound,) = [event for event in lists.gleanin if event.only_with]
    assert (bound.id, bound.mappable, bound.only_with) == (THERE, True, "PyConf")
    (partner,) = [event for event in lists.sessionboard if event.only_with]
    assert (partner.id, partner.mappable, partner.only_with) == (HERE, True, "PyConf goes Gleanin")
    async with stage.units.read() as unit:
        assert present(await unit.mappings.get(mapping.id)).written


async def test_rule_05_a_mapping_under_which_nothing_was_written_after_all_frees_its_events(
    stage: Stage, mapping: EventMapping
) -> None:
    stage.offer(session("opening"))
    sent_as = external_id(mapping.connection_id, SourceId("opening"))
    stage.gleanin.trouble.rejected[sent_as] = "No."
    await stage.sync(mapping)
    assert not stage.gleanin.writes
    await stage.remove_mapping(mapping.id)
    again = await stage.map(mapping.organization_id, there=FAR)
    assert again.id != mapping.id
