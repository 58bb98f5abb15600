"""Links written back into the source, in every store (rule 38)."""

from dataclasses import replace
from datetime import timedelta

from core.domain.ids import RunId, SourceEventId, SourceId
from core.domain.links.link_homes import HolderType, LinkSettings
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult
from core.domain.links.write_back import LinkedPerson, WrittenLink
from core.domain.links.write_quota import PastWrite, WriteQuota
from core.domain.records.kinds import EXHIBITOR_CONTACT, KINDS, SPEAKER, RecordKind
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import ShareLink
from ports.store.links import LinkPlace
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.store_samples import (
    EVENT,
    LONG,
    MAPPING,
    NOW,
    ORGANIZATION,
    OTHER,
    a_mapping,
    a_record,
    a_run,
    committing,
    store,
)

CONTACTS, COMPANIES = HolderType("contacts"), HolderType("companies")
PLACE = LinkPlace(ORGANIZATION, "https://source.example.org", a_mapping().events.source_id, CONTACTS, "link")
ADA, BOB = SourceId("ada"), SourceId("bob")
URL = "https://invt.io/1"
REASON = Reason("link_new", "Written.", "A detail.")


def written(record_id: SourceId = ADA, value: str = "", pending: str = URL) -> WrittenLink:
    return WrittenLink(CONTACTS, record_id, value, pending, NOW)


def a_result(
    name: str = "ada",
    outcome: LinkOutcome = LinkOutcome.WRITTEN,
    kind: RecordKind = SPEAKER,
    holder: HolderType = CONTACTS,
) -> LinkResult:
    return LinkResult(kind, SourceId(name), f"{name.title()} L", holder, outcome, REASON, URL)


async def test_rule_38_what_was_written_is_found_again(mapped: UnitOfWorkFactory) -> None:
    long = SourceId(LONG[:255])
    async with committing(mapped) as unit:
        await unit.written_links.save(PLACE, [written(), written(long, "https://old.example.org")])
        await unit.written_links.save(PLACE, [])
    async with mapped.read() as unit:
        found = await unit.written_links.find(PLACE, [ADA, long, BOB])
        assert not await unit.written_links.find(PLACE, [])
        for other in (
            replace(PLACE, organization_id=OTHER),
            replace(PLACE, source_url="https://eu.example.org"),
            replace(PLACE, event_id=SourceEventId("other")),
            replace(PLACE, holder=COMPANIES),
            replace(PLACE, field="other"),
        ):
            assert not await unit.written_links.find(other, [ADA])
    assert found == {ADA: written(), long: written(long, "https://old.example.org")}
    async with committing(mapped) as unit:
        await unit.written_links.save(PLACE, [written().arrived()])
    async with mapped.read() as unit:
        assert (await unit.written_links.find(PLACE, [ADA]))[ADA].value == URL


async def test_rule_38_the_echo_of_a_write_is_taken_once(mapped: UnitOfWorkFactory) -> None:
    async def take(record: SourceId = ADA, holder: HolderType = CONTACTS, held: str = URL) -> bool:
        async with committing(mapped) as unit:
            since = NOW - timedelta(minutes=1)
            values = {"link": held, "other": "something"}
            return await unit.written_links.take_echo(ORGANIZATION, holder, record, values, since)

    assert not await take()
    async with committing(mapped) as unit:
        await unit.written_links.save(PLACE, [written()])
        await unit.written_links.save(PLACE, [written().arrived()])
    assert not await take(BOB)
    assert not await take(holder=COMPANIES)
    assert not await take(held="https://elsewhere.example.org")
    assert not await take(held="")
    assert await take()
    assert not await take(), "a second one tells of something else"
    async with committing(mapped) as unit:
        await unit.written_links.save(PLACE, [replace(written(), written_at=NOW - timedelta(hours=1))])
    assert not await take(), "it is too old"


async def test_rule_38_results_are_counted_listed_and_searched_by_run(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1))
    one, two, three = (
        a_result("ada"),
        a_result("bob", LinkOutcome.KEPT),
        a_result("acme", LinkOutcome.FAILED, EXHIBITOR_CONTACT, COMPANIES),
    )
    async with committing(mapped) as unit:
        await unit.link_outcomes.add(MAPPING, RunId("run1"), [one, two, three])
    async with mapped.read() as unit:
        assert await unit.link_outcomes.counts(RunId("run1")) == LinkCounts(
            {LinkOutcome.WRITTEN: 1, LinkOutcome.KEPT: 1, LinkOutcome.FAILED: 1}
        )
        assert not await unit.link_outcomes.counts(RunId("run2"))
        first = await unit.link_outcomes.page(RunId("run1"), limit=2)
        rest = await unit.link_outcomes.page(RunId("run1"), start=present(first.next), limit=2)
        assert ([*first.items], [*rest.items], rest.next) == ([one, two], [three], None)
        kept = await unit.link_outcomes.page(RunId("run1"), only=[LinkOutcome.KEPT])
        assert [*kept.items] == [two]
        for search in ("BOB l", "bob"):
            found = await unit.link_outcomes.page(RunId("run1"), search=search)
            assert [*found.items] == [two]


