"""Deletion of old runs, in every store."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory.clock import ManualClock
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import AGENDA, ALL, EXHIBITORS, SPEAKER
from core.domain.records.outcomes import Counts
from core.domain.runs.retention import EndedRun
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.usecases.runs import apply_retention
from core.usecases.runs.apply_retention import ApplyRetention
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    CONNECTION,
    EVENT,
    LEASE,
    MAPPING,
    NOW,
    ORGANIZATION,
    SECOND,
    a_connection,
    a_mapping,
    a_record,
    a_run,
    an_outcome,
    committing,
    store,
)
from tests.support.systems import SYSTEMS

DAY = timedelta(days=1)


def _ended(number: int, days: int, mapping: MappingId = MAPPING) -> SyncRun:
    return a_run(number, mapping).stopped(LEASE_EXPIRED, NOW + days * DAY, Counts(), SYSTEMS)


async def _with_outcomes(units: UnitOfWorkFactory, *runs: SyncRun) -> None:
    """Store runs with two outcomes and an idempotency key each."""
    await store(units, *runs)
    async with committing(units) as unit:
        for run in runs:
            await unit.outcomes.add(run.id, [an_outcome("1"), an_outcome("2")])
            await unit.runs.save_idempotency_key(run.mapping_id, f"key of {run.id}", run.id)


async def _ended_before(
    units: UnitOfWorkFactory, days: int, limit: int = 100, after: int | None = None
) -> list[EndedRun]:
    async with units.read() as unit:
        last = None if after is None else RunId(f"run{after}")
        return [*await unit.runs.ended_before(NOW + days * DAY, limit, last)]


async def _forget(units: UnitOfWorkFactory, *numbers: int, limit: int = 100) -> int:
    async with committing(units) as unit:
        return await unit.runs.remove([RunId(f"run{number}") for number in numbers], limit)


def _row(number: int, *, is_latest: bool = False, has_checkpoint: bool = False) -> EndedRun:
    return EndedRun(RunId(f"run{number}"), is_latest, has_checkpoint)


async def _outcome_counts(units: UnitOfWorkFactory, numbers: Collection[int]) -> dict[int, int | None]:
    """Return how many outcomes runs have; None for deleted runs."""
    counts = dict[int, int | None]()
    async with units.read() as unit:
        for number in numbers:
            run = RunId(f"run{number}")
            exists = await unit.runs.get(run) is not None
            counts[number] = len(await unit.outcomes.list_by_run(run)) if exists else None
    return counts


async def test_ended_runs_are_listed_earliest_first(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"))
    await store(mapped, _ended(1, 3), _ended(2, 1, SECOND), _ended(3, 1), _ended(4, 9), _ended(5, 9, SECOND))
    await store(mapped, a_run(6).start("a", NOW, LEASE), a_run(7))
    assert await _ended_before(mapped, 9) == [_row(2), _row(3), _row(1)]
    assert await _ended_before(mapped, 3) == [_row(2), _row(3)], "not what ended at that moment"
    assert await _ended_before(mapped, 0) == []


async def test_ended_runs_are_listed_in_pages(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, *(_ended(number, 5 - number % 3) for number in range(1, 7)))
    assert await _ended_before(mapped, 9, limit=2) == [_row(2), _row(5)]
    assert await _ended_before(mapped, 9, 2, after=5) == [_row(1), _row(4)], "of equals, the older one first"
    assert await _ended_before(mapped, 9, 2, after=1) == [_row(4), _row(3)]
    assert await _ended_before(mapped, 9, 2, after=3) == [_row(6, is_latest=True)]
    assert await _ended_before(mapped, 9, 2, after=6) == []
    assert await _ended_before(mapped, 9, 2, after=99) == [], "a run that does not exist"


async def test_the_latest_run_of_each_mapping_and_scope_is_flagged(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s2", "g2").remove(NOW))
    agenda = [replace(_ended(number, 0), scope=AGENDA) for number in (4, 5)]
    # The latest run is the one requested last, not the one that ended last.
    await store(mapped, _ended(1, 5), _ended(2, 1), _ended(3, 0, SECOND), *agenda)
    assert await _ended_before(mapped, 99) == [
        _row(3, is_latest=True),
        _row(4),
        _row(5, is_latest=True),
        _row(2, is_latest=True),
        _row(1),
    ]
    await store(mapped, a_run(6))
    assert _row(2) in await _ended_before(mapped, 99), "a queued run counts as the latest too"


async def test_a_run_with_an_unchanged_marker_is_flagged(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, _ended(1, 0), _ended(2, 0), _ended(3, 0))
    await store(mapped, UnchangedMarker(MAPPING, RunId("run2"), NOW, None, "b2f1"))
    assert await _ended_before(mapped, 9) == [_row(1), _row(2, has_checkpoint=True), _row(3, is_latest=True)]
    async with committing(mapped) as unit:
        await unit.unchanged_markers.remove(MAPPING)
    assert await _ended_before(mapped, 9) == [_row(1), _row(2), _row(3, is_latest=True)]


async def test_a_run_is_deleted_with_its_outcomes_and_idempotency_keys_only(
    mapped: UnitOfWorkFactory,
) -> None:
    await _with_outcomes(mapped, _ended(1, 0), _ended(2, 1), _ended(3, 2))
    assert await _forget(mapped, 1, 3) == 6
    assert await _outcome_counts(mapped, (1, 2, 3)) == {1: None, 2: 2, 3: None}
    async with mapped.read() as unit:
        assert await unit.runs.find_by_idempotency_key(MAPPING, "key of run1") is None
        assert await unit.runs.find_by_idempotency_key(MAPPING, "key of run2") == "run2"
        assert [run.id for run in await unit.runs.list_by_mapping(MAPPING)] == ["run2"]
        assert [entry.run_id for entry in await unit.outcomes.history(MAPPING, "1")] == ["run2"]
    assert await _forget(mapped, 1, 3) == 0
    assert await _forget(mapped) == 0


async def test_runs_are_deleted_in_steps_outcomes_first(mapped: UnitOfWorkFactory) -> None:
    await _with_outcomes(mapped, _ended(1, 0), _ended(2, 1), _ended(3, 2))
    assert await _forget(mapped, 1, 2, limit=3) == 3
    assert await _outcome_counts(mapped, (1, 2, 3)) == {1: 0, 2: 1, 3: 2}
    assert await _forget(mapped, 1, 2, limit=2) == 2
    assert await _outcome_counts(mapped, (1, 2, 3)) == {1: None, 2: 0, 3: 2}
    assert await _forget(mapped, 1, 2, limit=2) == 1
    assert await _forget(mapped, 1, 2, limit=2) == 0
    assert await _outcome_counts(mapped, (1, 2, 3)) == {1: None, 2: None, 3: 2}


async def test_a_step_continues_after_deleted_runs(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, *(_ended(number, 0) for number in range(1, 6)))
    assert [await _forget(mapped, *range(1, 6), limit=2) for _ in range(4)] == [2, 2, 1, 0]


async def test_more_runs_than_fit_in_one_statement_are_deleted_in_steps(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, *(_ended(number, 0) for number in range(1_103)))
    assert [await _forget(mapped, *range(1_102), limit=1_001) for _ in range(3)] == [1_001, 101, 0]
    async with mapped.read() as unit:
        assert [run.id for run in await unit.runs.list_by_mapping(MAPPING)] == ["run1102"]


async def test_an_uncommitted_deletion_of_runs_is_undone(mapped: UnitOfWorkFactory) -> None:
    await _with_outcomes(mapped, _ended(1, 0), _ended(2, 0))
    async with mapped.write() as unit:
        assert await unit.runs.remove([RunId("run1")], 100) == 3
    assert await _outcome_counts(mapped, (1, 2)) == {1: 2, 2: 2}
    async with mapped.read() as unit:
        assert await unit.runs.find_by_idempotency_key(MAPPING, "key of run1") == "run1"


async def _apply_retention(units: UnitOfWorkFactory, days: int) -> int:
    return await ApplyRetention(units, ManualClock(NOW + days * DAY), timedelta())()


async def test_retention_deletes_all_old_runs_except_those_it_must_keep(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s2", "g2").remove(NOW))
    await _with_outcomes(mapped, *(_ended(number, number) for number in range(1, 6)))
    await _with_outcomes(mapped, _ended(6, 0, SECOND), _ended(7, 0, SECOND), a_run(8))
    await store(mapped, UnchangedMarker(MAPPING, RunId("run2"), NOW, None, "b2f1"))
    assert await _apply_retention(mapped, 5) == 12
    assert await _outcome_counts(mapped, range(1, 9)) == {
        1: None,
        2: 2,
        3: None,
        4: None,
        5: 2,
        6: None,
        7: 2,
        8: 2,
    }
    assert await _apply_retention(mapped, 5) == 0
    assert await _apply_retention(mapped, 99) == 3, "the fifth too: the latest run of the mapping is queued"


async def test_retention_in_many_steps_ends_and_keeps_what_it_must(
    mapped: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_retention, "BATCH_SIZE", 2)
    scopes = {2: AGENDA, 5: EXHIBITORS}
    runs = [replace(_ended(number, 0), scope=scopes.get(number, ALL)) for number in range(1, 10)]
    await _with_outcomes(mapped, *runs)
    assert await _apply_retention(mapped, 1) == 6 * 3
    counts = await _outcome_counts(mapped, range(1, 10))
    assert {number for number, outcomes in counts.items() if outcomes == 2} == {2, 5, 9}


async def test_rules_05_10_21_retention_never_deletes_what_they_need(mapped: UnitOfWorkFactory) -> None:
    second = a_mapping(2, "s2", "g2").mark_written().remove(NOW)
    await store(mapped, second)
    async with committing(mapped) as unit:
        await unit.synced.save(ORGANIZATION, EVENT, [a_record()])
    await _with_outcomes(mapped, _ended(1, 0), _ended(2, 0), _ended(3, 0, SECOND), _ended(4, 0, SECOND))
    assert await _apply_retention(mapped, 999) == 6
    async with mapped.read() as unit:
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER) == [a_record()]
        assert await unit.mappings.list_by_organization(ORGANIZATION) == [a_mapping(), second]
        assert await unit.connections.get(CONNECTION) == a_connection()
