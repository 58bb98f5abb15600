"""Rules 30 and 31: a signed link opens the page of one person until it expires or is revoked."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.security.signer import ItsdangerousSigner
from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import LinkExpired, NotFound, NotMapped
from core.domain.ids import MappingId, SourceId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from core.domain.records.synced_records import ShareLink
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.portal_person import PersonQuery
from tests.support.access_harness import AccessHarness
from tests.support.builders import exhibitor, member, on, person, primary, session
from tests.support.harness import THERE, Harness

ACME = exhibitor("acme", primary(person("eve")), member(person("max")))
DAY = timedelta(days=1)


@pytest.fixture
async def mapping(harness: Harness) -> EventMapping:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada")), on(person("bob"))), exhibitors=(ACME,))
    await harness.sync(mapping)
    return mapping


def person_query(mapping: EventMapping, source_id: str = "ada", kind: str = SPEAKER.name) -> PersonQuery:
    return PersonQuery(mapping.id, kind, SourceId(source_id))


async def test_rule_31_link_opens_the_page_of_one_person(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    seen = {}
    for source_id, kind in (
        ("ada", SPEAKER),
        ("bob", SPEAKER),
        ("eve", EXHIBITOR_CONTACT),
        ("max", EXHIBITOR_CONTACT),
    ):
        page = await access_harness.open_portal(
            await access_harness.create_portal_link(
                person_query(mapping, source_id, kind.name), actor=COMMAND_LINE
            )
        )
        assert (page.kind, page.event) == (kind, "PyConf")
        assert source_id.title() in page.name
        seen[source_id] = [link.url for link in page.links]
        assert seen[source_id] == [
            f"https://app.gleanin.com/share/{kind.name}/{harness.the(mapping, kind, source_id).id}"
        ]
    assert len({url for urls in seen.values() for url in urls}) == 4, "and shows no other person's links"


async def test_rule_31_changed_link_is_rejected(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    ada, bob = [
        await access_harness.create_portal_link(person_query(mapping, source_id), actor=COMMAND_LINE)
        for source_id in ("ada", "bob")
    ]
    claims = json.dumps([mapping.organization_id, THERE, SPEAKER.name, "bob"])
    now = harness.clock.now()
    foreign = ItsdangerousSigner(["another key"])
    changed = [
        ada[:spot] + ("A" if ada[spot] != "A" else "B") + ada[spot + 1 :] for spot in range(len(ada) - 1)
    ]
    mixed = bob.rpartition(".")[0] + "." + ada.rpartition(".")[2]
    for wrong in (
        *changed,
        mixed,
        "",
        ".",
        "nothing",
        "\ud800",
        "x" * 100_000,
        claims,
        access_harness.signer.sign("sign-up", claims, now),
        access_harness.signer.sign("sign-in", claims, now),
        foreign.sign("portal", claims, now),
    ):
        with pytest.raises(LinkExpired):
            await access_harness.open_portal(wrong)
    assert (await access_harness.open_portal(access_harness.signer.sign("portal", claims, now))).links, (
        "only the key is missing"
    )


async def test_rule_31_link_expires_after_ninety_days(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    address = await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
    harness.clock.advance(90 * DAY - timedelta(seconds=1))
    assert (await access_harness.open_portal(address)).links
    harness.clock.advance(timedelta(seconds=1))
    with pytest.raises(LinkExpired, match="Ask the organizer"):
        await access_harness.open_portal(address)


async def test_rule_31_revoked_links_are_rejected_and_later_ones_work(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    first, second = [
        await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE) for _ in range(2)
    ]
    bobs = await access_harness.create_portal_link(person_query(mapping, "bob"), actor=COMMAND_LINE)
    await access_harness.revoke_portal_links(person_query(mapping), actor=COMMAND_LINE)
    for address in (first, second):
        with pytest.raises(LinkExpired):
            await access_harness.open_portal(address)
    assert (await access_harness.open_portal(bobs)).links
    harness.clock.advance(timedelta(milliseconds=1))
    later = await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
    assert (await access_harness.open_portal(later)).links
    await access_harness.revoke_portal_links(person_query(mapping), actor=COMMAND_LINE)
    with pytest.raises(LinkExpired):
        await access_harness.open_portal(later)


@pytest.mark.parametrize(
    ("source_id", "kind"),
    [
        ("nobody", SPEAKER.name),
        ("ada", EXHIBITOR_CONTACT.name),
        ("opening", SPEAKER.name),
        ("opening", "session"),
        ("ada", ""),
        ("ada", "\0"),
        ("\0", SPEAKER.name),
        ("\ud800", SPEAKER.name),
        ("x" * 100_000, SPEAKER.name),
    ],
)
async def test_rule_31_only_synced_people_have_a_page(
    access_harness: AccessHarness, mapping: EventMapping, source_id: str, kind: str
) -> None:
    unknown = person_query(mapping, source_id, kind)
    with pytest.raises(NotFound):
        await access_harness.create_portal_link(unknown, actor=COMMAND_LINE)
    with pytest.raises(NotFound):
        await access_harness.revoke_portal_links(unknown, actor=COMMAND_LINE)
    with pytest.raises(NotFound):
        await access_harness.create_portal_link(
            replace(person_query(mapping), mapping_id=MappingId("nothing")), actor=COMMAND_LINE
        )


async def test_rule_31_link_of_an_unknown_person_is_rejected(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    for claims in (
        [mapping.organization_id, THERE, SPEAKER.name, "nobody"],
        ["nobody", THERE, SPEAKER.name, "ada"],
    ):
        with pytest.raises(LinkExpired):
            await access_harness.open_portal(
                access_harness.signer.sign("portal", json.dumps(claims), harness.clock.now())
            )


async def test_rule_31_link_is_rejected_once_the_organization_is_removed(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    address = await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
    await harness.disconnect(mapping.organization_id, "Acme")
    assert (await access_harness.open_portal(address)).links, (
        "Gleanin's links keep working after a disconnect"
    )
    await harness.remove_organization(mapping.organization_id, "Acme")
    with pytest.raises(LinkExpired):
        await access_harness.open_portal(address)


async def test_rule_31_link_outlives_its_mapping(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    address = await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
    await harness.remove_mapping(mapping.id)
    assert (await access_harness.open_portal(address)).links


async def test_rule_31_links_of_an_ended_mapping_can_be_revoked_and_not_created(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    address = await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
    await harness.disconnect(mapping.organization_id, "Acme")
    with pytest.raises(NotMapped):
        await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
    await access_harness.revoke_portal_links(person_query(mapping), actor=COMMAND_LINE)
    with pytest.raises(LinkExpired):
        await access_harness.open_portal(address)


async def test_rule_30_page_shows_only_current_https_links(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    address = await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
    good = ShareLink("Speaker", "https://invt.io/ada")
    bad = [ShareLink("Bad", url) for url in ("http://invt.io/ada", "javascript:alert(1)", "", "https://")]
    links = {SourceId("ada"): (*bad, good)}
    async with harness.committing() as unit:
        await unit.synced.save_links(mapping.organization_id, THERE, SPEAKER, links)
    assert (await access_harness.open_portal(address)).links == (good,)


async def test_rule_30_person_without_a_link_has_a_page_without_one(
    harness: Harness, access_harness: AccessHarness
) -> None:
    harness.gleanin.links_after_reads = None
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))))
    await harness.sync(mapping)
    assert (
        await access_harness.open_portal(
            await access_harness.create_portal_link(person_query(mapping), actor=COMMAND_LINE)
        )
    ).links == ()
