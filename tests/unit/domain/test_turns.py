"""Whose turn it is: manual ones first, then one organization after the other."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.identifiers import MappingId, OrganizationId, RunId
from core.domain.runs import Trigger
from core.domain.turns import MOST_PER_ORGANIZATION, WaitingRun, next_in_turn, place_of
from tests.unit.domain.builders import NOW


def waiting(
    organization: str, number: int, trigger: Trigger = Trigger.CONTINUOUS, minute: int | None = None
) -> WaitingRun:
    at = NOW + timedelta(minutes=number if minute is None else minute)
    return WaitingRun(
        RunId(f"{organization}{number}"),
        MappingId(f"m{organization}{number}"),
        OrganizationId(organization),
        trigger,
        at,
    )


def chosen(*runs: WaitingRun, running: dict[str, int] | None = None, room: int = 8) -> list[str]:
    going_on = {OrganizationId(who): number for who, number in (running or {}).items()}
    return [each.run_id for each in next_in_turn(runs, going_on, room)]


def test_an_organization_with_many_does_not_delay_the_others() -> None:
    many = [waiting("a", number) for number in range(500)]
    assert chosen(*many, waiting("b", 1, minute=999), waiting("c", 1, minute=1000), room=4) == [
        "a0",
        "b1",
        "c1",
        "a1",
    ]


def test_no_organization_has_more_than_its_share() -> None:
    many = [waiting("a", number) for number in range(500)]
    assert len(chosen(*many)) == MOST_PER_ORGANIZATION
    assert not chosen(*many, running={"a": MOST_PER_ORGANIZATION})


def test_what_people_asked_for_comes_first() -> None:
    assert chosen(waiting("a", 1), waiting("b", 2), waiting("b", 9, Trigger.MANUAL), room=2) == ["b9", "a1"]


def test_among_equals_the_longest_waiting_is_first() -> None:
    assert chosen(waiting("a", 2), waiting("b", 1)) == ["b1", "a2"]


@pytest.mark.parametrize("trigger", [*Trigger])
def test_a_run_that_had_a_slice_queues_anew_whoever_asked_for_it(trigger: Trigger) -> None:
    later = NOW + timedelta(minutes=2)
    assert place_of(trigger, NOW, None) == (trigger, NOW)
    assert place_of(trigger, NOW, later) == (Trigger.CONTINUOUS, later)


def test_whoever_asks_for_a_little_does_not_wait_for_the_many_slices_of_another() -> None:
    asked_for_first = replace(waiting("a", 1), trigger=Trigger.CONTINUOUS)
    trigger, since = place_of(Trigger.MANUAL, NOW, NOW + timedelta(minutes=5))
    paused = replace(waiting("b", 2), trigger=trigger, requested_at=since)
    by_hand = waiting("c", 9, Trigger.MANUAL)
    assert chosen(paused, by_hand, asked_for_first, room=2) == ["c9", "a1"]
    assert chosen(paused, by_hand, asked_for_first, room=3) == ["c9", "a1", "b2"]


def test_without_room_nothing_starts() -> None:
    assert not chosen(waiting("a", 1), room=0)


@given(
    runs=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([*Trigger]), st.integers(0, 50)), max_size=40
    ),
    running=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)),
    room=st.integers(0, 12),
)
def test_shares_and_room_hold_and_nothing_stays_that_could_start(
    runs: list[tuple[str, Trigger, int]], running: dict[str, int], room: int
) -> None:
    all_of_them = [waiting(who, n, trigger, minute) for n, (who, trigger, minute) in enumerate(runs)]
    going_on = {OrganizationId(who): number for who, number in running.items()}
    started = next_in_turn(all_of_them, going_on, room)
    assert len(set(started)) == len(started) <= room
    busy = Counter(going_on) + Counter(each.organization_id for each in started)
    for who in {each.organization_id for each in started}:
        assert busy[who] <= MOST_PER_ORGANIZATION
    if len(started) < room:
        left = [each for each in all_of_them if each not in started]
        assert all(busy[each.organization_id] >= MOST_PER_ORGANIZATION for each in left)
