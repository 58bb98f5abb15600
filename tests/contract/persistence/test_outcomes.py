"""Outcomes and the history of one record, in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import SESSION
from core.domain.records.outcomes import Counts, Outcome, causes_of, counted
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from ports.store.errors import PersistenceError
from ports.store.results import HistoryEntry
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    LEASE,
    LONG,
    MAPPING,
    NOW,
    a_mapping,
    a_run,
    an_outcome,
    committing,
    store,
)
from tests.support.systems import SYSTEMS

RUN = RunId("run1")


@pytest.fixture
async def two_runs(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    await store(
        mapped,
        a_run(1).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS),
        a_run(2).start("a", NOW + LEASE, LEASE),
    )
    return mapped


async def test_rule_26_outcomes_are_listed_in_the_order_added(
    two_runs: UnitOfWorkFactory,
) -> None:
    first = [an_outcome(str(number), email=None) for number in (9, 3, 7)]
    second = [an_outcome("1", destination_id=None)]
    async with committing(two_runs) as unit:
        await unit.outcomes.add(RUN, first)
        await unit.outcomes.add(RUN, [])
        await unit.outcomes.add(RUN, second)
    async with two_runs.read() as unit:
        assert await unit.outcomes.list_by_run(RUN) == [*first, *second]
        assert await unit.outcomes.list_by_run(RunId("run2")) == []


async def test_rule_26_a_runs_outcomes_are_counted_by_kind_and_outcome(two_runs: UnitOfWorkFactory) -> None:
    recorded = [
        an_outcome(f"{outcome.value}{number}", outcome) for number, outcome in enumerate([*Outcome, *Outcome])
    ]
    session = replace(an_outcome("1"), record=replace(an_outcome("1").record, kind=SESSION))
    async with committing(two_runs) as unit:
        await unit.outcomes.add(RUN, [*recorded, session])
    async with two_runs.read() as unit:
        assert await unit.outcomes.counts(RUN) == counted([*recorded, session])
        assert await unit.outcomes.causes(RUN) == causes_of([*recorded, session])
        assert not await unit.outcomes.causes(RunId("none"))
        assert await unit.outcomes.counts(RunId("run2")) == Counts()
        assert await unit.outcomes.counts(RunId("none")) == Counts()


async def test_outcomes_can_be_filtered(two_runs: UnitOfWorkFactory) -> None:
    recorded = [an_outcome(outcome.value, outcome) for outcome in Outcome]
    async with committing(two_runs) as unit:
        await unit.outcomes.add(RUN, recorded)
    async with two_runs.read() as unit:
        some = await unit.outcomes.list_by_run(RUN, {Outcome.FAILED, Outcome.KEPT})
    assert some == [an_outcome("kept", Outcome.KEPT), an_outcome("failed", Outcome.FAILED)]


async def test_rule_26_a_record_has_one_outcome_per_run(two_runs: UnitOfWorkFactory) -> None:
    async with two_runs.write() as unit:
        await unit.outcomes.add(RUN, [an_outcome()])
        await unit.outcomes.add(RunId("run2"), [an_outcome()])
        with pytest.raises(PersistenceError):  # noqa: PT012 - at the latest on commit
            await unit.outcomes.add(RUN, [an_outcome(outcome=Outcome.FAILED)])
            await unit.commit()


@pytest.mark.parametrize("query", ["1", "101", "ada@EXAMPLE.org", " Ada@example.org "])
async def test_the_history_of_a_record_is_found_by_id_or_email_oldest_first(
    two_runs: UnitOfWorkFactory, query: str
) -> None:
    created, unchanged = an_outcome(), an_outcome(outcome=Outcome.UNCHANGED)
    other = an_outcome("2", email="grace@example.org", destination_id="102")
    async with committing(two_runs) as unit:
        await unit.outcomes.add(RUN, [other, created])
        await unit.outcomes.add(RunId("run2"), [unchanged])
    async with two_runs.read() as unit:
        first, second = await unit.outcomes.history(MAPPING, query)
    assert first.position < second.position
    assert [replace(entry, position=0) for entry in (first, second)] == [
        HistoryEntry(RUN, NOW, created),
        HistoryEntry(RunId("run2"), NOW + timedelta(minutes=1), unchanged),
    ]


async def test_the_history_excludes_other_mappings(two_runs: UnitOfWorkFactory) -> None:
    other = a_mapping(2, "s2", "g2")
    await store(two_runs, other, a_run(3, other.id))
    async with committing(two_runs) as unit:
        await unit.outcomes.add(RunId("run3"), [an_outcome()])
    async with two_runs.read() as unit:
        assert await unit.outcomes.history(MAPPING, "1") == []
        assert len(await unit.outcomes.history(other.id, "1")) == 1
        assert await unit.outcomes.history(MappingId("none"), "1") == []


async def test_an_email_of_ten_thousand_characters_is_found_in_the_history(
    two_runs: UnitOfWorkFactory,
) -> None:
    email = f"{LONG}@example.org"
    async with committing(two_runs) as unit:
        await unit.outcomes.add(RUN, [an_outcome(email=email)])
    async with two_runs.read() as unit:
        assert [entry.outcome for entry in await unit.outcomes.history(MAPPING, email)] == [
            an_outcome(email=email)
        ]


async def test_records_are_found_by_their_name_in_the_latest_run_that_has_one(
    two_runs: UnitOfWorkFactory,
) -> None:
    first, second = an_outcome("1"), an_outcome("2")
    named = [replace(each, record=replace(each.record, label="Été à Paris")) for each in (first, second)]
    other = replace(first, record=replace(first.record, label="Été à Paris, part 2"))
    async with committing(two_runs) as unit:
        await unit.outcomes.add(RUN, named)
        await unit.outcomes.add(RunId("run2"), [other])
    async with two_runs.read() as unit:
        assert await unit.outcomes.find_named(MAPPING, "ÉTÉ À PARIS", 2) == [each.record for each in named]
        assert await unit.outcomes.find_named(MAPPING, "Été à Paris", 1) == []
        assert await unit.outcomes.find_named(MAPPING, "Été à Paris, Part 2", 2) == [other.record]
        assert await unit.outcomes.find_named(MAPPING, "Paris", 2) == []
        assert await unit.outcomes.find_named(MappingId("none"), "Été à Paris", 2) == []
