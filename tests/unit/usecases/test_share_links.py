"""Rule 30: share links are read after the writes, stored with the person, and shown only if they are https."""

import pytest

from core.domain.records.kinds import SPEAKER, Scope
from core.domain.records.synced_records import ShareLink, SyncedRecord
from core.domain.tenancy.event_mappings import EventMapping
from tests.unit.domain.builders import exhibitor, member, on, person, primary, session
from tests.unit.usecases.stage import Stage

ACME = exhibitor("acme", primary(person("eve")), member(person("max")))


async def synced(stage: Stage) -> EventMapping:
    mapping = await stage.mapping()
    stage.offer(session("opening", on(person("ada")), on(person("bob"))), exhibitors=(ACME,))
    await stage.sync(mapping)
    return mapping


async def links(stage: Stage, mapping: EventMapping, *, missing: bool = False) -> dict[str, SyncedRecord]:
    found = await stage.list_share_links(mapping.id, missing=missing)
    return {person.source_id: person for person in found}


async def test_rule_30_links_made_at_once_are_stored_with_the_same_run(stage: Stage) -> None:
    mapping = await synced(stage)
    found = await links(stage, mapping)
    assert found.keys() == {"ada", "bob", "eve", "max"}
    ada = found["ada"]
    assert [link.url for link in ada.links] == [f"https://app.gleanin.com/share/speaker/{ada.gleanin_id}"]
    assert not await links(stage, mapping, missing=True)


async def test_rule_30_everybody_has_an_own_link(stage: Stage) -> None:
    mapping = await synced(stage)
    found = [link.url for each in (await links(stage, mapping)).values() for link in each.links]
    assert len(found) == len(set(found)) == 4


async def test_rule_30_links_that_come_later_are_stored_by_a_later_run_without_a_write(stage: Stage) -> None:
    stage.gleanin.links_after_reads = 3
    mapping = await synced(stage)
    assert (await links(stage, mapping, missing=True)).keys() == {"ada", "bob", "eve", "max"}
    written = len(stage.gleanin.writes)
    for _ in range(3):
        await stage.sync(mapping)
    assert not await links(stage, mapping, missing=True)
    assert len(stage.gleanin.writes) == written


async def test_rule_30_who_has_no_link_yet_is_listed(stage: Stage) -> None:
    stage.gleanin.links_after_reads = None
    mapping = await synced(stage)
    stage.the(mapping, SPEAKER, "ada").links = (ShareLink("Speaker", "https://invt.io/ada"),)
    await stage.sync(mapping)
    assert (await links(stage, mapping, missing=True)).keys() == {"bob", "eve", "max"}
    assert (await links(stage, mapping))["ada"].links == (ShareLink("Speaker", "https://invt.io/ada"),)


@pytest.mark.parametrize(
    "url",
    ["http://app.gleanin.com/share/1", "javascript:alert(1)", "ftp://example.org", "https://", "", "share/1"],
)
async def test_rule_30_only_https_links_are_kept(stage: Stage, url: str) -> None:
    stage.gleanin.links_after_reads = None
    mapping = await synced(stage)
    good = ShareLink("Speaker", "https://invt.io/ada")
    stage.the(mapping, SPEAKER, "ada").links = (ShareLink("Bad", url), good)
    await stage.sync(mapping)
    assert (await links(stage, mapping))["ada"].links == (good,)


async def test_rule_30_a_changed_link_is_stored_and_links_outlive_an_update_of_the_person(
    stage: Stage,
) -> None:
    mapping = await synced(stage)
    moved = (ShareLink("Speaker", "https://invt.io/moved"),)
    stage.the(mapping, SPEAKER, "ada").links = moved
    stage.offer(session("opening", on(person("ada", job_title="Countess")), on(person("bob"))))
    await stage.sync(mapping)
    assert (await links(stage, mapping))["ada"].links == moved


async def test_rule_30_links_of_contacts_that_are_not_ours_are_not_stored(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.gleanin.add_record(mapping.events.gleanin_id, SPEAKER, {"email": "foreign@example.org"})
    stage.offer(session("opening", on(person("ada"))))
    await stage.sync(mapping)
    assert (await links(stage, mapping)).keys() == {"ada"}


async def test_rule_30_a_run_stores_the_links_of_its_scope(stage: Stage) -> None:
    stage.gleanin.links_after_reads = None
    mapping = await synced(stage)
    stage.gleanin.links_after_reads = 0
    await stage.sync(mapping, Scope.EXHIBITORS)
    assert (await links(stage, mapping, missing=True)).keys() == {"ada", "bob"}


async def test_rule_30_only_https_links_are_kept_by_a_run_that_writes_too(stage: Stage) -> None:
    stage.gleanin.links_after_reads = None
    mapping = await synced(stage)
    stage.the(mapping, SPEAKER, "ada").links = (ShareLink("Bad", "javascript:alert(1)"),)
    stage.offer(session("opening", on(person("ada", job_title="Countess")), on(person("bob"))))
    await stage.sync(mapping)
    assert (await links(stage, mapping))["ada"].links == ()


async def test_rule_30_links_of_somebody_who_was_deleted_in_gleanin_are_shown_no_more(stage: Stage) -> None:
    mapping = await synced(stage)
    stage.gleanin.delete_by_hand(stage.the(mapping, SPEAKER, "ada").id)
    stage.offer(session("opening", on(person("bob"))), exhibitors=(ACME,))
    await stage.sync(mapping)
    assert (await links(stage, mapping))["ada"].links == ()
