"""Rule 30: share links are read after the writes, stored with the person, and shown only if they are https."""

import pytest

from core.domain.records.kinds import EXHIBITORS, SPEAKER
from core.domain.records.synced_records import ShareLink, SyncedRecord
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.builders import exhibitor, member, on, person, primary, session
from tests.support.harness import Harness

ACME = exhibitor("acme", primary(person("eve")), member(person("max")))


async def synced(harness: Harness) -> EventMapping:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada")), on(person("bob"))), exhibitors=(ACME,))
    await harness.sync(mapping)
    return mapping


async def links(harness: Harness, mapping: EventMapping, *, missing: bool = False) -> dict[str, SyncedRecord]:
    found = await harness.list_share_links(mapping.id, missing=missing)
    return {person.source_id: person for person in found}


async def test_rule_30_links_created_immediately_are_stored_by_the_same_run(harness: Harness) -> None:
    mapping = await synced(harness)
    found = await links(harness, mapping)
    assert found.keys() == {"ada", "bob", "eve", "max"}
    ada = found["ada"]
    assert [link.url for link in ada.links] == [f"https://app.gleanin.com/share/speaker/{ada.destination_id}"]
    assert not await links(harness, mapping, missing=True)


async def test_rule_30_everyone_has_their_own_link(harness: Harness) -> None:
    mapping = await synced(harness)
    found = [link.url for each in (await links(harness, mapping)).values() for link in each.links]
    assert len(found) == len(set(found)) == 4


async def test_rule_30_links_that_come_later_are_stored_by_a_later_run_without_a_write(
    harness: Harness,
) -> None:
    harness.gleanin.links_after_reads = 3
    mapping = await synced(harness)
    assert (await links(harness, mapping, missing=True)).keys() == {"ada", "bob", "eve", "max"}
    written = len(harness.gleanin.writes)
    for _ in range(3):
        await harness.sync(mapping)
    assert not await links(harness, mapping, missing=True)
    assert len(harness.gleanin.writes) == written


async def test_rule_30_people_without_a_link_are_listed(harness: Harness) -> None:
    harness.gleanin.links_after_reads = None
    mapping = await synced(harness)
    harness.the(mapping, SPEAKER, "ada").links = (ShareLink("Speaker", "https://invt.io/ada"),)
    await harness.sync(mapping)
    assert (await links(harness, mapping, missing=True)).keys() == {"bob", "eve", "max"}
    assert (await links(harness, mapping))["ada"].links == (ShareLink("Speaker", "https://invt.io/ada"),)


@pytest.mark.parametrize(
    "url",
    ["http://app.gleanin.com/share/1", "javascript:alert(1)", "ftp://example.org", "https://", "", "share/1"],
)
async def test_rule_30_only_https_links_are_stored(harness: Harness, url: str) -> None:
    harness.gleanin.links_after_reads = None
    mapping = await synced(harness)
    good = ShareLink("Speaker", "https://invt.io/ada")
    harness.the(mapping, SPEAKER, "ada").links = (ShareLink("Bad", url), good)
    await harness.sync(mapping)
    assert (await links(harness, mapping))["ada"].links == (good,)


async def test_rule_30_changed_link_is_stored_and_survives_an_update_of_the_person(
    harness: Harness,
) -> None:
    mapping = await synced(harness)
    moved = (ShareLink("Speaker", "https://invt.io/moved"),)
    harness.the(mapping, SPEAKER, "ada").links = moved
    harness.offer(session("opening", on(person("ada", job_title="Countess")), on(person("bob"))))
    await harness.sync(mapping)
    assert (await links(harness, mapping))["ada"].links == moved


async def test_rule_30_links_of_foreign_contacts_are_not_stored(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.gleanin.add_record(mapping.events.destination_id, SPEAKER, {"email": "foreign@example.org"})
    harness.offer(session("opening", on(person("ada"))))
    await harness.sync(mapping)
    assert (await links(harness, mapping)).keys() == {"ada"}


async def test_rule_30_a_run_stores_the_links_of_its_scope(harness: Harness) -> None:
    harness.gleanin.links_after_reads = None
    mapping = await synced(harness)
    harness.gleanin.links_after_reads = 0
    await harness.sync(mapping, EXHIBITORS)
    assert (await links(harness, mapping, missing=True)).keys() == {"ada", "bob"}


async def test_rule_30_only_https_links_are_stored_by_a_run_that_writes(harness: Harness) -> None:
    harness.gleanin.links_after_reads = None
    mapping = await synced(harness)
    harness.the(mapping, SPEAKER, "ada").links = (ShareLink("Bad", "javascript:alert(1)"),)
    harness.offer(session("opening", on(person("ada", job_title="Countess")), on(person("bob"))))
    await harness.sync(mapping)
    assert (await links(harness, mapping))["ada"].links == ()


async def test_rule_30_links_of_a_person_deleted_in_gleanin_are_not_shown(
    harness: Harness,
) -> None:
    mapping = await synced(harness)
    harness.gleanin.delete_by_hand(harness.the(mapping, SPEAKER, "ada").id)
    harness.offer(session("opening", on(person("bob"))), exhibitors=(ACME,))
    await harness.sync(mapping)
    assert (await links(harness, mapping))["ada"].links == ()
