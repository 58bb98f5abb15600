"""Pages of people, in every store."""

from dataclasses import replace
from typing import Any

import pytest

from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import ShareLink, SyncedRecord
from ports.store.results import PeoplePage
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import EVENT, ORGANIZATION, SAME_ADDRESS, a_record, committing

LINKS = (ShareLink("Speaker campaign", "https://gleanin.example/a"),)


def _person(
    source_id: str, label: str, kind: RecordKind = SPEAKER, *, linked: bool = False, email: str | None = None
) -> SyncedRecord:
    return replace(a_record(source_id, label=label, kind=kind), email=email, links=LINKS if linked else ())


EMILY = _person("1", "Émilie", linked=True)
ADA_2 = _person("2", "ada", email="Ada.LOVELACE@example.org")
ADA_10 = _person("10", "Ada")
STRASSE = _person("3", "Straße", email="B@STRASSE.example")
FIRM = _person("1", "Aardvark", EXHIBITOR_CONTACT, linked=True)
PEOPLE = [ADA_10, ADA_2, STRASSE, EMILY, FIRM]
"""In the expected order: speakers before exhibitors, then by label ignoring case, then by id."""


async def _people(units: UnitOfWorkFactory, **query: Any) -> PeoplePage:
    async with units.read() as unit:
        return await unit.synced.people(ORGANIZATION, EVENT, **query)


@pytest.fixture
async def with_people(mapped: UnitOfWorkFactory) -> UnitOfWorkFactory:
    async with committing(mapped) as unit:
        await unit.synced.save(ORGANIZATION, EVENT, [FIRM, EMILY, STRASSE, ADA_2, ADA_10])
        await unit.synced.save(ORGANIZATION, EVENT, [a_record("9", kind=SESSION)])
        await unit.synced.save(ORGANIZATION, DestinationEventId("g2"), [_person("7", "Elsewhere")])
    return mapped


async def test_people_are_sorted_by_kind_and_label_ignoring_case(with_people: UnitOfWorkFactory) -> None:
    assert await _people(with_people) == PeoplePage(PEOPLE, total=5, without_link=3)


async def test_there_are_no_people_where_none_was_synced(with_people: UnitOfWorkFactory) -> None:
    async with with_people.read() as unit:
        assert await unit.synced.people(OrganizationId("org2"), EVENT) == PeoplePage([], 0, 0)
        assert await unit.synced.people(ORGANIZATION, DestinationEventId("none")) == PeoplePage([], 0, 0)


async def test_people_are_paged_and_each_page_names_the_next(
    with_people: UnitOfWorkFactory,
) -> None:
    assert await _people(with_people, limit=2) == PeoplePage(PEOPLE[:2], 5, 3, next=2)
    assert await _people(with_people, limit=2, start=2) == PeoplePage(PEOPLE[2:4], 5, 3, next=4)
    assert await _people(with_people, limit=2, start=4) == PeoplePage(PEOPLE[4:], 5, 3, next=None)
    assert await _people(with_people, limit=5) == PeoplePage(PEOPLE, 5, 3, next=None)
    assert await _people(with_people, start=99) == PeoplePage([], 5, 3, next=None)


async def test_people_can_be_filtered_by_missing_link(with_people: UnitOfWorkFactory) -> None:
    assert await _people(with_people, missing=True) == PeoplePage([ADA_10, ADA_2, STRASSE], 3, 3)
    assert await _people(with_people, missing=True, limit=2) == PeoplePage([ADA_10, ADA_2], 3, 3, next=2)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ADA", [ADA_10, ADA_2]),
        ("lovelace@EXAMPLE", [ADA_2]),
        ("éMILIE", [EMILY]),
        ("E\u0301milie", [EMILY]),
        ("STRASSE", [STRASSE]),
        ("straße", [STRASSE]),
        ("b@strasse.example", [STRASSE]),
        ("aardvark", [FIRM]),
        ("10", [ADA_10]),
        (" 2 ", [ADA_2]),
        ("%", []),
        ("_", []),
        ("nobody", []),
    ],
)
async def test_people_are_searched_by_label_email_or_id_ignoring_case(
    with_people: UnitOfWorkFactory, search: str, found: list[SyncedRecord]
) -> None:
    assert await _people(with_people, search=search) == PeoplePage(found, len(found), 3)


async def test_a_search_can_be_limited_to_people_without_a_link(with_people: UnitOfWorkFactory) -> None:
    assert await _people(with_people, search="A", missing=True, limit=1, start=1) == PeoplePage(
        [ADA_2], 3, 3, next=2
    )


async def test_thousands_of_people_fit_in_one_page(mapped: UnitOfWorkFactory) -> None:
    people = [_person(str(number), f"Person {number:05}") for number in range(1_201)]
    async with committing(mapped) as unit:
        await unit.synced.save(ORGANIZATION, EVENT, people)
    assert await _people(mapped, limit=2_000) == PeoplePage(people, 1_201, 1_201)


async def test_equal_source_ids_of_two_kinds_are_kept_apart(mapped: UnitOfWorkFactory) -> None:
    both = [_person("1", "Speaker"), _person("1", "Exhibitor", EXHIBITOR_CONTACT, linked=True)]
    async with committing(mapped) as unit:
        await unit.synced.save(ORGANIZATION, EVENT, both)
        await unit.synced.save_links(ORGANIZATION, EVENT, SPEAKER, {SourceId("none"): LINKS})
    assert await _people(mapped) == PeoplePage(both, 2, 1)


@pytest.mark.parametrize("search", SAME_ADDRESS)
@pytest.mark.parametrize("email", ["ada@bücher.example", "ADA@xn--bcher-kva.example"])
async def test_rule_15_people_are_searched_by_any_form_of_an_email(
    mapped: UnitOfWorkFactory, email: str, search: str
) -> None:
    ada = _person("1", "Ada", email=email)
    async with committing(mapped) as unit:
        await unit.synced.save(ORGANIZATION, EVENT, [ada, _person("2", "Grace", email="grace@example.org")])
    assert await _people(mapped, search=search) == PeoplePage([ada], 1, 2)