async def test_rule_38_the_latest_result_of_each_link_is_found(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1))
    company = a_result("ada", LinkOutcome.KEPT, holder=COMPANIES)
    async with committing(mapped) as unit:
        await unit.link_outcomes.add(MAPPING, RunId("run1"), [a_result(), company, a_result("bob")])
        await unit.link_outcomes.replace_latest(MAPPING, [a_result("ada", LinkOutcome.FAILED)])
        await unit.link_outcomes.replace_latest(MAPPING, [a_result("ada", LinkOutcome.UNCHANGED)])
    async with mapped.read() as unit:
        latest = await unit.link_outcomes.latest(MAPPING, [ADA])
        assert not await unit.link_outcomes.latest(MAPPING, [])
    assert latest.keys() == {(SPEAKER, ADA)}
    assert {result.outcome for result in latest[SPEAKER, ADA]} == {LinkOutcome.UNCHANGED, LinkOutcome.KEPT}


async def test_rule_38_results_are_deleted_with_their_run_in_limited_steps(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_run(1))
    async with committing(mapped) as unit:
        await unit.link_outcomes.add(MAPPING, RunId("run1"), [a_result("ada"), a_result("bob")])
    deleted: list[int] = []
    while not deleted or deleted[-1]:
        async with committing(mapped) as unit:
            deleted.append(await unit.runs.remove([RunId("run1")], 1))
    async with mapped.read() as unit:
        assert not await unit.link_outcomes.counts(RunId("run1"))
        assert await unit.runs.get(RunId("run1")) is None


async def test_rule_38_results_of_an_uninstalled_kind_read_back_under_its_name(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_run(1))
    async with committing(mapped) as unit:
        await unit.link_outcomes.add(MAPPING, RunId("run1"), [a_result(kind=KINDS.named("gone_kind"))])
    async with mapped.read() as unit:
        page = await unit.link_outcomes.page(RunId("run1"))
    assert [result.kind.name for result in page.items] == ["gone_kind"]


async def test_rule_38_a_tokens_quota_is_kept(mapped: UnitOfWorkFactory) -> None:
    quota = WriteQuota((PastWrite(NOW, CONTACTS, 100), PastWrite(NOW, COMPANIES, 3)), NOW)
    async with committing(mapped) as unit:
        assert await unit.write_quotas.get("digest") == WriteQuota()
        await unit.write_quotas.save("digest", quota)
    async with mapped.read() as unit:
        assert await unit.write_quotas.get("digest") == quota
        assert await unit.write_quotas.get("other") == WriteQuota()
    async with committing(mapped) as unit:
        await unit.write_quotas.save("digest", WriteQuota())
    async with mapped.read() as unit:
        assert await unit.write_quotas.get("digest") == WriteQuota()


async def test_rule_38_an_order_is_kept_until_it_is_removed(mapped: UnitOfWorkFactory) -> None:
    async with committing(mapped) as unit:
        await unit.field_orders.add(PLACE, NOW - timedelta(hours=1))
        await unit.field_orders.add(PLACE, NOW)
    async with mapped.read() as unit:
        assert await unit.field_orders.get(PLACE) == NOW
        assert await unit.field_orders.get(replace(PLACE, field="other")) is None
    async with committing(mapped) as unit:
        await unit.field_orders.remove(PLACE)
    async with mapped.read() as unit:
        assert await unit.field_orders.get(PLACE) is None


async def test_rule_38_people_with_links_are_listed_with_their_campaigns(mapped: UnitOfWorkFactory) -> None:
    links = (ShareLink("Early", URL, "11411"), ShareLink("Late", "https://invt.io/2"))
    with_links = replace(a_record(), source_id=ADA, label="Ada")
    async with committing(mapped) as unit:
        await unit.synced.save(ORGANIZATION, EVENT, [with_links, replace(with_links, source_id=BOB)])
        await unit.synced.save_links(ORGANIZATION, EVENT, with_links.kind, {ADA: links})
    async with mapped.read() as unit:
        people = await unit.synced.list_linked(ORGANIZATION, EVENT, with_links.kind)
        (stored,) = (await unit.synced.find(ORGANIZATION, EVENT, with_links.kind, [ADA])).values()
    assert [*people] == [LinkedPerson(ADA, "Ada", links)]
    assert stored.links == links


async def test_rule_38_a_mapping_and_a_run_keep_what_they_have_of_links(mapped: UnitOfWorkFactory) -> None:
    mapping = a_mapping()
    settings = replace(mapping.settings, links=LinkSettings("link", "company_link", "11411"))
    counts = LinkCounts({LinkOutcome.WRITTEN: 2, LinkOutcome.FAILED: 1})
    await store(mapped, a_run(1))
    async with committing(mapped) as unit:
        await unit.mappings.update(replace(mapping, settings=settings))
        await unit.runs.update(replace(a_run(1), links=counts))
    async with mapped.read() as unit:
        assert present(await unit.mappings.get(mapping.id)).settings.links == settings.links
        assert present(await unit.runs.get(RunId("run1"))).links == counts
