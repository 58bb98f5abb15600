"""Rule 38: what is told of the links that were written back, and by whom they were."""

import pytest

from adapters.memory.link_writer import CONTACTS
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.ids import SourceId
from core.domain.links.link_outcomes import LinkOutcome
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from core.usecases.links.order_link_field import FieldOrder
from core.usecases.links.queries import LinkOutcomesQuery, ListLatestLinks, ListLinkOutcomes, TakesLinks
from core.usecases.runs.get_status import GetStatus
from tests.support.harness import Harness
from tests.support.linked_event import FIELD, LinkedEvent, linked_event

BY = Actor("ada@example.org")


@pytest.fixture
async def event(harness: Harness) -> LinkedEvent:
    return await linked_event(harness)


async def log(event: LinkedEvent) -> list[AuditEntry]:
    async with event.harness.units.read() as unit:
        return [*await unit.audit.page(event.mapping.organization_id, None, 50)]


async def test_rule_38_an_order_is_audited_once(event: LinkedEvent) -> None:
    order = FieldOrder(event.mapping.id, "New")
    for _ in range(2):
        await event.harness.order_link_field(order, actor=BY)
    entries = [entry for entry in await log(event) if entry.action is Action.LINK_FIELD_ORDERED]
    assert [(entry.by, entry.what) for entry in entries] == [(BY.name, f"{event.mapping.label}: New")]


async def test_rule_38_an_order_tells_whether_the_field_is_new(event: LinkedEvent) -> None:
    order = FieldOrder(event.mapping.id, "New")
    fields = [await event.harness.order_link_field(order, actor=BY) for _ in range(2)]
    assert [field.is_new for field in fields] == [True, False]


async def test_rule_38_writing_by_hand_is_audited_with_the_number_of_links(event: LinkedEvent) -> None:
    await event.choose()
    await event.harness.write_links_back(event.mapping.id, actor=BY)
    entry = (await log(event))[0]
    assert (entry.by, entry.action) == (BY.name, Action.LINKS_WRITTEN_BACK)
    assert entry.what == f"{event.mapping.label}: 4 links"


async def test_rule_38_a_person_s_latest_link_is_told_by_kind_and_id(event: LinkedEvent) -> None:
    event.source.edit(CONTACTS, "bob", FIELD, "https://bob.example.org")
    await event.choose()
    await event.harness.write_links_back(event.mapping.id, actor=BY)
    latest = ListLatestLinks(event.harness.units)
    found = await latest(event.mapping.id, [SourceId("ada"), SourceId("bob"), SourceId("eve")])
    outcomes = {key: [result.outcome for result in results] for key, results in found.items()}
    assert outcomes == {
        (SPEAKER, "ada"): [LinkOutcome.WRITTEN],
        (SPEAKER, "bob"): [LinkOutcome.KEPT],
        (EXHIBITOR_CONTACT, "eve"): [LinkOutcome.WRITTEN],
    }
    await event.sync()
    found = await latest(event.mapping.id, [SourceId("ada")])
    assert [result.outcome for result in found[SPEAKER, SourceId("ada")]] == [LinkOutcome.UNCHANGED]


async def test_rule_38_a_run_s_links_are_paged_and_filtered(event: LinkedEvent) -> None:
    event.source.edit(CONTACTS, "bob", FIELD, "https://bob.example.org")
    await event.choose()
    run = await event.harness.sync(event.mapping)
    pages = ListLinkOutcomes(event.harness.units)
    first = await pages(LinkOutcomesQuery(run, limit=3))
    assert first.next is not None
    rest = await pages(LinkOutcomesQuery(run, start=first.next, limit=3))
    assert (len(first.items), len(rest.items), rest.next) == (3, 1, None)
    kept = await pages(LinkOutcomesQuery(run, only=[LinkOutcome.KEPT]))
    assert [result.source_id for result in kept.items] == ["bob"]
    found = await pages(LinkOutcomesQuery(run, search=first.items[0].label))
    assert first.items[0] in found.items


async def test_rule_38_the_status_counts_mappings_that_write_back(event: LinkedEvent) -> None:
    status = GetStatus(event.harness.units, event.harness.clock)
    before = [each.write_back for each in await status()]
    await event.choose()
    after = [each.write_back for each in await status()]
    assert (sum(before), sum(after)) == (0, 1)


def test_rule_38_whether_a_source_takes_links_is_known_without_asking_it(harness: Harness) -> None:
    assert TakesLinks(harness.link_writers)("sessionboard")
    harness.link_writers.homes_by_kind = {}
    assert not TakesLinks(harness.link_writers)("sessionboard")
