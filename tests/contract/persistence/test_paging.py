"""Pages of a run's outcomes and of a record's history, in every store."""

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
from tests.support.systems import SYSTEMS

RUN = RunId("run1")


def _outcome(
    source_id: str,
    label: str = "Grace",
    outcome: Outcome = Outcome.CREATED,
    kind: RecordKind = SPEAKER,
    email: str | None = None,
) -> RecordOutcome:
    recorded = an_outcome(source_id, outcome)
    return replace(recorded, record=replace(recorded.record, kind=kind, label=label, email=email))


OUTCOMES = [
    _outcome("9", "Keynote", Outcome.BLOCKED, SESSION),
    _outcome("3", "Émilie", Outcome.BLOCKED, email="E@STRASSE.example"),
    _outcome("7", "Straße", Outcome.SKIPPED),
    _outcome("Ab", "Keynote dinner", Outcome.CREATED, EXHIBITOR_CONTACT),
    _outcome("77", "Grace", Outcome.BLOCKED),
]


@pytest.fixture
async def recorded(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    await store(mapped, a_run(1).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS), a_run(2))
    async with committing(mapped) as unit:
        for between, outcome in enumerate(OUTCOMES):
            await unit.outcomes.add(RUN, [outcome])
            await unit.outcomes.add(RunId("run2"), [_outcome(f"between {between}")])
    return mapped


async def _page(units: UnitOfWorkFactory, run_id: RunId = RUN, **query: Any) -> Page[RecordOutcome]:
    async with units.read() as unit:
        return await unit.outcomes.page(run_id, **query)


async def _pages(units: UnitOfWorkFactory, limit: int, **query: Any) -> list[Sequence[RecordOutcome]]:
    """Read page after page to the end."""
    page = await _page(units, limit=limit, **query)
    pages = [page.items]
    while page.next is not None:
        page = await _page(units, limit=limit, start=page.next, **query)
        pages.append(page.items)
    return pages


async def test_rule_26_outcomes_are_paged_in_the_order_added(
    recorded: UnitOfWorkFactory,
) -> None:
    assert await _page(recorded) == Page(OUTCOMES)
    assert await _page(recorded, RunId("none")) == Page([])
    assert await _pages(recorded, 2) == [OUTCOMES[:2], OUTCOMES[2:4], OUTCOMES[4:]]
    assert await _pages(recorded, 5) == [OUTCOMES]
    assert await _pages(recorded, 4) == [OUTCOMES[:4], OUTCOMES[4:]]


async def test_outcomes_are_filtered_by_kind_and_outcome(recorded: UnitOfWorkFactory) -> None:
    keynote, emily, strasse, dinner, grace = OUTCOMES
    assert await _page(recorded, only={Outcome.BLOCKED, Outcome.SKIPPED}) == Page(
        [keynote, emily, strasse, grace]
    )
    assert await _page(recorded, kinds={SESSION, EXHIBITOR_CONTACT}) == Page([keynote, dinner])
    assert await _page(recorded, only={Outcome.BLOCKED}, kinds={SPEAKER}) == Page([emily, grace])
    assert await _page(recorded, only={Outcome.FAILED}) == Page([])
    assert await _pages(recorded, 1, only={Outcome.BLOCKED}) == [[keynote], [emily], [grace]]
    assert await _pages(recorded, 1, only={Outcome.BLOCKED}, kinds={SPEAKER}, search="E") == [
        [emily],
        [grace],
    ]


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
async def test_outcomes_are_searched_by_label_email_or_id_ignoring_case(
    recorded: UnitOfWorkFactory, search: str, found: list[int]
) -> None:
    assert await _page(recorded, search=search) == Page([OUTCOMES[number] for number in found])
    assert await _pages(recorded, 1, search=search) == ([[OUTCOMES[number]] for number in found] or [[]])


@pytest.mark.parametrize("search", SAME_ADDRESS)
@pytest.mark.parametrize("email", ["ada@bücher.example", "ADA@xn--bcher-kva.example"])
async def test_rule_15_outcomes_are_searched_by_any_form_of_an_email(
    mapped: UnitOfWorkFactory, email: str, search: str
) -> None:
    await store(mapped, a_run(1))
    ada = _outcome("1", "Ada", email=email)
    async with committing(mapped) as unit:
        await unit.outcomes.add(RUN, [ada, _outcome("2", "Grace", email="grace@example.org")])
    assert await _page(mapped, search=search) == Page([ada])


async def test_matches_far_down_among_thousands_are_paged(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_run(1))
    many = [_outcome(str(number), "Ada" if number % 600 == 599 else "Grace") for number in range(3_000)]
    async with committing(mapped) as unit:
        await unit.outcomes.add(RUN, many)
    matches = [many[number] for number in range(599, 3_000, 600)]
    assert await _pages(mapped, 2, search="ada") == [matches[:2], matches[2:4], matches[4:]]
    assert await _page(mapped, limit=5_000) == Page(many)
    assert [len(page) for page in await _pages(mapped, 900)] == [900, 900, 900, 300]


async def test_the_history_is_paged_from_the_newest_with_each_page_oldest_first(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"))
    for number in range(1, 6):
        await store(mapped, a_run(number).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS))
    async with committing(mapped) as unit:
        for number in (1, 2, 3, 5, 4):
            await unit.outcomes.add(RunId(f"run{number}"), [_outcome("other"), an_outcome()])

    async def page(**query: int) -> Sequence[HistoryEntry]:
        async with mapped.read() as unit:
            return await unit.outcomes.history(MAPPING, "1", **query)

    everything = await page()
    assert [entry.run_id for entry in everything] == ["run1", "run2", "run3", "run5", "run4"]
    assert [entry.position for entry in everything] == sorted({entry.position for entry in everything})
    newest = await page(limit=2)
    assert newest == everything[3:]
    assert await page(limit=2, before=newest[0].position) == everything[1:3]
    assert await page(limit=2, before=everything[1].position) == everything[:1]
    assert await page(before=everything[0].position) == []
    assert await page(before=everything[2].position) == everything[:2]
    assert await page(limit=99) == everything
