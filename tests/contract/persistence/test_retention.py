"""Forgetting what happened long ago, wherever it is kept."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from core.domain.identifiers import MappingId, RunId
from core.domain.kinds import SPEAKER, Scope
from core.domain.outcomes import Counts
from core.domain.runs import SyncRun, Trigger
from core.domain.stops import TAKEN_OVER
from ports.persistence import Units
from tests.contract.persistence.samples import (
    CONNECTION,
    EVENT,
    LEASE,
    MAPPING,
    NOW,
    ORGANIZATION,
    a_connection,
    a_mapping,
    a_record,
    a_run,
    an_outcome,
    store,
    store_mapped_event,
)

SECOND = MappingId("map2")
DAY = timedelta(days=1)


def _ended(number: int, days: int, mapping: MappingId = MAPPING) -> SyncRun:
    return a_run(number, mapping).stopped(TAKEN_OVER, NOW + days * DAY, Counts())


async def _with_outcomes(units: Units, *runs: SyncRun) -> None:
    """Store runs with two outcomes and a booking each."""
    await store(units, *runs)
    async with units.writing() as unit:
        for run in runs:
            await unit.outcomes.add(run.id, [an_outcome("1"), an_outcome("2")])
            await unit.runs.note_booking(run.mapping_id, f"key of {run.id}", run.id)
        await unit.commit()


async def _forget_outcomes(units: Units, days: int, limit: int = 100) -> int:
    async with units.writing() as unit:
        gone = await unit.outcomes.forget_before(NOW + days * DAY, limit)
        await unit.commit()
    return gone


async def _forget_runs(units: Units, days: int, limit: int = 100) -> int:
    async with units.writing() as unit:
        gone = await unit.runs.forget_before(NOW + days * DAY, limit)
        await unit.commit()
    return gone


async def _left(units: Units, numbers: Collection[int]) -> dict[int, int | None]:
    """Tell how many outcomes runs have; None for one that is gone."""
    left = dict[int, int | None]()
    async with units.reading() as unit:
        for number in numbers:
            run = RunId(f"run{number}")
            is_there = await unit.runs.get(run) is not None
            left[number] = len(await unit.outcomes.of_run(run)) if is_there else None
    return left


async def test_outcomes_of_runs_that_ended_before_are_forgotten(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0), _ended(2, 1), _ended(3, 2), _ended(4, 3))
    assert await _forget_outcomes(units, 2) == 4
    assert await _left(units, range(1, 5)) == {1: 0, 2: 0, 3: 2, 4: 2}
    async with units.reading() as unit:
        told = await unit.outcomes.history(MAPPING, "1")
        assert [entry.run_id for entry in told] == ["run3", "run4"]
    assert await _forget_outcomes(units, 2) == 0


async def test_outcomes_are_forgotten_in_steps_the_oldest_first(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_mapping(2, "s2", "g2"))
    await _with_outcomes(units, _ended(1, 3), _ended(2, 1, SECOND), _ended(3, 9), _ended(4, 9, SECOND))
    assert [await _forget_outcomes(units, 9, limit=3) for _ in range(3)] == [3, 1, 0]
    assert await _left(units, range(1, 5)) == {1: 0, 2: 0, 3: 2, 4: 2}


async def test_of_two_old_runs_the_one_that_ended_first_goes_first(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_mapping(2, "s2", "g2"))
    await _with_outcomes(units, _ended(1, 3), _ended(2, 1, SECOND), _ended(3, 9), _ended(4, 9, SECOND))
    assert await _forget_outcomes(units, 9, limit=2) == 2
    assert await _left(units, (1, 2)) == {1: 2, 2: 0}
    assert await _forget_outcomes(units, 9) == 2
    assert await _forget_runs(units, 9, limit=1) == 1
    assert await _left(units, (1, 2)) == {1: 0, 2: None}


async def test_the_latest_run_of_each_scope_stays_with_its_outcomes(units: Units) -> None:
    await store_mapped_event(units)
    agenda = [replace(_ended(number, 0), scope=Scope.AGENDA) for number in (3, 4)]
    await _with_outcomes(units, _ended(1, 0), _ended(2, 0), *agenda)
    await _forget_outcomes(units, 1)
    await _forget_runs(units, 1)
    assert await _left(units, range(1, 5)) == {1: None, 2: 2, 3: None, 4: 2}


async def test_the_latest_run_of_each_mapping_stays_with_its_outcomes(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, a_mapping(2, "s2", "g2").remove(NOW))
    # The latest is the one that was asked for last, not the one that ended last.
    await _with_outcomes(units, _ended(1, 5), _ended(2, 1), _ended(3, 0, SECOND))
    assert await _forget_outcomes(units, 99) == 2
    assert await _forget_runs(units, 99) == 1
    assert await _left(units, (1, 2, 3)) == {1: None, 2: 2, 3: 2}


async def test_open_runs_stay(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, a_run(1).start("a", NOW, LEASE), a_run(2))
    assert await _forget_outcomes(units, 99) == 0
    assert await _forget_runs(units, 99) == 0
    assert await _left(units, (1, 2)) == {1: 2, 2: 2}


async def test_a_run_goes_with_its_booking_once_it_has_no_outcomes_any_more(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0), _ended(2, 1), _ended(3, 5), _ended(4, 6))
    assert await _forget_runs(units, 3) == 0
    assert await _forget_outcomes(units, 1) == 2
    assert await _forget_runs(units, 3) == 1
    assert await _left(units, range(1, 5)) == {1: None, 2: 2, 3: 2, 4: 2}
    async with units.reading() as unit:
        assert await unit.runs.booked_by(MAPPING, "key of run1") is None
        assert await unit.runs.booked_by(MAPPING, "key of run2") == "run2"
        assert [run.id for run in await unit.runs.of_mapping(MAPPING)] == ["run4", "run3", "run2"]


async def test_more_runs_than_fit_into_one_question_are_forgotten_in_steps(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, *(_ended(number, 0) for number in range(1_103)))
    assert [await _forget_runs(units, 1, limit=1_001) for _ in range(3)] == [1_001, 101, 0]
    async with units.reading() as unit:
        assert [run.id for run in await unit.runs.of_mapping(MAPPING)] == ["run1102"]


async def test_rules_5_10_and_21_what_they_need_is_never_forgotten(units: Units) -> None:
    await store_mapped_event(units)
    second = a_mapping(2, "s2", "g2").mark_written().remove(NOW)
    await store(units, second)
    async with units.writing() as unit:
        await unit.synced.save(ORGANIZATION, EVENT, [a_record()])
        await unit.commit()
    await _with_outcomes(units, _ended(1, 0), _ended(2, 0), _ended(3, 0, SECOND), _ended(4, 0, SECOND))
    assert await _forget_outcomes(units, 999) == 4
    assert await _forget_runs(units, 999) == 2
    async with units.reading() as unit:
        assert await unit.synced.of_event(ORGANIZATION, EVENT, SPEAKER) == [a_record()]
        assert await unit.mappings.of_organization(ORGANIZATION) == [a_mapping(), second]
        assert await unit.connections.get(CONNECTION) == a_connection()


def _confirming(number: int, days: int, confirmed: int) -> SyncRun:
    return replace(_ended(number, days), confirms=RunId(f"run{confirmed}"))


async def test_rule_26_a_run_stays_with_its_outcomes_as_long_as_a_later_one_confirms_it(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0), _ended(2, 1))
    await store(units, _confirming(3, 2, 2), _confirming(4, 3, 2))
    assert await _forget_outcomes(units, 99) == 2, "those of the first, which nobody confirms"
    assert await _forget_runs(units, 99) == 2, "the first, and the third, which has none of its own"
    assert await _left(units, range(1, 5)) == {1: None, 2: 2, 3: None, 4: 0}
    async with units.reading() as unit:
        assert await unit.runs.booked_by(MAPPING, "key of run2") == "run2"
        assert [entry.run_id for entry in await unit.outcomes.history(MAPPING, "1")] == ["run2"]


async def test_a_run_goes_once_nobody_confirms_it_any_more(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0))
    await store(units, _confirming(2, 1, 1), _confirming(3, 5, 1), _ended(4, 9))
    assert (await _forget_outcomes(units, 3), await _forget_runs(units, 3)) == (0, 1)
    assert await _left(units, range(1, 5)) == {1: 2, 2: None, 3: 0, 4: 0}
    assert (await _forget_outcomes(units, 6), await _forget_runs(units, 6)) == (0, 1)
    assert await _left(units, range(1, 5)) == {1: 2, 2: None, 3: None, 4: 0}
    assert (await _forget_outcomes(units, 6), await _forget_runs(units, 6)) == (2, 1)
    assert await _left(units, range(1, 5)) == {1: None, 2: None, 3: None, 4: 0}


async def test_a_run_without_outcomes_stays_too_as_long_as_another_confirms_it(units: Units) -> None:
    await store_mapped_event(units)
    await store(units, _ended(1, 0), _confirming(2, 1, 1))
    assert await _forget_runs(units, 99) == 0
    assert await _left(units, (1, 2)) == {1: 0, 2: 0}


async def test_a_run_between_two_slices_stays(units: Units) -> None:
    await store_mapped_event(units)
    paused = a_run(1).start("a", NOW, LEASE).pause(NOW, in_vain=False)
    await _with_outcomes(units, paused, a_run(2))
    assert await _forget_outcomes(units, 99) == 0
    assert await _forget_runs(units, 99) == 0
    assert await _left(units, (1, 2)) == {1: 2, 2: 2}


async def test_what_is_forgotten_without_a_commit_is_still_there(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0), _ended(2, 0))
    async with units.writing() as unit:
        assert await unit.outcomes.forget_before(NOW + DAY, 100) == 2
        assert await unit.runs.forget_before(NOW + DAY, 100) == 1
    assert await _left(units, (1, 2)) == {1: 2, 2: 2}
    async with units.reading() as unit:
        assert await unit.runs.booked_by(MAPPING, "key of run1") == "run1"


async def _forget_confirming(units: Units, days: int, limit: int = 100) -> int:
    async with units.writing() as unit:
        gone = await unit.runs.forget_confirming(NOW + days * DAY, limit)
        await unit.commit()
    return gone


async def test_rule_26_runs_that_only_confirm_another_one_go_sooner(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0))
    confirming = [
        replace(_confirming(number, number, 1), trigger=Trigger.CONTINUOUS) for number in (2, 3, 4, 5)
    ]
    await store(units, *confirming)
    assert await _forget_confirming(units, 3, limit=1) == 1, "in steps, the oldest first"
    assert await _left(units, range(1, 6)) == {1: 2, 2: None, 3: 0, 4: 0, 5: 0}
    assert await _forget_confirming(units, 99) == 2
    assert await _left(units, range(1, 6)) == {1: 2, 2: None, 3: None, 4: None, 5: 0}, "the latest stays"


async def test_what_somebody_asked_for_is_kept_though_it_only_confirms(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0))
    await store(units, replace(_confirming(2, 1, 1), trigger=Trigger.MANUAL), _ended(3, 2))
    assert await _forget_confirming(units, 99) == 0


async def test_outcomes_of_one_run_can_be_forgotten_alone(units: Units) -> None:
    await store_mapped_event(units)
    await _with_outcomes(units, _ended(1, 0), _ended(2, 1))
    async with units.writing() as unit:
        assert await unit.outcomes.forget_of(RunId("run1"), 1) == 1, "in steps"
        assert await unit.outcomes.forget_of(RunId("run1"), 9) == 1
        await unit.commit()
    assert await _left(units, (1, 2)) == {1: 0, 2: 2}
