"""The fair queue: what waits, what runs, and what starts next (rules 23 and 24)."""

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
    *waiting_work: QueuedWork,
    busy: dict[str, int] | None = None,
    capacity: int = 8,
    by_itself: int | None = None,
) -> list[str | None]:
    running = {OrganizationId(who): number for who, number in (busy or {}).items()}
    return [work.run_id for work in select_next(waiting_work, running, capacity, by_itself)]


def queued(name: str, mapping: str, since: datetime = NOW, trigger: Trigger = Trigger.MANUAL) -> OpenWork:
    return OpenWork(
        RunId(name), MappingId(mapping), OrganizationId(mapping[0]), trigger, RunState.QUEUED, since
    )


def running(name: str | None, mapping: str, until: datetime | None, since: datetime = NOW) -> OpenWork:
    """Build a run that has started, or (None) a check."""
    organization_id = OrganizationId(mapping[0])
    trigger = Trigger.MANUAL if name else Trigger.CONTINUOUS
    run = RunId(name) if name else None
    return OpenWork(run, MappingId(mapping), organization_id, trigger, RunState.RUNNING, since, until)


def due(mapping: str, at: datetime = NOW) -> DueMapping:
    return DueMapping(MappingId(mapping), OrganizationId(mapping[0]), at)


def names(*work: OpenWork, those_due: tuple[DueMapping, ...] = (), now: datetime = NOW) -> list[str]:
    """Return the ids of waiting runs and the mappings of checks; abandoned work is marked."""
    return [
        f"{candidate.run_id or candidate.mapping_id}{'!' * candidate.is_abandoned}"
        for candidate in waiting(work, those_due, now)
    ]


def test_rule_23_a_queued_run_waits_unless_its_mapping_has_a_running_run() -> None:
    first = running("r2", "b1", NOW + MINUTE)
    assert names(queued("r1", "a1"), first, queued("r3", "b1"), queued("r4", "b2")) == ["r1", "r4"]


def test_a_waiting_run_has_its_request() -> None:
    (only,) = waiting([queued("r1", "a1", NOW - MINUTE, Trigger.CONTINUOUS)], (), NOW)
    assert only == QueuedWork(RunId("r1"), MappingId("a1"), A, Trigger.CONTINUOUS, NOW - MINUTE)


def test_a_run_with_an_expired_lease_is_abandoned_and_the_next_waits_for_its_end() -> None:
    work = running("r1", "a1", NOW), queued("r2", "a1"), running("r3", "a2", None)
    assert names(*work, now=NOW - MOMENT) == ["r3!"], "no process owns its lease"
    assert names(*work) == ["r1!", "r3!"]
    assert names(*work[1:]) == ["r2", "r3!"]


def test_rule_24_a_due_mapping_waits_for_its_check() -> None:
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


def test_a_check_of_a_dead_process_is_repeated_after_its_lease() -> None:
    check = running(None, "a1", NOW)
    assert names(check, those_due=(due("a1"),), now=NOW - MOMENT) == []
    assert names(check, those_due=(due("a1"),)) == ["a1"]
    assert names(check) == [], "it needs no recovery"


def test_rule_23_a_requested_run_does_not_wait_for_a_check() -> None:
    assert names(running(None, "a1", NOW + MINUTE), queued("r1", "a1")) == ["r1"]


def test_running_runs_and_checks_are_counted_per_organization() -> None:
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


def test_open_runs_are_counted_per_organization() -> None:
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


def test_a_run_waits_for_recovery_since_its_lease_expired() -> None:
    run = running("r1", "a1", NOW)
    assert count_runs([run], NOW - MOMENT) == {A: RunCounts(running=1)}
    assert count_runs([run], NOW + MINUTE) == {A: RunCounts(queued=1, queued_since=NOW)}


def test_a_check_is_not_a_run() -> None:
    assert not count_runs([running(None, "a1", NOW + MINUTE), running(None, "b1", NOW)], NOW)


def test_an_organization_with_many_does_not_delay_the_others() -> None:
    many = [waits("a", number) for number in range(500)]
    assert chosen(*many, waits("b", 1, minute=999), waits("c", 1, minute=1000), capacity=4) == [
        "a0",
        "b1",
        "c1",
        "a1",
    ]


def test_no_organization_has_more_than_its_share() -> None:
    many = [waits("a", number) for number in range(500)]
    assert len(chosen(*many)) == MAX_PER_ORGANIZATION
    assert not chosen(*many, busy={"a": MAX_PER_ORGANIZATION})


def test_manual_runs_come_first() -> None:
    assert chosen(waits("a", 1), waits("b", 2), waits("b", 9, Trigger.MANUAL), capacity=2) == ["b9", "a1"]


def test_among_equals_the_longest_waiting_is_first() -> None:
    assert chosen(waits("a", 2), waits("b", 1)) == ["b1", "a2"]


def test_without_capacity_nothing_starts() -> None:
    assert not chosen(waits("a", 1), capacity=0)


def test_rule_23_some_capacity_is_reserved_for_manual_runs() -> None:
    by_itself = [waits(f"c{number}", number) for number in range(9)]
    by_hand = [waits(f"m{number}", number, Trigger.MANUAL) for number in range(9)]
    assert chosen(*by_itself, capacity=8, by_itself=5) == [each.run_id for each in by_itself[:5]]
    assert not chosen(*by_itself, capacity=3, by_itself=0)
    assert chosen(*by_itself, *by_hand, capacity=8, by_itself=5) == [each.run_id for each in by_hand[:8]]
    assert chosen(*by_itself, *by_hand[:2], capacity=8, by_itself=5) == [
        each.run_id for each in (*by_hand[:2], *by_itself[:3])
    ], "nothing of continuous sync starts in reserved capacity"


@given(
    waiting_work=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from([*Trigger]), st.integers(0, 50)), max_size=40
    ),
    running=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)),
    capacity=st.integers(0, 12),
    reserved=st.integers(0, 4),
)
def test_limits_hold_and_nothing_waits_that_could_start(
    waiting_work: list[tuple[str, Trigger, int]], running: dict[str, int], capacity: int, reserved: int
) -> None:
    all_of_them = [waits(who, n, trigger, minute) for n, (who, trigger, minute) in enumerate(waiting_work)]
    already = {OrganizationId(who): number for who, number in running.items()}
    by_itself = max(capacity - reserved, 0)
    started = select_next(all_of_them, already, capacity, by_itself)
    assert len(set(started)) == len(started) <= capacity
    assert sum(each.trigger is Trigger.CONTINUOUS for each in started) <= by_itself
    busy = Counter(already) + Counter(each.organization_id for each in started)
    for who in {each.organization_id for each in started}:
        assert busy[who] <= MAX_PER_ORGANIZATION
    left = [each for each in all_of_them if each not in started]
    if len(started) >= by_itself:
        left = [each for each in left if each.trigger is Trigger.MANUAL]
    if len(started) < capacity:
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
    unique_by=lambda work: (work.mapping_id, work.run_id and work.state),
    max_size=12,
)


@given(WORK, st.sets(st.integers(0, 9), max_size=10))
def test_an_organization_needs_no_more_due_mappings_than_its_limit(
    work: list[OpenWork], numbers: set[int]
) -> None:
    """The store returns this many per organization: busy mappings use up its limit."""
    all_due = [due(f"a{number}") for number in sorted(numbers)]

    def started(*waiting_work: DueMapping) -> int:
        return len(select_next(waiting(work, waiting_work, NOW), carried_out(work, NOW), capacity=9))

    assert started(*all_due) == started(*all_due[:MAX_PER_ORGANIZATION])
