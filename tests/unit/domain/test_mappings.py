"""One-to-one mappings, and what binds two events to each other (rules 4 to 6, 8, 9 and 11)."""

from typing import Any

import pytest

from core.domain.errors import AlreadyMapped, BoundToAnother, NotMapped
from core.domain.ids import OrganizationId
from core.domain.tenancy.event_mappings import EventMapping, MappingSettings, TracksFrom, mapping_to_continue
from tests.support.builders import EARLIER, HERE, NOW, mapping, pair
from tests.support.systems import SYSTEMS

WANTED = pair()
REMOVED: dict[str, Any] = {"removed_at": NOW}
WRITTEN: dict[str, Any] = {"written": True}
OF_ANOTHER: dict[str, Any] = {"connection": EARLIER, "organization_id": OrganizationId("other")}


def judged(*holders: EventMapping) -> EventMapping | None:
    return mapping_to_continue(WANTED, SYSTEMS, HERE, holders)


def test_rule_06_a_connection_can_hold_many_mappings_of_different_events() -> None:
    assert judged(mapping(events=pair("sb2", "gl2")), mapping(events=pair("sb3", "gl3"), **WRITTEN)) is None


@pytest.mark.parametrize(
    ("held", "side"),
    [
        (pair("sb1", "gl2"), "Sessionboard"),
        (pair("sb2", "gl1"), "Gleanin"),
        (pair("sb1", "gl1"), "Gleanin"),
    ],
)
@pytest.mark.parametrize("named", [{}, WRITTEN, OF_ANOTHER])
def test_rule_04_neither_event_can_be_in_another_mapping(held: Any, side: str, named: dict[str, Any]) -> None:
    with pytest.raises(AlreadyMapped, match=side):
        judged(mapping(events=held, **named))


def test_rule_04_the_same_id_on_another_sessionboard_host_is_another_event() -> None:
    assert judged(mapping(events=pair("sb1", "gl2", url="https://eu.example.org"))) is None


def test_rule_05_a_mapping_removed_before_its_first_write_frees_both_events() -> None:
    assert (
        judged(mapping(events=pair("sb1", "gl2"), **REMOVED), mapping(events=pair("sb2", "gl1"), **REMOVED))
        is None
    )


@pytest.mark.parametrize(
    ("held", "partner"),
    [(pair("sb1", "gl2"), "PyConf in Gleanin"), (pair("sb2", "gl1"), "PyConf in Sessionboard")],
)
def test_rule_05_a_removed_mapping_that_was_written_binds_its_events_to_each_other(
    held: Any, partner: str
) -> None:
    with pytest.raises(BoundToAnother, match=partner):
        judged(mapping(events=held, **REMOVED, **WRITTEN))


def test_rule_05_the_same_pair_can_be_mapped_again_and_continues() -> None:
    settings = MappingSettings(tracks=TracksFrom.TAGS)
    previous = mapping(settings=settings, **REMOVED, **WRITTEN)
    assert judged(previous) == previous
    again = previous.map_again("Europe/Paris").with_zones("Europe/Paris", None)
    assert again.is_active
    assert (again.id, again.settings, again.written) == (previous.id, settings, True)
    assert again.confirmed_time_zone == "Europe/Paris"


def test_rule_05_the_same_pair_is_refused_while_a_third_event_binds_one_of_the_two() -> None:
    previous = mapping(**REMOVED, **WRITTEN)
    with pytest.raises(AlreadyMapped):
        judged(previous, mapping("m2", events=pair("sb1", "gl2")))


def test_rule_05_another_organizations_bond_does_not_reveal_its_event() -> None:
    held = mapping(events=pair("sb2", "gl1"), **REMOVED, **WRITTEN, **OF_ANOTHER)
    with pytest.raises(AlreadyMapped) as refusal:
        judged(held)
    assert held.source_event_name not in str(refusal.value)


def test_rule_05_another_organizations_mapping_of_the_same_pair_is_not_continued() -> None:
    with pytest.raises(AlreadyMapped):
        judged(mapping(**REMOVED, **WRITTEN, **OF_ANOTHER))


def test_rule_05_the_bond_ends_with_the_connection() -> None:
    ended = mapping(events=pair("sb1", "gl2"), connection=EARLIER, **WRITTEN).end_with_connection(NOW)
    assert not ended.reserves_events
    assert judged(ended) is None


def test_rule_08_a_mapping_of_an_ended_connection_is_not_continued() -> None:
    assert judged(mapping(connection=EARLIER, **WRITTEN).end_with_connection(NOW)) is None


def test_rule_08_ending_keeps_when_a_mapping_was_removed() -> None:
    removed = mapping().remove(NOW.replace(hour=1))
    assert removed.end_with_connection(NOW).removed_at == NOW.replace(hour=1)
    assert mapping().end_with_connection(NOW).removed_at == NOW


def test_rule_06_removing_a_mapping_leaves_its_events_bound_only_if_it_was_written() -> None:
    assert not mapping().remove(NOW).reserves_events
    assert mapping().mark_written().remove(NOW).reserves_events
    assert mapping().reserves_events


def test_rule_11_sync_needs_an_existing_mapping() -> None:
    mapping().check_active()
    for gone in (mapping().remove(NOW), mapping().end_with_connection(NOW)):
        with pytest.raises(NotMapped, match="m1"):
            gone.check_active()


def test_rule_06_a_mapping_is_removed_once() -> None:
    with pytest.raises(NotMapped):
        mapping().remove(NOW).remove(NOW)
