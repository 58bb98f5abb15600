"""A run's outcomes and a record's history in parts, wherever they are kept."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from core.domain.ids import RunId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.records.outcomes import Counts, Outcome, RecordOutcome
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from ports.store.pages import Page
from ports.store.results import HistoryEntry
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    MAPPING,
    NOW,
    SAME_ADDRESS,
    a_mapping,
    a_run,
    an_outcome,
    committing,
    store,
)

RUN = RunId("run1")


def _told(
    source_id: str,
    label: str = "Grace",
    outcome: Outcome = Outcome.CREATED,
    kind: RecordKind = SPEAKER,
    email: str | None = None,
) -> RecordOutcome:
    told = an_outcome(source_id, outcome)
    return replace(told, record=replace(told.record, kind=kind, label=label, email=email))


HANDLED_ERRORS = [
    _told("9", "Keynote", Outcome.BLOCKED, SESSION),
    _told("3", "Émilie", Outcome.BLOCKED, email="E@STRASSE.example"),
    _told("7", "Straße", Outcome.SKIPPED),
    _told("Ab", "Keynote dinner", Outcome.CREATED, EXHIBITOR_CONTACT),
    _told("77", "Grace", Outcome.BLOCKED),
]


@pytest.fixture
async def told(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    await store(mapped, a_run(1).stopped(LEASE_EXPIRED, NOW, Counts()), a_run(2))
    async with committing(mapped) as unit:
        for between, outcome in enumerate(HANDLED_ERRORS):
            await unit.outcomes.add(RUN, [outcome])
            await unit.outcomes.add(RunId("run2"), [_told(f"between {between}")])
    return mapped


async def _page(units: UnitOfWorkFactory, run_id: RunId = RUN, **asked: Any) -> Page[RecordOutcome]:
    async with units.read() as unit:
        return await unit.outcomes.page(run_id, **asked)


async def _parts(units: UnitOfWorkFactory, limit: int, **asked: Any) -> list[Sequence[RecordOutcome]]:
    """Read part after part to the end."""
    page = await _page(units, limit=limit, **asked)
    parts = [page.items]
    while page.next is not None:
        page = await _page(units, limit=limit, start=page.next, **asked)
        parts.append(page.items)
    return parts


async def test_rule_26_outcomes_come_in_parts_in_the_order_in_which_they_were_added(
    told: UnitOfWorkFactory,
) -> None:
    assert await _page(told) == Page(HANDLED_ERRORS)
    assert await _page(told, RunId("none")) == Page([])
    assert await _parts(told, 2) == [HANDLED_ERRORS[:2], HANDLED_ERRORS[2:4], HANDLED_ERRORS[4:]]
    assert await _parts(told, 5) == [HANDLED_ERRORS]
    assert await _parts(told, 4) == [HANDLED_ERRORS[:4], HANDLED_ERRORS[4:]]


async def test_outcomes_of_some_kinds_and_some_sorts_can_be_asked_for(told: UnitOfWorkFactory) -> None:
    keynote, emily, strasse, dinner, grace = HANDLED_ERRORS
    assert await _page(told, only={Outcome.BLOCKED, Outcome.SKIPPED}) == Page(
        [keynote, emily, strasse, grace]
    )
    assert await _page(told, kinds={SESSION, EXHIBITOR_CONTACT}) == Page([keynote, dinner])
    assert await _page(told, only={Outcome.BLOCKED}, kinds={SPEAKER}) == Page([emily, grace])
    assert await _page(told, only={Outcome.FAILED}) == Page([])
    assert await _parts(told, 1, only={Outcome.BLOCKED}) == [[keynote], [emily], [grace]]
    assert await _parts(told, 1, only={Outcome.BLOCKED}, kinds={SPEAKER}, search="E") == [[emily], [grace]]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("KEYNOTE", [0, 3]),
        ("émilie", [1]),
        ("strasse", [1, 2]),
        ("STRASSE.EX", [1]),
        ("7", [2]),
        ("Ab", [3]),
        ("ab", []),
        ("%", []),
        ("nothing", []),
    ],
)
async def test_outcomes_are_searched_by_label_and_email_whatever_its_case_or_by_id(
    told: UnitOfWorkFactory, search: str, found: list[int]
) -> None:
    assert await _page(told, search=search) == Page([HANDLED_ERRORS[number] for number in found])
    assert await _parts(told, 1, search=search) == ([[HANDLED_ERRORS[number]] for number in found] or [[]])


@pytest.mark.parametrize("search", SAME_ADDRESS)
@pytest.mark.parametrize("email", ["ada@bücher.example", "ADA@xn--bcher-kva.example"])
async def test_rule_15_outcomes_are_searched_by_an_email_whatever_its_form(
    mapped: UnitOfWorkFactory, email: str, search: str
) -> None:
    await store(mapped, a_run(1))
    ada = _told("1", "Ada", email=email)
    async with committing(mapped) as unit:
        await unit.outcomes.add(RUN, [ada, _told("2", "Grace", email="grace@example.org")])
    assert await _page(mapped, search=search) == Page([ada])


async def test_what_was_found_far_down_among_thousands_is_given_with_where_to_go_on(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_run(1))
    many = [_told(str(number), "Ada" if number % 600 == 599 else "Grace") for number in range(3_000)]
    async with committing(mapped) as unit:
        await unit.outcomes.add(RUN, many)
    sought = [many[number] for number in range(599, 3_000, 600)]
    assert await _parts(mapped, 2, search="ada") == [sought[:2], sought[2:4], sought[4:]]
    assert await _page(mapped, limit=5_000) == Page(many)
    assert [len(part) for part in await _parts(mapped, 900)] == [900, 900, 900, 300]


async def test_a_records_history_comes_in_parts_the_newest_first_and_each_oldest_first(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"))
    for number in range(1, 6):
        await store(mapped, a_run(number).stopped(LEASE_EXPIRED, NOW, Counts()))
    async with committing(mapped) as unit:
        for number in (1, 2, 3, 5, 4):
            await unit.outcomes.add(RunId(f"run{number}"), [_told("other"), an_outcome()])

    async def part(**asked: int) -> Sequence[HistoryEntry]:
        async with mapped.read() as unit:
            return await unit.outcomes.history(MAPPING, "1", **asked)

    everything = await part()
    assert [entry.run_id for entry in everything] == ["run1", "run2", "run3", "run5", "run4"]
    assert [entry.position for entry in everything] == sorted({entry.position for entry in everything})
    newest = await part(limit=2)
    assert newest == everything[3:]
    assert await part(limit=2, before=newest[0].position) == everything[1:3]
    assert await part(limit=2, before=everything[1].position) == everything[:1]
    assert await part(before=everything[0].position) == []
    assert await part(before=everything[2].position) == everything[:2]
    assert await part(limit=99) == everything
