"""Whose turn it is: what waits, how much goes on, and what starts next (rules 23 and 24)."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.fair_queue import (
    MAX_PER_ORGANIZATION,
    DueMapping,
    OpenWork,
    QueuedWork,
    RunCounts,
    carried_out,
    count_runs,
    select_next,
    waiting,
)
from core.domain.runs.run import RunState, Trigger
from tests.support.builders import NOW

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
A, B = OrganizationId("a"), OrganizationId("b")


def waits(
    organization: str, number: int, trigger: Trigger = Trigger.CONTINUOUS, minute: int | None = None
) -> QueuedWork:
    return QueuedWork(
        RunId(f"{organization}{number}"),
        MappingId(f"m{organization}{number}"),
        OrganizationId(organization),
        trigger,
        NOW + timedelta(minutes=number if minute is None else minute),
    )


def chosen(
    *those: QueuedWork, busy: dict[str, int] | None = None, room: int = 8, by_itself: int | None = None
) -> list[str | None]:
    going_on = {OrganizationId(who): number for who, number in (busy or {}).items()}
    return [each.run_id for each in select_next(those, going_on, room, by_itself)]


def queued(name: str, mapping: str, since: datetime = NOW, trigger: Trigger = Trigger.MANUAL) -> OpenWork:
    return OpenWork(
        RunId(name), MappingId(mapping), OrganizationId(mapping[0]), trigger, RunState.QUEUED, since
    )


def running(name: str | None, mapping: str, until: datetime | None, since: datetime = NOW) -> OpenWork:
    """Make a run, or (None) a check, that was begun."""
    own = OrganizationId(mapping[0])
    trigger = Trigger.MANUAL if name else Trigger.CONTINUOUS
    run = RunId(name) if name else None
    return OpenWork(run, MappingId(mapping), own, trigger, RunState.RUNNING, since, until)


def due(mapping: str, at: datetime = NOW) -> DueMapping:
    return DueMapping(MappingId(mapping), OrganizationId(mapping[0]), at)


def names(*work: OpenWork, those_due: tuple[DueMapping, ...] = (), now: datetime = NOW) -> list[str]:
    """Name the waiting runs by their ids, checks by their mappings; what was abandoned has a mark."""
    return [
        f"{each.run_id or each.mapping_id}{'!' * each.is_abandoned}" for each in waiting(work, those_due, now)
    ]


def test_rule_23_a_queued_run_waits_unless_a_run_of_its_mapping_goes_on() -> None:
    going_on = running("r2", "b1", NOW + MINUTE)
    assert names(queued("r1", "a1"), going_on, queued("r3", "b1"), queued("r4", "b2")) == ["r1", "r4"]


def test_a_waiting_run_is_told_as_it_was_asked_for() -> None:
    (only,) = waiting([queued("r1", "a1", NOW - MINUTE, Trigger.CONTINUOUS)], (), NOW)
    assert only == QueuedWork(RunId("r1"), MappingId("a1"), A, Trigger.CONTINUOUS, NOW - MINUTE)


def test_a_run_whose_lease_has_run_out_is_abandoned_and_what_is_queued_behind_it_comes_after_its_end() -> (
    None
):
    work = running("r1", "a1", NOW), queued("r2", "a1"), running("r3", "a2", None)
    assert names(*work, now=NOW - MOMENT) == ["r3!"], "nobody has a lease of it"
    assert names(*work) == ["r1!", "r3!"]
    assert names(*work[1:]) == ["r2", "r3!"]


def test_rule_24_a_mapping_that_is_due_waits_to_be_checked() -> None:
    (only,) = waiting([], [due("a1", NOW - MINUTE)], NOW)
    assert only == QueuedWork(None, MappingId("a1"), A, Trigger.CONTINUOUS, NOW - MINUTE)


@pytest.mark.parametrize(
    "work",
    [
        queued("r1", "a1"),
        running("r1", "a1", NOW + MINUTE),
        running("r1", "a1", NOW),
        running(None, "a1", NOW + MOMENT),
    ],
    ids=["a queued run", "a run that goes on", "an abandoned run", "a check that goes on"],
)
def test_rule_23_a_due_mapping_is_not_checked_beside(work: OpenWork) -> None:
    assert "a1" not in names(work, those_due=(due("a1"), due("a2")))
    assert "a2" in names(work, those_due=(due("a1"), due("a2")))


def test_a_check_whose_process_has_died_is_made_again_after_its_time() -> None:
    check = running(None, "a1", NOW)
    assert names(check, those_due=(due("a1"),), now=NOW - MOMENT) == []
    assert names(check, those_due=(due("a1"),)) == ["a1"]
    assert names(check) == [], "nobody has to take it over: it leaves nothing behind"


def test_rule_23_a_run_that_was_asked_for_does_not_wait_for_a_check() -> None:
    assert names(running(None, "a1", NOW + MINUTE), queued("r1", "a1")) == ["r1"]


def test_runs_and_checks_that_go_on_are_counted_for_each_organization() -> None:
    work = (
        running("r1", "a1", NOW + MINUTE),
        running(None, "a2", NOW + MINUTE),
        queued("r2", "a3"),
        running("r3", "b1", NOW),
        running(None, "b2", NOW),
        running(None, "b3", NOW + MOMENT),
    )
    assert carried_out(work, NOW) == {A: 2, B: 1}
    assert not carried_out(work, NOW + MINUTE)


def test_open_runs_are_counted_for_each_organization() -> None:
    work = (
        running("r1", "a1", NOW + MINUTE),
        queued("r2", "a1", NOW - MINUTE),
        running("r3", "a2", NOW - MOMENT),
        queued("r4", "a2"),
        running("r5", "b1", None, NOW - 2 * MINUTE),
    )
    assert count_runs(work, NOW) == {
        A: RunCounts(queued=3, running=1, queued_since=NOW - MINUTE),
        B: RunCounts(queued=1, queued_since=NOW - 2 * MINUTE),
    }
    assert count_runs(work, NOW + 2 * MINUTE)[A] == RunCounts(4, 0, NOW - MINUTE)


def test_a_run_whose_lease_has_run_out_waits_to_be_taken_over_since_then() -> None:
    run = running("r1", "a1", NOW)
    assert count_runs([run], NOW - MOMENT) == {A: RunCounts(running=1)}
    assert count_runs([run], NOW + MINUTE) == {A: RunCounts(queued=1, queued_since=NOW)}


def test_a_check_is_no_run() -> None:
    assert not count_runs([running(None, "a1", NOW + MINUTE), running(None, "b1", NOW)], NOW)


def test_an_organization_with_many_does_not_delay_the_others() -> None:
    many = [waits("a", number) for number in range(500)]
    assert chosen(*many, waits("b", 1, minute=999), waits("c", 1, minute=1000), room=4) == [
        "a0",
        "b1",
        "c1",
        "a1",
    ]


def test_no_organization_has_more_than_its_share() -> None:
    many = [waits("a", number) for number in range(500)]
    assert len(chosen(*many)) == MAX_PER_ORGANIZATION
    assert not chosen(*many, busy={"a": MAX_PER_ORGANIZATION})


def test_what_people_asked_for_comes_first() -> None:
    assert chosen(waits("a", 1), waits("b", 2), waits("b", 9, Trigger.MANUAL), room=2) == ["b9", "a1"]


def test_among_equals_the_longest_waiting_is_first() -> None:
    assert chosen(waits("a", 2), waits("b", 1)) == ["b1", "a2"]


def test_without_room_nothing_starts() -> None:
    assert not chosen(waits("a", 1), room=0)


def test_rule_23_some_places_are_kept_for_what_people_ask_for() -> None:
    by_itself = [waits(f"c{number}", number) for number in range(9)]
    by_hand = [waits(f"m{number}", number, Trigger.MANUAL) for number in range(9)]
    assert chosen(*by_itself, room=8, by_itself=5) == [each.run_id for each in by_itself[:5]]
    assert not chosen(*by_itself, room=3, by_itself=0)
    assert chosen(*by_itself, *by_hand, room=8, by_itself=5) == [each.run_id for each in by_hand[:8]]
    assert chosen(*by_itself, *by_hand[:2], room=8, by_itself=5) == [
        each.run_id for each in (*by_hand[:2], *by_itself[:3])
    ], "nothing of continuous sync starts in a place that is kept"


@given(
    those=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([*Trigger]), st.integers(0, 50)), max_size=40
    ),
    going_on=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)),
    room=st.integers(0, 12),
    kept=st.integers(0, 4),
)
def test_shares_and_room_hold_and_nothing_stays_that_could_start(
    those: list[tuple[str, Trigger, int]], going_on: dict[str, int], room: int, kept: int
) -> None:
    all_of_them = [waits(who, n, trigger, minute) for n, (who, trigger, minute) in enumerate(those)]
    already = {OrganizationId(who): number for who, number in going_on.items()}
    by_itself = max(room - kept, 0)
    started = select_next(all_of_them, already, room, by_itself)
    assert len(set(started)) == len(started) <= room
    assert sum(each.trigger is Trigger.CONTINUOUS for each in started) <= by_itself
    busy = Counter(already) + Counter(each.organization_id for each in started)
    for who in {each.organization_id for each in started}:
        assert busy[who] <= MAX_PER_ORGANIZATION
    left = [each for each in all_of_them if each not in started]
    if len(started) >= by_itself:
        left = [each for each in left if each.trigger is Trigger.MANUAL]
    if len(started) < room:
        assert all(busy[each.organization_id] >= MAX_PER_ORGANIZATION for each in left)


WORK = st.lists(
    st.builds(
        OpenWork,
        st.none() | st.integers(0, 99).map(lambda number: RunId(f"r{number}")),
        st.integers(0, 6).map(lambda number: MappingId(f"a{number}")),
        st.just(A),
        st.just(Trigger.CONTINUOUS),
        st.sampled_from([RunState.QUEUED, RunState.RUNNING]),
        st.just(NOW),
        st.sampled_from([None, NOW, NOW + MINUTE]),
    ),
    unique_by=lambda each: (each.mapping_id, each.run_id and each.state),
    max_size=12,
)


@given(WORK, st.sets(st.integers(0, 9), max_size=10))
def test_an_organization_needs_no_more_of_its_due_mappings_than_may_go_on_at_once(
    work: list[OpenWork], numbers: set[int]
) -> None:
    """The store returns so many of each: those that are busy use up the share that others could have had."""
    all_due = [due(f"a{number}") for number in sorted(numbers)]

    def started(*those: DueMapping) -> int:
        return len(select_next(waiting(work, those, NOW), carried_out(work, NOW), capacity=9))

    assert started(*all_due) == started(*all_due[:MAX_PER_ORGANIZATION])
